/**
 * Packets over a TCP connection (RFC 4571 §2): each behind its length in 16 bits.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |             LENGTH            |  STUN, DTLS, RTP or RTCP ...  |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { readU16, writeU16 } from '@kaon/wire';
import { IceError } from './errors.ts';

/** The packet behind its length, in a new array. Throws IceError `ICE_FRAME_TOO_LARGE` above 65535 bytes. */
export function frame(packet: Uint8Array): Uint8Array {
  if (packet.length > 0xffff) {
    throw new IceError('ICE_FRAME_TOO_LARGE', `a packet of ${packet.length} bytes does not fit a frame of 65535`);
  }
  const framed = new Uint8Array(LENGTH_BYTES + packet.length);
  writeU16(framed, 0, packet.length);
  framed.set(packet, LENGTH_BYTES);
  return framed;
}

/** Finds packets in a byte stream. Holds at most one incomplete packet, and memory only for what was received of it. */
export class Deframer {
  #held: Uint8Array = EMPTY;
  #length = 0;

  /** Bytes held of an incomplete packet, its length included. */
  get buffered(): number {
    return this.#length;
  }

  /**
   * Takes the next bytes of the stream and gives back the packets that are whole now, empty ones left out
   * (RFC 4571 §2 lets a receiver ignore them). They are views into `bytes` or into a copy, valid for good.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const packets: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#length === 0 && bytes.length - at >= LENGTH_BYTES) {
        const end = at + LENGTH_BYTES + readU16(bytes, at);
        if (end <= bytes.length) {
          if (end > at + LENGTH_BYTES) packets.push(bytes.subarray(at + LENGTH_BYTES, end));
          at = end;
          continue;
        }
      }
      at += this.#hold(bytes, at);
      const packet = this.#whole();
      if (packet !== undefined && packet.length > 0) packets.push(packet);
    }
    return packets;
  }

  /** Copies what the incomplete packet still lacks; returns how many bytes that was. */
  #hold(bytes: Uint8Array, at: number): number {
    const wanted = this.#length < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + readU16(this.#held, 0);
    const count = Math.min(wanted - this.#length, bytes.length - at);
    const length = this.#length + count;
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.max(length, this.#held.length * 2));
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(bytes.subarray(at, at + count), this.#length);
    this.#length = length;
    return count;
  }

  #whole(): Uint8Array | undefined {
    if (this.#length < LENGTH_BYTES || this.#length < LENGTH_BYTES + readU16(this.#held, 0)) return undefined;
    const packet = this.#held.subarray(LENGTH_BYTES, this.#length);
    this.#held = EMPTY;
    this.#length = 0;
    return packet;
  }
}

const LENGTH_BYTES = 2;
const EMPTY = new Uint8Array(0);
