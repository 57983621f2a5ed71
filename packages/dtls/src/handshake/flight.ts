import type { Instant, TransmitSlot } from '@kaon/interface/core/v1';
import { encodeHandshakeFragment, HANDSHAKE_HEADER_LENGTH } from '../messages/handshake-fragment.ts';
import { handshakeTypeName } from '../messages/handshake-type.ts';
import { CONTENT_TYPE } from '../record/content-type.ts';
import type { RecordWriter } from '../record/writer.ts';

/** One message of a flight. It is cut into fragments and given record numbers each time it is sent. */
export interface FlightItem {
  readonly contentType: typeof CONTENT_TYPE.handshake | typeof CONTENT_TYPE.changeCipherSpec;
  readonly epoch: 0 | 1;
  /** Handshake type; meaningless for ChangeCipherSpec. */
  readonly type: number;
  /** message_seq; meaningless for ChangeCipherSpec. */
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** Longest pause between retransmissions (RFC 6347 §4.2.4.1). */
const MAX_TIMEOUT = 60_000;

/** No fragment is made for less room than this, so that a flight has few pieces. */
const MIN_FRAGMENT = 32;

/**
 * The last flight sent, and its retransmission (RFC 6347 §4.2.4): by a timer that doubles, while an answer is due, and
 * whenever the peer repeats its own flight, which shows that ours was lost.
 */
export class Flight {
  readonly #initialTimeout: number;
  #timeout: number;
  #items: readonly FlightItem[] = [];
  #item: number;
  #offset = 0;
  #deadline: Instant = Number.POSITIVE_INFINITY;
  #sentAt: Instant = Number.NEGATIVE_INFINITY;
  #timed = false;
  /** Times the timer ran out. */
  retransmissions = 0;
  /** Times the peer made us repeat. */
  repetitions = 0;

  constructor(initialTimeout: number) {
    this.#initialTimeout = initialTimeout;
    this.#timeout = initialTimeout;
    this.#item = 0;
  }

  /** Begins a new flight, from now on the one to repeat. `timed`: an answer to it is due. */
  send(items: readonly FlightItem[], timed: boolean, now: Instant): void {
    this.#items = items;
    this.#timed = timed;
    this.#timeout = this.#initialTimeout;
    this.#rewind(now);
  }

  /** The answer is complete: no timer, but the flight stays, to be repeated on demand. */
  answered(): void {
    this.#timed = false;
    this.#deadline = Number.POSITIVE_INFINITY;
  }

  /** Forgets the flight. */
  clear(): void {
    this.answered();
    this.#items = [];
    this.#item = 0;
  }

  /** Whether anything of the flight waits to be sent. */
  get pending(): boolean {
    return this.#item < this.#items.length;
  }

  /** The names of the messages, for traces. */
  get names(): readonly string[] {
    return this.#items.map((item) =>
      item.contentType === CONTENT_TYPE.handshake ? handshakeTypeName(item.type) : 'changeCipherSpec',
    );
  }

  pollTimeout(): Instant {
    return this.#deadline;
  }

  /** Sends the flight again when its timer has run out; returns whether it did. */
  handleTimeout(now: Instant): boolean {
    if (now < this.#deadline) return false;
    this.#timeout = Math.min(2 * this.#timeout, MAX_TIMEOUT);
    this.retransmissions++;
    this.#rewind(now);
    return true;
  }

  /**
   * The peer repeated a message of its last flight. Sends ours again, unless it was sent just now: its other messages,
   * and copies made by the network, must not each cause a flight. Returns whether it did.
   */
  peerRepeated(now: Instant): boolean {
    if (this.#items.length === 0 || this.pending || now < this.#sentAt + this.#initialTimeout / 2) return false;
    this.repetitions++;
    this.#rewind(now);
    return true;
  }

  /** Appends as much as fits to `slot`, up to `limit`. Returns whether it wrote anything. */
  write(slot: TransmitSlot, limit: number, writer: RecordWriter): boolean {
    const begin = slot.end;
    for (let item = this.#items[this.#item]; item !== undefined; item = this.#items[this.#item]) {
      if (item.contentType === CONTENT_TYPE.changeCipherSpec) {
        if (!writer.append(slot, limit, item.contentType, item.epoch, item.body)) break;
      } else {
        const room = limit - slot.end - writer.overhead(item.epoch) - HANDSHAKE_HEADER_LENGTH;
        const left = item.body.length - this.#offset;
        if (room < Math.min(left, MIN_FRAGMENT)) break;
        const count = Math.min(left, room);
        const fragment = encodeHandshakeFragment(item.type, item.sequence, item.body, this.#offset, count);
        if (!writer.append(slot, limit, item.contentType, item.epoch, fragment)) break;
        this.#offset += count;
        if (this.#offset < item.body.length) break;
      }
      this.#item++;
      this.#offset = 0;
    }
    return slot.end > begin;
  }

  #rewind(now: Instant): void {
    this.#item = 0;
    this.#offset = 0;
    this.#sentAt = now;
    this.#deadline = this.#timed ? now + this.#timeout : Number.POSITIVE_INFINITY;
  }
}
