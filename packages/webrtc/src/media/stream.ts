import { type AnyEventHandler, type EventHandler, TypedEventTarget } from '../events/event-target.ts';
import type { RTCEventInit } from '../events/events.ts';
import type { MediaStreamTrack } from './track.ts';

/** Carries a track that was added to or removed from a stream (W3C Media Capture and Streams §4.2.3). */
export class MediaStreamTrackEvent extends Event {
  readonly track: MediaStreamTrack;

  constructor(type: string, init: RTCEventInit & { track: MediaStreamTrack }) {
    super(type, init);
    this.track = init.track;
  }
}

/** Events of a stream. They are fired for what the peer does, not for calls of the application. */
export interface MediaStreamEventMap {
  addtrack: MediaStreamTrackEvent;
  removetrack: MediaStreamTrackEvent;
}

/** See `StreamInternals`. */
export let streamInternals: StreamInternals;

/** A set of tracks that belong together (W3C Media Capture and Streams §4.2). */
export class MediaStream extends TypedEventTarget<MediaStreamEventMap> {
  #id: string = globalThis.crypto.randomUUID();
  readonly #tracks = new Set<MediaStreamTrack>();

  constructor(init?: MediaStream | readonly MediaStreamTrack[]) {
    super();
    const tracks = init === undefined ? [] : 'getTracks' in init ? init.getTracks() : init;
    for (const track of tracks) this.addTrack(track);
  }

  get id(): string {
    return this.#id;
  }

  /** Whether any track is live. */
  get active(): boolean {
    for (const { readyState } of this.#tracks) if (readyState === 'live') return true;
    return false;
  }

  getTracks(): MediaStreamTrack[] {
    return [...this.#tracks];
  }

  getAudioTracks(): MediaStreamTrackOf<'audio'>[] {
    return this.getTracks().filter((track) => isOf(track, 'audio'));
  }

  getVideoTracks(): MediaStreamTrackOf<'video'>[] {
    return this.getTracks().filter((track) => isOf(track, 'video'));
  }

  getTrackById(id: string): MediaStreamTrack | null {
    return this.getTracks().find((track) => track.id === id) ?? null;
  }

  addTrack(track: MediaStreamTrack): void {
    this.#tracks.add(track);
  }

  removeTrack(track: MediaStreamTrack): void {
    this.#tracks.delete(track);
  }

  /** A stream of its own with clones of the tracks. */
  clone(): MediaStream {
    return new MediaStream(this.getTracks().map((track) => track.clone()));
  }

  get onaddtrack(): AnyEventHandler {
    return this.handler('addtrack');
  }
  set onaddtrack(handler: EventHandler<this, MediaStreamTrackEvent>) {
    this.setHandler('addtrack', handler);
  }
  get onremovetrack(): AnyEventHandler {
    return this.handler('removetrack');
  }
  set onremovetrack(handler: EventHandler<this, MediaStreamTrackEvent>) {
    this.setHandler('removetrack', handler);
  }

  static {
    streamInternals = {
      create: (id) => {
        const stream = new MediaStream();
        stream.#id = id;
        return stream;
      },
      add: (stream, track) => {
        if (stream.#tracks.has(track)) return;
        stream.#tracks.add(track);
        stream.dispatchEvent(new MediaStreamTrackEvent('addtrack', { track }));
      },
      remove: (stream, track) => {
        if (stream.#tracks.delete(track)) stream.dispatchEvent(new MediaStreamTrackEvent('removetrack', { track }));
      },
    };
  }
}

/** A track of one kind, as lib.dom has them. */
export type MediaStreamTrackOf<Kind extends 'audio' | 'video'> = MediaStreamTrack & {
  readonly kind: Kind;
  clone(): MediaStreamTrackOf<Kind>;
};

function isOf<Kind extends 'audio' | 'video'>(track: MediaStreamTrack, kind: Kind): track is MediaStreamTrackOf<Kind> {
  return track.kind === kind;
}

/** What a connection may do with the streams of its peer and nobody else. */
export interface StreamInternals {
  /** A stream with the id of the peer's. */
  create(id: string): MediaStream;
  /** Adds a track; fires `addtrack`. */
  add(stream: MediaStream, track: MediaStreamTrack): void;
  /** Removes a track; fires `removetrack`. */
  remove(stream: MediaStream, track: MediaStreamTrack): void;
}
