import type { Instant } from '@kaon/interface/core/v1';
import { equalBytes, isMalformed } from '@kaon/wire';
import { decodeHeartbeat, encodeHeartbeat } from '../chunks/heartbeat.ts';
import { SctpError } from '../errors.ts';
import type { Context } from './context.ts';

/**
 * HEARTBEAT on an idle path (RFC 9260 §8.3). An unanswered one is followed by the next after a timeout that doubles,
 * so that a peer that vanished is noticed long before ten whole intervals are over.
 */
export class Heartbeat {
  readonly #context: Context;
  /** When to send the next, or to stop waiting for the answer to the last. */
  deadline: Instant = Number.POSITIVE_INFINITY;
  #pending: Uint8Array | undefined = undefined;
  #sentAt: Instant = 0;
  /** How many were sent, and how many answers came back. */
  sent = 0;
  answered = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  start(now: Instant): void {
    this.#pending = undefined;
    this.deadline = now + this.#context.settings.heartbeatInterval;
  }

  stop(): void {
    this.#pending = undefined;
    this.deadline = Number.POSITIVE_INFINITY;
  }

  handleTimeout(now: Instant): void {
    if (now < this.deadline) return;
    const context = this.#context;
    // Data in flight tests the path as well.
    if (!context.sender.outstanding.isEmpty) {
      this.start(now);
      return;
    }
    if (this.#pending !== undefined) {
      context.trace('sctp:timeout', { timer: 'heartbeat' });
      context.sender.rto.backoff();
      const gone = () => new SctpError('SCTP_PEER_UNREACHABLE', 'The peer no longer answers heartbeats.');
      if (!context.countError(context.settings.maxRetransmissions, gone)) return;
    }
    // The information is ours alone: a random value, so that nobody else can make up an answer.
    this.#pending = new Uint8Array(8);
    context.settings.random(this.#pending);
    this.#sentAt = now;
    this.sent++;
    context.send(encodeHeartbeat('heartbeat', this.#pending));
    this.deadline = now + context.sender.rto.value;
  }

  /** Answers the peer's HEARTBEAT with its own information. */
  handleHeartbeat(chunk: Uint8Array): void {
    const info = decodeHeartbeat(chunk);
    if (isMalformed(info)) this.#context.trace('sctp:chunk-dropped', { chunk: 4, reason: 'malformed' });
    else this.#context.send(encodeHeartbeat('heartbeat-ack', info));
  }

  handleHeartbeatAck(chunk: Uint8Array, now: Instant): void {
    const info = decodeHeartbeat(chunk);
    if (isMalformed(info) || this.#context.pathMtu.handleHeartbeatAck(info, now)) return;
    if (this.#pending === undefined || !equalBytes(info, this.#pending)) return;
    this.answered++;
    this.#context.errors = 0;
    this.#context.sender.rto.measured(Math.max(now - this.#sentAt, 0));
    this.start(now);
  }
}
