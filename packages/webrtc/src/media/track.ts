import { Construction } from '../construction.ts';
import { domError } from '../errors.ts';
import { type AnyEventHandler, type EventHandler, TypedEventTarget } from '../events/event-target.ts';
import type { Feed, FeedTrack } from './feed.ts';

/** Events of a track. */
export interface MediaStreamTrackEventMap {
  ended: Event;
  mute: Event;
  unmute: Event;
}

/** What is known of the media of a track: what its source said. */
export interface MediaTrackSettings {
  width?: number;
  height?: number;
  frameRate?: number;
  sampleRate?: number;
  channelCount?: number;
  deviceId?: string;
  groupId?: string;
}

/** See `TrackInternals`. */
export let trackInternals: TrackInternals;

/**
 * A track (W3C Media Capture and Streams §4.3): audio or video that comes from a source. Kaon has no codecs and no devices:
 * tracks come from receivers, from a `FrameSource` or from an `RtpSource`.
 */
export class MediaStreamTrack extends TypedEventTarget<MediaStreamTrackEventMap> {
  readonly #init: TrackInit;
  readonly #id: string;
  /** This track, as its feed sees it. */
  readonly #shown: FeedTrack = {
    end: (silent) => this.#end(silent),
    setMuted: (muted) => this.#setMuted(muted),
  };
  #enabled = true;
  #muted: boolean;
  #ended = false;
  #contentHint = '';
  #constraints: object = {};

  /** Tracks are made by their sources. */
  constructor() {
    super();
    this.#init = construction.take();
    this.#id = this.#init.id ?? globalThis.crypto.randomUUID();
    this.#muted = this.#init.muted ?? false;
    if (this.#init.ended) this.#ended = true;
    else this.#init.feed.open(this.#shown);
  }

  get kind(): 'audio' | 'video' {
    return this.#init.kind;
  }

  get id(): string {
    return this.#id;
  }

  get label(): string {
    return this.#init.label ?? '';
  }

  /** While false, nothing of the track is sent. */
  get enabled(): boolean {
    return this.#enabled;
  }

  set enabled(enabled: boolean) {
    if (Boolean(enabled) === this.#enabled) return;
    this.#enabled = Boolean(enabled);
    if (this.#enabled && this.kind === 'video' && !this.#ended) this.#init.feed.requestKeyFrame(undefined);
  }

  /** Whether the source gives nothing at present: a receiver's, before the first packet comes. */
  get muted(): boolean {
    return this.#muted;
  }

  get readyState(): 'live' | 'ended' {
    return this.#ended ? 'ended' : 'live';
  }

  /** What the media shows (W3C MediaStreamTrack Content Hints); values that do not suit the kind are ignored. */
  get contentHint(): string {
    return this.#contentHint;
  }

  set contentHint(hint: string) {
    const value = String(hint);
    if (CONTENT_HINTS[this.kind].includes(value)) this.#contentHint = value;
  }

  /** A track of its own with the same source. */
  clone(): MediaStreamTrack {
    const { kind, label, feed } = this.#init;
    const track = construction.make(MediaStreamTrack, { kind, label, feed, muted: this.#muted, ended: this.#ended });
    track.#enabled = this.#enabled;
    track.#contentHint = this.#contentHint;
    track.#constraints = this.#constraints;
    return track;
  }

  /** Ends the track, without an event. The source stops when it has no other track. */
  stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#init.feed.release(this.#shown);
  }

  /** Empty: there is no device whose settings could be chosen. */
  getCapabilities(): Record<string, never> {
    return {};
  }

  /** What `applyConstraints` was given last. */
  getConstraints(): object {
    return structuredClone(this.#constraints);
  }

  /** What the source says of its media. */
  getSettings(): MediaTrackSettings {
    return { ...this.#init.settings?.() };
  }

  /** Keeps the constraints, which change nothing. Rejects with OverconstrainedError-like OperationError when one is `exact`. */
  async applyConstraints(constraints: object = {}): Promise<void> {
    for (const [name, value] of Object.entries(constraints))
      if (typeof value === 'object' && value !== null && 'exact' in value)
        throw domError('OperationError', `the constraint ${name} cannot be met`);
    this.#constraints = structuredClone(constraints);
  }

  get onended(): AnyEventHandler {
    return this.handler('ended');
  }
  set onended(handler: EventHandler<this, Event>) {
    this.setHandler('ended', handler);
  }
  get onmute(): AnyEventHandler {
    return this.handler('mute');
  }
  set onmute(handler: EventHandler<this, Event>) {
    this.setHandler('mute', handler);
  }
  get onunmute(): AnyEventHandler {
    return this.handler('unmute');
  }
  set onunmute(handler: EventHandler<this, Event>) {
    this.setHandler('unmute', handler);
  }

  #end(silent: boolean): void {
    if (this.#ended) return;
    this.stop();
    if (!silent) this.dispatchEvent(new Event('ended'));
  }

  #setMuted(muted: boolean): void {
    if (this.#muted === muted || this.#ended) return;
    this.#muted = muted;
    this.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
  }

  static {
    trackInternals = {
      create: (init) => construction.make(MediaStreamTrack, init),
      feed: (track) => track.#init.feed,
      setMuted: (track, muted) => track.#init.feed.setMuted(muted),
    };
  }
}

/** What a source makes a track of. */
export interface TrackInit {
  readonly kind: 'audio' | 'video';
  /** Default: a random UUID. */
  readonly id?: string | undefined;
  readonly label?: string | undefined;
  readonly muted?: boolean | undefined;
  readonly ended?: boolean | undefined;
  readonly feed: Feed;
  readonly settings?: (() => MediaTrackSettings) | undefined;
}

/** What sources, senders and receivers may do with a track and nobody else. */
export interface TrackInternals {
  create(init: TrackInit): MediaStreamTrack;
  feed(track: MediaStreamTrack): Feed;
  /** Its source pauses or goes on: fires `mute` or `unmute` when that is new, also at its clones. */
  setMuted(track: MediaStreamTrack, muted: boolean): void;
}

const construction = new Construction<TrackInit>();

const CONTENT_HINTS = {
  audio: ['', 'speech', 'speech-recognition', 'music'],
  video: ['', 'motion', 'detail', 'text'],
};
