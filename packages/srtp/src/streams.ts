import type { SrtpCounters } from './counters.ts';
import { SrtpError } from './errors.ts';
import { Stream } from './stream.ts';

/** Which way a stream goes. */
export type SrtpDirection = 'local' | 'remote';

/** How streams are kept. */
export interface StreamsOptions {
  readonly maxStreams: number;
  readonly replayWindow: number;
  readonly rtcpReplayWindow: number;
}

/** The streams of a session, by SSRC and direction: as many as are allowed, and no more. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #counters: SrtpCounters;
  readonly #local = new Map<number, Stream>();
  readonly #remote = new Map<number, Stream>();
  /** How far streams came that are sent no more: their key stream must not be used again. */
  readonly #retired = new Map<number, Progress>();
  /** The stream of the packet before, which often is that of the next. */
  #lastLocal: Stream | undefined = undefined;
  #lastRemote: Stream | undefined = undefined;
  #uses = 0;

  constructor(options: StreamsOptions, counters: SrtpCounters) {
    this.#options = options;
    this.#counters = counters;
  }

  /** A stream that there is already. */
  known(ssrc: number, direction: SrtpDirection): Stream | undefined {
    return (direction === 'local' ? this.#local : this.#remote).get(ssrc);
  }

  /** How many there are. */
  count(direction: SrtpDirection): number {
    return (direction === 'local' ? this.#local : this.#remote).size;
  }

  /** The stream that packets are sent on, made if there is none. Throws `SRTP_TOO_MANY_STREAMS`. */
  local(ssrc: number): Stream {
    const last = this.#lastLocal;
    if (last !== undefined && last.ssrc === ssrc) return last;
    const stream = this.#local.get(ssrc) ?? this.#newLocal(ssrc);
    this.touch(stream);
    this.#lastLocal = stream;
    return stream;
  }

  /** A stream that packets were sent on ends, for now at least. */
  retire(ssrc: number): void {
    const stream = this.#local.get(ssrc);
    if (stream === undefined) return;
    const { window, rtcpIndex, initialRollover } = stream;
    stream.dispose();
    this.#local.delete(ssrc);
    if (this.#lastLocal === stream) this.#lastLocal = undefined;
    this.#retired.set(ssrc, { newest: window.newest, rtcpIndex, initialRollover });
  }

  /** The stream that packets came on, if any was authentic. */
  remote(ssrc: number): Stream | undefined {
    const last = this.#lastRemote;
    if (last !== undefined && last.ssrc === ssrc) return last;
    const stream = this.#remote.get(ssrc);
    if (stream !== undefined) this.#lastRemote = stream;
    return stream;
  }

  /** Makes the stream that an authentic packet came on; the one unused for longest gives way when there are too many. */
  newRemote(ssrc: number): Stream {
    if (this.#remote.size >= this.#options.maxStreams) this.#forget(oldestOf(this.#remote));
    const stream = this.#make(ssrc);
    this.touch(stream);
    this.#remote.set(ssrc, stream);
    if (this.#local.has(ssrc)) this.#counters.ssrcCollisions++;
    return stream;
  }

  /** Notes that a stream is in use. */
  touch(stream: Stream): void {
    stream.lastUsed = ++this.#uses;
  }

  dispose(): void {
    for (const streams of [this.#local, this.#remote]) {
      for (const stream of streams.values()) stream.dispose();
      streams.clear();
    }
    this.#lastLocal = undefined;
    this.#lastRemote = undefined;
  }

  #newLocal(ssrc: number): Stream {
    const before = this.#retired.get(ssrc);
    if (this.#local.size >= this.#options.maxStreams) {
      if (before === undefined && this.#retired.size >= MAX_RETIRED) {
        throw new SrtpError('SRTP_TOO_MANY_STREAMS', `The session has sent more than ${MAX_RETIRED} streams.`);
      }
      this.retire(oldestOf(this.#local).ssrc);
    }
    const stream = this.#make(ssrc);
    if (before !== undefined) {
      this.#retired.delete(ssrc);
      if (before.newest >= 0) stream.window.resume(before.newest);
      stream.rtcpIndex = before.rtcpIndex;
      stream.initialRollover = before.initialRollover;
    }
    this.#local.set(ssrc, stream);
    if (this.#remote.has(ssrc)) this.#counters.ssrcCollisions++;
    return stream;
  }

  #make(ssrc: number): Stream {
    return new Stream(ssrc, this.#options.replayWindow, this.#options.rtcpReplayWindow);
  }

  #forget(stream: Stream): void {
    stream.dispose();
    this.#remote.delete(stream.ssrc);
    if (this.#lastRemote === stream) this.#lastRemote = undefined;
    this.#counters.streamsForgotten++;
  }
}

/** What must be known of a stream before anything more may be sent on it. */
interface Progress {
  readonly newest: number;
  readonly rtcpIndex: number;
  readonly initialRollover: number;
}

/** The stream unused for longest; there is one. */
function oldestOf(streams: ReadonlyMap<number, Stream>): Stream {
  let oldest: Stream | undefined;
  for (const stream of streams.values()) {
    if (oldest === undefined || stream.lastUsed < oldest.lastUsed) oldest = stream;
  }
  return oldest!;
}

/** Streams that have ended and are remembered: a few dozen bytes each. */
const MAX_RETIRED = 65_536;
