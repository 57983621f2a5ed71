import type { Instant } from '@kaon/interface/core/v1';
import { encodeShutdown, encodeShutdownAck, encodeShutdownComplete } from '../chunks/shutdown.ts';
import { SctpError } from '../errors.ts';
import type { Context } from './context.ts';

/** SHUTDOWN ACKs that may go unanswered before the end is taken for granted. */
const MOST_UNANSWERED = 4;

/** Ending in order, from either side or from both at once (RFC 9260 §9.2). */
export class Shutdown {
  readonly #context: Context;
  /** When T2-shutdown runs out. */
  deadline: Instant = Number.POSITIVE_INFINITY;
  /** SHUTDOWN ACKs without an answer. */
  #unanswered = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** The user wants to end. */
  start(now: Instant): void {
    const context = this.#context;
    if (context.state === 'established') {
      context.state = 'shutdown-pending';
      this.advance(now);
    } else if (context.state === 'closed' || context.state === 'cookie-wait' || context.state === 'cookie-echoed') {
      context.end(undefined);
    }
  }

  /** Goes on once all our data has arrived. Call it whenever something was acknowledged. */
  advance(now: Instant): void {
    const context = this.#context;
    if (context.state === 'shutdown-pending' && context.sender.isDone) {
      context.state = 'shutdown-sent';
      this.#sendShutdown(now);
    } else if (context.state === 'shutdown-received' && context.sender.isDone) {
      this.#sendAck(now);
    }
  }

  /** DATA came after our SHUTDOWN: repeat it with the new cumulative TSN. */
  dataReceived(now: Instant): void {
    if (this.#context.state === 'shutdown-sent') this.#sendShutdown(now);
  }

  handleTimeout(now: Instant): void {
    if (now < this.deadline) return;
    const context = this.#context;
    context.trace('sctp:timeout', { timer: context.state });
    context.sender.rto.backoff();
    if (context.state === 'shutdown-ack-sent' && ++this.#unanswered > MOST_UNANSWERED) {
      // Both sides have all data; the peer is done, and only its last word was lost.
      context.end(undefined);
      return;
    }
    const gone = () => new SctpError('SCTP_PEER_UNREACHABLE', 'The peer vanished while the association was ending.');
    if (!context.countError(context.settings.maxRetransmissions, gone)) return;
    if (context.state === 'shutdown-sent') this.#sendShutdown(now);
    else this.#sendAck(now);
  }

  /** A SHUTDOWN chunk, whose cumulative TSN was taken in already. */
  handleShutdown(now: Instant): void {
    const context = this.#context;
    switch (context.state) {
      case 'established':
      case 'shutdown-pending':
        context.state = 'shutdown-received';
        this.advance(now);
        break;
      case 'shutdown-received':
        this.advance(now);
        break;
      case 'shutdown-sent':
      case 'shutdown-ack-sent':
        this.#sendAck(now);
        break;
    }
  }

  handleShutdownAck(): void {
    const context = this.#context;
    if (context.state !== 'shutdown-sent' && context.state !== 'shutdown-ack-sent') return;
    context.send(encodeShutdownComplete(false));
    context.end(undefined);
  }

  handleShutdownComplete(): void {
    if (this.#context.state === 'shutdown-ack-sent') this.#context.end(undefined);
  }

  stop(): void {
    this.deadline = Number.POSITIVE_INFINITY;
  }

  #sendShutdown(now: Instant): void {
    this.#context.send(encodeShutdown(this.#context.receiver.cumulative));
    this.deadline = now + this.#context.sender.rto.value;
  }

  #sendAck(now: Instant): void {
    this.#context.state = 'shutdown-ack-sent';
    this.#context.send(encodeShutdownAck());
    this.deadline = now + this.#context.sender.rto.value;
  }
}
