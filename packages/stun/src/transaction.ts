/**
 * One client transaction (RFC 8489 §6.2.1): over UDP the request is sent Rc times, the pause doubling from RTO, and given
 * up Rm * RTO after the last; over a reliable transport it is sent once and given up after Ti.
 */
import type { Instant, TransmitSlot } from '@kaon/interface/core/v1';
import { equalBytes, fillSlot } from '@kaon/wire';
import { StunError } from './errors.ts';
import { TRANSACTION_ID_LENGTH } from './header.ts';
import type { StunMessage } from './message.ts';

/** What a `ClientTransaction` is made from. */
export interface ClientTransactionOptions {
  /** The encoded request. Not copied: do not write to it. */
  readonly request: Uint8Array;
  /** Its transaction id, 12 bytes. */
  readonly transactionId: Uint8Array;
  readonly now: Instant;
  /** Pause before the first retransmission in ms. Default 500. */
  readonly rto?: number | undefined;
  /** How often the request is sent in all. Default 7. */
  readonly rc?: number | undefined;
  /** How many RTOs to wait after the last one. Default 16. */
  readonly rm?: number | undefined;
  /** The transport does not lose: send once, wait 39.5 s. Default false. */
  readonly reliable?: boolean | undefined;
}

/** Where a transaction stands: `failed` means that an error response came. */
export type TransactionState = 'pending' | 'succeeded' | 'failed' | 'timed-out';

/**
 * A client transaction as a small core without events: read `state` after `handleResponse` and `handleTimeout`. It does
 * not set the slot's path; the caller routes. Which responses are genuine (integrity, source address) is for the caller
 * to find out before `handleResponse`.
 */
export class ClientTransaction {
  readonly transactionId: Uint8Array;
  readonly #request: Uint8Array;
  readonly #rm: number;
  readonly #rto: number;
  readonly #reliable: boolean;
  #attemptsLeft: number;
  #interval: number;
  #due = true;
  #deadline: Instant;
  #state: TransactionState = 'pending';
  #transmissions = 0;
  #firstSent: Instant = 0;
  #rtt: number | undefined;

  /** Throws `StunError` (`STUN_INVALID_ARGUMENT`) on options that make no sense. */
  constructor(options: ClientTransactionOptions) {
    const { request, transactionId, now, rto = 500, rc = 7, rm = 16, reliable = false } = options;
    if (transactionId.length !== TRANSACTION_ID_LENGTH) throw invalid('a transaction id has 12 bytes');
    if (!(rto > 0 && Number.isFinite(rto))) throw invalid('rto must be a positive number of ms');
    if (!Number.isInteger(rc) || rc < 1) throw invalid('rc must be a positive integer');
    if (!(rm > 0 && Number.isFinite(rm))) throw invalid('rm must be positive');
    this.transactionId = transactionId;
    this.#request = request;
    this.#rm = rm;
    this.#rto = rto;
    this.#reliable = reliable;
    this.#attemptsLeft = (reliable ? 1 : rc) - 1;
    this.#interval = rto;
    this.#deadline = now + this.#patience();
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** How often the request was sent again. */
  get retransmissions(): number {
    return Math.max(0, this.#transmissions - 1);
  }

  /**
   * Round-trip time in ms, once a response came whose `now` was told; undefined when the request was sent more than
   * once, since nobody knows which of them was answered (Karn's algorithm).
   */
  get rtt(): number | undefined {
    return this.#rtt;
  }

  /** Makes the next retransmission due, or gives up (`timed-out`). */
  handleTimeout(now: Instant): void {
    if (this.#state !== 'pending' || now < this.#deadline) return;
    if (this.#attemptsLeft === 0) {
      this.#state = 'timed-out';
      return;
    }
    this.#attemptsLeft--;
    this.#interval *= 2;
    this.#due = true;
    this.#deadline = now + this.#patience();
  }

  /** When `handleTimeout` wants to be called; `Infinity` once the transaction is over. */
  pollTimeout(): Instant {
    return this.#state === 'pending' ? this.#deadline : Number.POSITIVE_INFINITY;
  }

  /** Writes the request into the slot when it is due. False: it is not, or it does not fit. */
  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    if (this.#state !== 'pending' || !this.#due || !fillSlot(slot, this.#request)) return false;
    this.#due = false;
    if (this.#transmissions++ === 0) this.#firstSent = now;
    return true;
  }

  /**
   * Ends the transaction when `message` is a response to it, and says whether it was. `now` is only needed for `rtt`.
   * Responses after the first do not count.
   */
  handleResponse(message: StunMessage, now?: Instant): boolean {
    if (this.#state !== 'pending') return false;
    if (message.class !== 'success' && message.class !== 'error') return false;
    if (!equalBytes(message.transactionId, this.transactionId)) return false;
    this.#state = message.class === 'success' ? 'succeeded' : 'failed';
    if (now !== undefined && this.#transmissions === 1) this.#rtt = Math.max(0, now - this.#firstSent);
    return true;
  }

  /** How long to wait from one transmission to the next, or to the end. */
  #patience(): number {
    if (this.#reliable) return RELIABLE_TIMEOUT;
    return this.#attemptsLeft > 0 ? this.#interval : this.#rm * this.#rto;
  }
}

/** Ti (RFC 8489 §6.2.2). */
const RELIABLE_TIMEOUT = 39_500;

function invalid(message: string): StunError {
  return new StunError('STUN_INVALID_ARGUMENT', message);
}
