import type { RtpPacketView } from '@kaon/interface/rtp/v1';

/** Packets that wait, first in first out, with the time at which they came: a ring that doubles when full. */
export class PacketQueue {
  #packets: (RtpPacketView | undefined)[] = new Array(INITIAL).fill(undefined);
  #since: Float64Array = new Float64Array(INITIAL);
  #head = 0;
  #length = 0;
  #bytes = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the first packet came; Infinity when there is none. */
  get oldest(): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : this.#since[this.#head]!;
  }

  push(packet: RtpPacketView, now: number): void {
    if (this.#length === this.#packets.length) this.#grow();
    const at = (this.#head + this.#length) & (this.#packets.length - 1);
    this.#packets[at] = packet;
    this.#since[at] = now;
    this.#length++;
    this.#bytes += packet.bytes.length;
  }

  shift(): RtpPacketView | undefined {
    if (this.#length === 0) return undefined;
    const packet = this.#packets[this.#head]!;
    this.#packets[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#packets.length - 1);
    this.#length--;
    this.#bytes -= packet.bytes.length;
    return packet;
  }

  /** Drops the packets of a stream; returns how many. */
  remove(ssrc: number): number {
    const count = this.#length;
    for (let i = 0; i < count; i++) {
      const since = this.oldest;
      const packet = this.shift()!;
      if (packet.ssrc !== ssrc) this.push(packet, since);
    }
    return count - this.#length;
  }

  #grow(): void {
    const length = this.#packets.length;
    const packets: (RtpPacketView | undefined)[] = new Array(length * 2).fill(undefined);
    const since = new Float64Array(length * 2);
    for (let i = 0; i < length; i++) {
      const at = (this.#head + i) & (length - 1);
      packets[i] = this.#packets[at];
      since[i] = this.#since[at]!;
    }
    this.#packets = packets;
    this.#since = since;
    this.#head = 0;
  }
}

const INITIAL = 64;
