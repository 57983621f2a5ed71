import type { Instant } from '@kaon/interface/core/v1';
import { before32, isMalformed } from '@kaon/wire';
import { CHUNK } from '../chunks/chunk.ts';
import { decodeReConfig, encodeReConfig, RESULT, type ReConfigParameter } from '../chunks/re-config.ts';
import { SctpError } from '../errors.ts';
import { HEADER_SIZE } from '../packet/header.ts';
import type { Context } from './context.ts';

type OutgoingReset = Extract<ReConfigParameter, { type: 'outgoing-reset' }>;

/**
 * Resetting streams (RFC 6525). The two directions know nothing of each other: our one request in flight and the
 * answers to the peer's requests never wait for one another, so both ends may reset at once.
 */
export class ReConfig {
  readonly #context: Context;
  /** When our request is sent again. */
  deadline: Instant = Number.POSITIVE_INFINITY;
  /** Sequence number of our next request; begins at our initial TSN (RFC 6525 §4.1). */
  #nextRequest = 0;
  #request: OutgoingReset | undefined = undefined;
  /** Streams that are to be reset once their messages are through. */
  readonly #waiting: Set<number> = new Set();
  /** Sequence number that the peer's next request must have. */
  #expected = 0;
  #lastResult: number = RESULT.NothingToDo;
  /** A reset of the peer's that waits for data on its way (RFC 6525 §5.2.2 E4). */
  #deferred: OutgoingReset | undefined = undefined;
  /** The last deferred reset that was carried out: its request may come again under a new number. */
  #carriedOut: OutgoingReset | undefined = undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** The association is up, or begins anew. */
  establish(now: Instant): void {
    this.#nextRequest = this.#context.localTsn;
    this.#expected = this.#context.peerTsn;
    this.#lastResult = RESULT.NothingToDo;
    this.#deferred = undefined;
    this.#carriedOut = undefined;
    if (this.#request !== undefined) for (const id of this.#request.streams) this.#waiting.add(id);
    this.#request = undefined;
    this.deadline = Number.POSITIVE_INFINITY;
    for (const id of this.#waiting) this.#context.sender.queue.stream(id).resetting = true;
    this.advance(now);
  }

  /** Wants our side of these streams reset. */
  reset(streams: readonly number[], now: Instant): void {
    for (const id of streams) {
      const stream = this.#context.sender.queue.stream(id);
      if (stream.resetting) continue;
      stream.resetting = true;
      this.#waiting.add(id);
    }
    this.advance(now);
  }

  /** Sends the next request once all data of some stream has arrived. Call it whenever something was acknowledged. */
  advance(now: Instant): void {
    if (this.#waiting.size === 0 || this.#request !== undefined) return;
    const context = this.#context;
    if (context.state === 'closed' || context.state === 'cookie-wait' || context.state === 'cookie-echoed') return;
    if (!context.features.reConfig) {
      const streams = [...this.#waiting];
      this.#waiting.clear();
      this.#refused(streams);
      return;
    }
    const { cumulative, next } = context.sender.outstanding;
    const most = (context.settings.maxPacketSize - HEADER_SIZE - REQUEST_OVERHEAD) >> 1;
    const ready: number[] = [];
    for (const id of this.#waiting) {
      const stream = context.sender.queue.stream(id);
      if (stream.queue.length > 0) continue;
      if (stream.lastTsn !== undefined && before32(cumulative, stream.lastTsn) && before32(stream.lastTsn, next))
        continue;
      ready.push(id);
      if (ready.length === most) break;
    }
    if (ready.length === 0) return;
    for (const id of ready) this.#waiting.delete(id);
    this.#request = {
      type: 'outgoing-reset',
      request: this.#nextRequest,
      response: (this.#expected - 1) >>> 0,
      // All data of these streams has arrived: the peer need not wait for what others have on the way.
      lastTsn: cumulative,
      streams: ready,
    };
    this.#nextRequest = (this.#nextRequest + 1) >>> 0;
    this.#sendRequest(now);
  }

  handleTimeout(now: Instant): void {
    if (now < this.deadline) return;
    const context = this.#context;
    context.trace('sctp:timeout', { timer: 're-config' });
    context.sender.rto.backoff();
    const gone = () => new SctpError('SCTP_PEER_UNREACHABLE', 'The peer does not answer a stream reset.');
    if (context.countError(context.settings.maxRetransmissions, gone)) this.#sendRequest(now);
  }

  /** A RE-CONFIG chunk. */
  handleReConfig(chunk: Uint8Array, now: Instant): void {
    const parameters = decodeReConfig(chunk);
    if (isMalformed(parameters)) {
      this.#context.trace('sctp:chunk-dropped', { chunk: CHUNK.ReConfig, reason: 'malformed' });
      return;
    }
    // Two parameters at most (RFC 6525 §3.1).
    for (const parameter of parameters.slice(0, 2)) {
      if (parameter.type === 'response') this.#handleResponse(parameter.response, parameter.result, now);
      else if (parameter.type !== 'unknown') this.#handleRequest(parameter, now);
    }
  }

  /** Data came in: a reset that waited for it may be due. */
  dataReceived(): void {
    const deferred = this.#deferred;
    if (deferred === undefined || before32(this.#context.receiver.cumulative, deferred.lastTsn)) return;
    this.#deferred = undefined;
    this.#carriedOut = deferred;
    this.#carryOut(deferred);
    this.#lastResult = RESULT.Performed;
    this.#respond(deferred.request, RESULT.Performed);
  }

  stop(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    this.#request = undefined;
    this.#waiting.clear();
    this.#deferred = undefined;
  }

  #handleResponse(number: number, result: number, now: Instant): void {
    const request = this.#request;
    if (request === undefined || request.request !== number) return;
    this.#context.errors = 0;
    if (result === RESULT.InProgress || result === RESULT.AlreadyInProgress) {
      // Asked again later, under the same number (RFC 6525 §5.2.7).
      this.deadline = now + this.#context.sender.rto.value;
      return;
    }
    this.#request = undefined;
    this.deadline = Number.POSITIVE_INFINITY;
    if (result === RESULT.Performed || result === RESULT.NothingToDo) {
      const queue = this.#context.sender.queue;
      for (const id of request.streams) {
        const stream = queue.stream(id);
        stream.nextOrdered = 0;
        stream.nextUnordered = 0;
        stream.lastTsn = undefined;
        queue.resume(stream);
      }
      this.#context.events.push({ type: 'outgoing-reset', streams: request.streams });
    } else {
      this.#refused(request.streams);
    }
    this.advance(now);
  }

  #handleRequest(parameter: Exclude<ReConfigParameter, { type: 'response' | 'unknown' }>, now: Instant): void {
    const number = parameter.request;
    if (number === (this.#expected - 1) >>> 0) {
      // Our answer was lost, or it was "in progress": say how it stands.
      this.#respond(number, this.#lastResult);
      return;
    }
    if (number !== this.#expected) {
      this.#respond(number, RESULT.BadSequenceNumber);
      return;
    }
    this.#expected = (this.#expected + 1) >>> 0;
    this.#lastResult = this.#perform(parameter, now);
    this.#respond(number, this.#lastResult);
  }

  #perform(parameter: Exclude<ReConfigParameter, { type: 'response' | 'unknown' }>, now: Instant): number {
    const context = this.#context;
    if (parameter.type === 'incoming-reset') {
      const ids = parameter.streams.filter((id) => id < context.outboundStreams);
      this.reset(ids, now);
      return RESULT.Performed;
    }
    // Adding streams and resetting TSNs have no use here: 65535 streams are there from the start.
    if (parameter.type !== 'outgoing-reset') return RESULT.Denied;
    if (parameter.streams.some((id) => id >= context.inboundStreams)) return RESULT.WrongSsn;
    // A consumer that takes no events must not be handed resets without end; the peer asks again.
    if (context.events.length > MOST_EVENTS) {
      this.#expected = parameter.request;
      return RESULT.InProgress;
    }
    if (before32(context.receiver.cumulative, parameter.lastTsn)) {
      this.#deferred = parameter;
      return RESULT.InProgress;
    }
    this.#deferred = undefined;
    const done = this.#carriedOut;
    this.#carriedOut = undefined;
    if (done !== undefined && isSameReset(done, parameter)) return RESULT.Performed;
    this.#carryOut(parameter);
    return RESULT.Performed;
  }

  #carryOut(reset: OutgoingReset): void {
    const touched = this.#context.receiver.reset(reset.streams);
    const streams = reset.streams.length === 0 ? touched : reset.streams;
    if (streams.length > 0) this.#context.events.push({ type: 'incoming-reset', streams });
  }

  #refused(streams: readonly number[]): void {
    const queue = this.#context.sender.queue;
    for (const id of streams) queue.resume(queue.stream(id));
    this.#context.events.push({ type: 'reset-failed', streams });
  }

  #respond(number: number, result: number): void {
    this.#context.send(encodeReConfig([{ type: 'response', response: number, result }]));
  }

  #sendRequest(now: Instant): void {
    if (this.#request === undefined) return;
    this.#context.send(encodeReConfig([this.#request]));
    this.deadline = now + this.#context.sender.rto.value;
  }
}

/** Waiting events beyond which no reset is carried out. */
const MOST_EVENTS = 10_000;
/** Chunk header and the fixed part of an outgoing reset. */
const REQUEST_OVERHEAD = 4 + 16;

function isSameReset(a: OutgoingReset, b: OutgoingReset): boolean {
  return (
    a.lastTsn === b.lastTsn && a.streams.length === b.streams.length && a.streams.every((id, n) => id === b.streams[n])
  );
}
