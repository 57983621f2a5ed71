import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import type { CodecParameters } from './negotiated.ts';

/** A codec as far as one has to be told from another. */
export type CodecName = Pick<CodecParameters, 'mimeType' | 'clockRate' | 'channels' | 'sdpFmtpLine'>;

/** One RTP stream of a source: all its packets have one SSRC. */
export interface FeedStream {
  /** Layer of a simulcast. */
  readonly rid: string | undefined;
  /** Codec of a payload type on its packets; undefined when it has none that may be forwarded. */
  codec(payloadType: number): CodecName | undefined;
  /** Id of a header extension on its packets, or -1. */
  extensionId(uri: string): number;
}

/** One frame of a source. */
export interface FeedFrame {
  readonly data: Uint8Array;
  /** In units of the codec's clock rate, 32 bits. */
  readonly timestamp: number;
  readonly keyFrame: boolean;
  readonly rid: string | undefined;
  /** Undefined: the first one that was negotiated. */
  readonly codec: CodecName | undefined;
  readonly metadata: unknown;
  /** Data of header extensions by URI, for those that were negotiated. */
  readonly extensions: Readonly<Record<string, Uint8Array>> | undefined;
}

/** What takes what a source gives: senders. Bytes are only lent. */
export interface FeedSink {
  frame(frame: FeedFrame): void;
  packet(packet: RtpPacketView, stream: FeedStream): void;
  /** What may be sent of a layer; undefined while nothing can be sent. */
  target(rid: string | undefined): FeedTarget | undefined;
}

/** What a source should make of a layer, or of all it has. */
export interface FeedTarget {
  /** bit/s that may be used; 0: none needs the layer. */
  readonly bitrate: number;
  /** Frames per second at most; undefined: no limit. */
  readonly maxFramerate: number | undefined;
  /** By how much width and height are to be divided; at least 1. */
  readonly scaleResolutionDownBy: number;
  /** W3C WebRTC-SVC; undefined: as the source likes. */
  readonly scalabilityMode: string | undefined;
}

/** A track, as its feed sees it. */
export interface FeedTrack {
  end(silent: boolean): void;
  setMuted(muted: boolean): void;
}

/** Where the media of a track (and of its clones) comes from. One feed has many sinks. */
export abstract class Feed {
  #sinks: readonly FeedSink[] = [];
  readonly #tracks = new Set<FeedTrack>();
  #muted = false;

  /** Layers by rid; empty without simulcast. */
  abstract readonly rids: readonly string[];

  /** A sink cannot go on without a key frame. */
  abstract requestKeyFrame(rid: string | undefined): void;

  /** What the sinks want of a layer may have changed. */
  abstract targetChanged(): void;

  get sinks(): readonly FeedSink[] {
    return this.#sinks;
  }

  /** Adds a sink and asks for the key frame that it begins with. */
  attach(sink: FeedSink): void {
    if (this.#sinks.includes(sink)) return;
    this.#sinks = [...this.#sinks, sink];
    this.sinksChanged();
  }

  detach(sink: FeedSink): void {
    if (!this.#sinks.includes(sink)) return;
    this.#sinks = this.#sinks.filter((one) => one !== sink);
    this.sinksChanged();
  }

  /** A track begins to show this feed. */
  open(track: FeedTrack): void {
    this.#tracks.add(track);
  }

  /** A track was stopped; the last one ends the feed. */
  release(track: FeedTrack): void {
    if (this.#tracks.delete(track) && this.#tracks.size === 0) this.abandoned();
  }

  /** The media is through: all tracks end, without an event if `silent`. */
  end(silent: boolean): void {
    for (const track of [...this.#tracks]) track.end(silent);
  }

  /** Whether nothing comes at present. */
  get muted(): boolean {
    return this.#muted;
  }

  /** The media pauses or goes on. */
  setMuted(muted: boolean): void {
    this.#muted = muted;
    for (const track of this.#tracks) track.setMuted(muted);
  }

  /** What the weakest of the sinks wants of a layer; undefined while none can send. */
  target(rid: string | undefined): FeedTarget | undefined {
    let weakest: FeedTarget | undefined;
    for (const sink of this.#sinks) {
      const target = sink.target(rid);
      if (target === undefined) continue;
      weakest =
        weakest === undefined
          ? target
          : {
              bitrate: Math.min(weakest.bitrate, target.bitrate),
              maxFramerate: lower(weakest.maxFramerate, target.maxFramerate),
              scaleResolutionDownBy: Math.max(weakest.scaleResolutionDownBy, target.scaleResolutionDownBy),
              scalabilityMode: weakest.scalabilityMode ?? target.scalabilityMode,
            };
    }
    return weakest;
  }

  /** The set of sinks is another one. */
  protected sinksChanged(): void {}

  /** Nobody shows this feed any more. */
  protected abandoned(): void {}
}

function lower(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
