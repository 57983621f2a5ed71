/**
 * Takes messages out of a stream (RFC 8656 §12.5, RFC 8489 §6.2.2). Both kinds say how long they are at the same place:
 * STUN messages in bytes 2 and 3 without their header of 20, ChannelData without its header of 4 and its padding.
 */
import { HEADER_LENGTH, MAGIC_COOKIE } from '@kaon/stun';
import { readU16, readU32 } from '@kaon/wire';
import { CHANNEL_DATA_HEADER } from './channel-data.ts';

/** Bytes of a stream in, STUN and ChannelData messages out. */
export class StreamFramer {
  readonly #limit: number;
  #buffer: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;
  /** Whether the buffer was made here, so that it may be written to past `#end`. */
  #own = false;
  /** Padding of the last message that is still to come. */
  #padding = 0;
  #broken = false;

  /** `limit`: bytes that may wait here before the stream counts as broken. Default 1,048,576; a message has 65,555 at most. */
  constructor(limit = 1_048_576) {
    this.#limit = limit;
  }

  /**
   * True when the stream cannot be read any further: a byte that begins neither kind of message, a STUN message without
   * magic cookie or with a length that is no multiple of four, or more waiting than the limit. The connection is to be closed.
   */
  get broken(): boolean {
    return this.#broken;
  }

  /** Bytes that wait for the rest of their message, or for `poll`. */
  get waiting(): number {
    return this.#end - this.#start;
  }

  /** Takes the next piece of the stream, of any length. The bytes change owner. Ignored once broken. */
  push(bytes: Uint8Array): void {
    if (this.#broken) return;
    const skipped = Math.min(this.#padding, bytes.length);
    this.#padding -= skipped;
    const { waiting } = this;
    if (waiting + bytes.length - skipped > this.#limit) this.#break();
    else if (waiting > 0) this.#append(bytes);
    else {
      this.#buffer = bytes;
      this.#start = skipped;
      this.#end = bytes.length;
      this.#own = false;
    }
  }

  /**
   * The next whole message without padding, or undefined. A view: into what was pushed when the message lies in one
   * piece, else into a copy. It belongs to the caller.
   */
  poll(): Uint8Array | undefined {
    const available = this.#end - this.#start;
    if (available < CHANNEL_DATA_HEADER) return undefined;
    const first = this.#buffer[this.#start]!;
    const length = readU16(this.#buffer, this.#start + 2);
    if (first < 4) {
      const wrongCookie = available >= 8 && readU32(this.#buffer, this.#start + 4) !== MAGIC_COOKIE;
      if ((length & 3) !== 0 || wrongCookie) return this.#break();
      return this.#take(HEADER_LENGTH + length, 0);
    }
    // Clients of RFC 5766 take numbers up to 0x7fff; whether one is good is for its reader to say.
    return (first & 0xc0) === 0x40 ? this.#take(CHANNEL_DATA_HEADER + length, -length & 3) : this.#break();
  }

  /** What has not been polled, which it gives up: where a message ends the framed part of a stream (RFC 6062 §4.3). */
  takeRest(): Uint8Array {
    const rest = this.#buffer.subarray(this.#start, this.#end);
    this.#clear();
    return rest;
  }

  /** The padding behind a message is not waited for: that of the last one may never come. */
  #take(length: number, padding: number): Uint8Array | undefined {
    const end = this.#start + length;
    if (end > this.#end) return undefined;
    const message = this.#buffer.subarray(this.#start, end);
    this.#padding = Math.max(0, end + padding - this.#end);
    this.#start = end + padding - this.#padding;
    if (this.#start === this.#end) this.#clear();
    return message;
  }

  /** Views given out before lie in front of `#end` and are not touched. Room is made for what came, not for what is announced. */
  #append(bytes: Uint8Array): void {
    const { waiting } = this;
    if (!this.#own || this.#end + bytes.length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(2 * waiting, waiting + bytes.length));
      larger.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = larger;
      this.#start = 0;
      this.#end = waiting;
      this.#own = true;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #clear(): void {
    this.#buffer = EMPTY;
    this.#start = 0;
    this.#end = 0;
    this.#own = false;
  }

  #break(): undefined {
    this.#broken = true;
    this.#clear();
    return undefined;
  }
}

const EMPTY = new Uint8Array(0);
