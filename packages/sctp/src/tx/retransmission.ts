import type { Instant } from '@kaon/interface/core/v1';
import { FLAG_END } from '../chunks/data.ts';
import type { ForwardPoint } from './forward-point.ts';
import type { OutMessage } from './out-stream.ts';
import { IN_FLIGHT, type Outstanding } from './outstanding.ts';
import type { SendQueue } from './send-queue.ts';

/** What happens to a chunk that counts as lost: it is sent again, or its message is given up (RFC 3758 §4.1). */
export class Retransmission {
  readonly #outstanding: Outstanding;
  readonly #queue: SendQueue;
  readonly #forward: ForwardPoint;
  /** Whether the peer understands FORWARD TSN; without it every message is reliable. */
  readonly #partial: boolean;
  /** Messages given up after they were sent at least in part. */
  abandoned = 0;

  constructor(outstanding: Outstanding, queue: SendQueue, forward: ForwardPoint, partial: boolean) {
    this.#outstanding = outstanding;
    this.#queue = queue;
    this.#forward = forward;
    this.#partial = partial;
  }

  /** Whether the message has outlived its purpose. */
  isExpired(message: OutMessage, now: Instant): boolean {
    return this.#partial && message.expiresAt <= now;
  }

  /** Whether the chunk may be sent once more. */
  mayResend(index: number, now: Instant): boolean {
    const message = this.#outstanding.messages[index]!;
    return !this.#partial || (this.#outstanding.sends[index]! <= message.maxRetransmits && message.expiresAt > now);
  }

  /** A chunk in flight is believed lost. */
  lose(tsn: number, now: Instant): void {
    const index = tsn & this.#outstanding.mask;
    if (this.mayResend(index, now)) this.#outstanding.markLost(tsn);
    else this.abandon(this.#outstanding.messages[index]!, now);
  }

  /** Everything in flight is believed lost (RFC 9260 §6.3.3 E3). */
  loseAll(now: Instant): void {
    const o = this.#outstanding;
    const end = o.next;
    for (let tsn = (o.cumulative + 1) >>> 0; tsn !== end; tsn = (tsn + 1) >>> 0) {
      if (o.state[tsn & o.mask] === IN_FLIGHT) this.lose(tsn, now);
    }
  }

  /** Gives up a message that has at least one TSN. */
  abandon(message: OutMessage, now: Instant): void {
    const o = this.#outstanding;
    this.abandoned++;
    if (message.sent < message.data.length) {
      // The end of the message gets a TSN that never leaves, so that the peer sees where it ends.
      message.lastTsn = o.add(message, message.sent, 0, message.fragment, FLAG_END, now);
      message.stream.lastTsn = message.lastTsn;
      this.#queue.drop(message);
    }
    o.abandon(message);
    this.#forward.advance();
  }
}
