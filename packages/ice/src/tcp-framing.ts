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

/** Finds packets in a byte stream. Holds at most one incomplete packet, never more than was received. */
export class Deframer {
  #held: Uint8Array = EMPTY;

  /** Bytes of the incomplete packet, its length included. */
  get buffered(): number {
    return this.#held.length;
  }

  /**
   * Takes the next bytes of the stream and gives back the packets that are whole now, empty ones left out
   * (RFC 4571 §2 lets a receiver ignore them). They are views into `bytes` or into a copy, valid for good.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const all = this.#held.length === 0 ? bytes : join(this.#held, bytes);
    const packets: Uint8Array[] = [];
    let at = 0;
    while (all.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + readU16(all, at);
      if (end > all.length) break;
      if (end > at + LENGTH_BYTES) packets.push(all.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    // A copy: the remainder must not keep a large chunk alive.
    this.#held = at === all.length ? EMPTY : all.slice(at);
    return packets;
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

const LENGTH_BYTES = 2;
const EMPTY = new Uint8Array(0);
