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
    this.#lastLocal = stream;
    return stream;
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
    if (this.#remote.size >= this.#options.maxStreams) this.#forgetOne();
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
    const { maxStreams } = this.#options;
    // Forgetting one would let its key stream be used again.
    if (this.#local.size >= maxStreams) {
      throw new SrtpError('SRTP_TOO_MANY_STREAMS', `The session has ${maxStreams} sending streams already.`);
    }
    const stream = this.#make(ssrc);
    this.#local.set(ssrc, stream);
    if (this.#remote.has(ssrc)) this.#counters.ssrcCollisions++;
    return stream;
  }

  #make(ssrc: number): Stream {
    return new Stream(ssrc, this.#options.replayWindow, this.#options.rtcpReplayWindow);
  }

  #forgetOne(): void {
    let oldest: Stream | undefined;
    for (const stream of this.#remote.values()) {
      if (oldest === undefined || stream.lastUsed < oldest.lastUsed) oldest = stream;
    }
    if (oldest === undefined) return;
    oldest.dispose();
    this.#remote.delete(oldest.ssrc);
    if (this.#lastRemote === oldest) this.#lastRemote = undefined;
    this.#counters.streamsForgotten++;
  }
}
