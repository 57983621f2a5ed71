import type { Instant } from '@kaon/interface/core/v1';
import { concatBytes, Deque } from '@kaon/wire';
import { MAX_SEGMENT } from './segment.ts';

type Kind = 'syn' | 'fin' | 'data';

/** What one end of a connection has to send, has sent, and knows to have arrived. */
export class SendQueue {
  /** First sequence number that the peer has not acknowledged. */
  unacknowledged: number;
  /** Sequence number of what is sent next. */
  next: number;
  /** Bytes that the peer has room for. */
  window = 65_535;
  /** Bytes written that were not sent yet. */
  unsentBytes = 0;
  readonly #send: (sequence: number, bytes: Uint8Array, kind: Kind) => void;
  readonly #unsent = new Deque<Uint8Array>();
  #flight: Flying[] = [];
  #finWaits = false;
  /** RFC 5681 §3.1. */
  #congestionWindow = 10 * MAX_SEGMENT;
  #threshold = Number.POSITIVE_INFINITY;
  #duplicates = 0;
  /** Until this is acknowledged a loss is being repaired (RFC 6582 §3.2). */
  #recovering = Number.NEGATIVE_INFINITY;
  /** RFC 6298 §2, in ms. */
  #smoothed: number | undefined = undefined;
  #variation = 0;
  #timeout = 1000;
  #retries = 0;
  #deadline: Instant = Number.POSITIVE_INFINITY;

  constructor(initialSequence: number, send: (sequence: number, bytes: Uint8Array, kind: Kind) => void) {
    this.unacknowledged = initialSequence;
    this.next = initialSequence;
    this.#send = send;
  }

  /** When `timedOut` is to be called. */
  get deadline(): Instant {
    return this.#deadline;
  }

  /** Nothing is to be sent and everything has arrived. */
  get isIdle(): boolean {
    return this.#flight.length === 0 && this.unsentBytes === 0 && !this.#finWaits;
  }

  sendSyn(now: Instant): void {
    this.#launch(NOTHING, 'syn', now);
  }

  push(bytes: Uint8Array): void {
    this.#unsent.push(bytes);
    this.unsentBytes += bytes.length;
  }

  pushFin(): void {
    this.#finWaits = true;
  }

  clear(): void {
    this.#unsent.clear();
    this.unsentBytes = 0;
    this.#flight = [];
    this.#finWaits = false;
    this.#deadline = Number.POSITIVE_INFINITY;
  }

  /** Sends what was lost, then what is new, as far as the windows allow. */
  flush(now: Instant): void {
    let flying = 0;
    for (const each of this.#flight) if (!each.lost) flying += each.bytes.length;
    for (const each of this.#flight) {
      if (!each.lost) continue;
      if (flying > 0 && flying + each.bytes.length > this.#congestionWindow) return;
      flying += each.bytes.length;
      this.#resend(each, now);
    }
    while (this.unsentBytes > 0) {
      const size = Math.min(MAX_SEGMENT, this.unsentBytes);
      const allowed = Math.min(this.#congestionWindow, this.window);
      // With nothing in flight one segment goes whatever the window: it finds out when the window opens (RFC 9293 §3.8.6.1).
      if (this.#flight.length > 0 && flying + size > allowed) return;
      flying += size;
      this.#launch(this.#take(size), 'data', now);
    }
    if (!this.#finWaits) return;
    this.#finWaits = false;
    this.#launch(NOTHING, 'fin', now);
  }

  acknowledged(acknowledgment: number, now: Instant): void {
    if (acknowledgment <= this.unacknowledged || acknowledgment > this.next) return;
    const bytes = acknowledgment - this.unacknowledged;
    this.unacknowledged = acknowledgment;
    this.#duplicates = 0;
    let last: Flying | undefined;
    let again = false;
    while (this.#flight.length > 0 && this.#flight[0]!.end <= acknowledgment) {
      last = this.#flight.shift();
      again ||= last!.again;
    }
    // What was sent twice says nothing about the round trip (RFC 6298 §3), nor does what waited behind it.
    if (last !== undefined && !again) this.#measure(now - last.sentAt);
    // Something arrived: what follows need not wait as long as what was lost did. Linux has it so; RFC 6298 §5 is stricter.
    this.#timeout = this.#estimate();
    if (acknowledgment < this.#recovering) {
      const first = this.#flight[0];
      if (first !== undefined && !first.lost && !first.again) first.lost = true;
    }
    this.#congestionWindow +=
      this.#congestionWindow < this.#threshold
        ? Math.min(bytes, MAX_SEGMENT)
        : (MAX_SEGMENT * MAX_SEGMENT) / this.#congestionWindow;
    this.#retries = 0;
    this.#deadline = this.#flight.length > 0 ? now + this.#timeout : Number.POSITIVE_INFINITY;
  }

  /** The third in a row means a loss (RFC 5681 §3.2). */
  duplicateAcknowledged(now: Instant): void {
    const first = this.#flight[0];
    if (first === undefined || ++this.#duplicates !== 3 || this.unacknowledged < this.#recovering) return;
    this.#recovering = this.next;
    this.#threshold = Math.max((this.next - this.unacknowledged) / 2, 2 * MAX_SEGMENT);
    this.#congestionWindow = this.#threshold;
    this.#resend(first, now);
  }

  /** The peer lives, whether or not it has room. */
  progressed(): void {
    this.#retries = 0;
  }

  resendFirst(now: Instant): void {
    const first = this.#flight[0];
    if (first !== undefined) this.#resend(first, now);
  }

  /** Sends again what should have been acknowledged. False: it has been tried often enough. */
  timedOut(now: Instant): boolean {
    const first = this.#flight[0];
    if (first === undefined) return true;
    if (++this.#retries > MAX_RETRIES) return false;
    this.#threshold = Math.max((this.next - this.unacknowledged) / 2, 2 * MAX_SEGMENT);
    this.#congestionWindow = MAX_SEGMENT;
    this.#recovering = this.next;
    this.#duplicates = 0;
    this.#timeout = Math.min(this.#timeout * 2, MAX_TIMEOUT);
    this.#deadline = now + this.#timeout;
    for (const each of this.#flight) each.lost = true;
    this.#resend(first, now);
    return true;
  }

  #take(size: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let missing = size;
    while (missing > 0) {
      const bytes = this.#unsent.shift() as Uint8Array;
      if (bytes.length > missing) this.#unsent.unshift(bytes.subarray(missing));
      const part = bytes.subarray(0, missing);
      parts.push(part);
      missing -= part.length;
    }
    this.unsentBytes -= size;
    return concatBytes(...parts);
  }

  #launch(bytes: Uint8Array, kind: Kind, now: Instant): void {
    const sequence = this.next;
    this.next += bytes.length + (kind === 'data' ? 0 : 1);
    this.#flight.push({ sequence, end: this.next, bytes, kind, sentAt: now, again: false, lost: false });
    if (this.#deadline === Number.POSITIVE_INFINITY) this.#deadline = now + this.#timeout;
    this.#send(sequence, bytes, kind);
  }

  #resend(each: Flying, now: Instant): void {
    each.lost = false;
    each.again = true;
    each.sentAt = now;
    this.#send(each.sequence, each.bytes, each.kind);
  }

  #measure(roundTrip: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = roundTrip;
      this.#variation = roundTrip / 2;
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - roundTrip);
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * roundTrip;
    }
  }

  #estimate(): number {
    if (this.#smoothed === undefined) return 1000;
    return Math.min(Math.max(this.#smoothed + 4 * this.#variation, MIN_TIMEOUT), MAX_TIMEOUT);
  }
}

interface Flying {
  readonly sequence: number;
  readonly end: number;
  readonly bytes: Uint8Array;
  readonly kind: Kind;
  sentAt: Instant;
  again: boolean;
  lost: boolean;
}

const NOTHING = new Uint8Array(0);
/** Ms, as Linux has it. */
const MIN_TIMEOUT = 200;
const MAX_TIMEOUT = 60_000;
/** Tries in a row before it is given up: about a hundred seconds (RFC 9293 §3.8.3, R2). */
const MAX_RETRIES = 8;
