import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { Deque, distance16, writeU16, writeU32 } from '@kaon/wire';
import { RtpError } from '../errors.ts';
import { RtpPacket } from '../packet.ts';
import { MediaWindow } from './media-window.ts';
import { FIXED_HEADER_SIZE, xorInto } from './parity.ts';

/** What a FEC decoder must and may be told. */
export interface FecDecoderOptions {
  /** The stream that is protected. Packets of others are not taken. */
  readonly mediaSsrc: number;
  /** How many sequence numbers back media is kept: a power of two, 64 to 4096. Default 256. */
  readonly window?: number | undefined;
  /** How many FEC packets wait for media at most, 1 to 1024. Default 48. The oldest ones go. */
  readonly maxFecPackets?: number | undefined;
}

/** What a FEC decoder has done. */
export interface FecDecoderCounters {
  /** FEC packets taken in. */
  readonly fecPackets: number;
  /** Packets made whole. */
  readonly recovered: number;
  /** FEC packets that could not be read, are of another stream, or whose parity gave no RTP packet. */
  readonly malformed: number;
  /** FEC packets that came too late, or gave way to later ones, before they could repair anything. */
  readonly discarded: number;
}

/** What both FEC schemes have in common at the receiver. */
export interface FecDecoder {
  readonly counters: FecDecoderCounters;
  /**
   * Takes a media packet of the protected stream; its bytes are copied. False when one with its sequence number came or was
   * recovered before, or when it is older than the window: then it is no news.
   */
  handleMedia(packet: RtpPacketView): boolean;
  /** Takes a FEC packet, whose payload is copied. Never throws: what is malformed is dropped and counted. */
  handleFec(packet: RtpPacketView): void;
  /** The next recovered packet, byte by byte what was sent; it belongs to the caller. */
  poll(): RtpPacket | undefined;
}

/** One level of protection: which packets' bytes from `start` to `end` (behind the fixed header) the parity at `at` covers. */
export interface ProtectedPart {
  readonly sequenceNumbers: readonly number[];
  readonly start: number;
  readonly end: number;
  readonly at: number;
}

/** A FEC payload that has been read. */
export interface FecPacket {
  /** Where P, X, CC, M, PT and the timestamp are told as in an RTP header; a copy that is kept. */
  readonly bytes: Uint8Array;
  readonly lengthRecovery: number;
  /** At least one. The first covers the header, too. */
  readonly parts: readonly ProtectedPart[];
}

/** Keeps media and FEC packets, and repairs what one of them alone is missing of, over and over until nothing changes. */
export class Repair {
  readonly ssrc: number;
  readonly #media: MediaWindow;
  readonly #maxFecPackets: number;
  #waiting: FecPacket[] = [];
  readonly #recovered = new Deque<RtpPacket>();
  readonly counters = { fecPackets: 0, recovered: 0, malformed: 0, discarded: 0 };

  constructor({ mediaSsrc, window = 256, maxFecPackets = 48 }: FecDecoderOptions) {
    if (!(window >= 64 && window <= 4096) || !Number.isInteger(Math.log2(window))) {
      throw new RtpError('RTP_BAD_OPTION', `window ${window} is not a power of two from 64 to 4096`);
    }
    if (!Number.isInteger(maxFecPackets) || maxFecPackets < 1 || maxFecPackets > 1024) {
      throw new RtpError('RTP_BAD_OPTION', `maxFecPackets ${maxFecPackets} is not a whole number from 1 to 1024`);
    }
    this.ssrc = mediaSsrc;
    this.#media = new MediaWindow(window);
    this.#maxFecPackets = maxFecPackets;
  }

  addMedia(packet: RtpPacketView): boolean {
    if (packet.ssrc !== this.ssrc || !this.#media.add(packet.sequenceNumber, packet.bytes)) return false;
    if (this.#waiting.length > 0) this.#repair();
    return true;
  }

  addFec(fec: FecPacket): void {
    const { sequenceNumbers } = fec.parts[0]!;
    if (!this.#isNear(sequenceNumbers)) {
      this.counters.discarded++;
      return;
    }
    this.#waiting.push(fec);
    if (this.#waiting.length > this.#maxFecPackets) {
      this.#waiting.shift();
      this.counters.discarded++;
    }
    this.#repair();
  }

  /** A packet that was sent again as a whole. */
  addRecovered(bytes: Uint8Array): void {
    const packet = new RtpPacket();
    if (!packet.reset(bytes) || packet.ssrc !== this.ssrc) {
      this.counters.malformed++;
      return;
    }
    if (!this.#isNear([packet.sequenceNumber]) || !this.#media.add(packet.sequenceNumber, bytes)) return;
    this.#give(packet);
    this.#repair();
  }

  poll(): RtpPacket | undefined {
    return this.#recovered.shift();
  }

  /** Whether all of these numbers are inside the window, and none so far ahead that it can only be an error. */
  #isNear(sequenceNumbers: readonly number[]): boolean {
    const { highest, size } = this.#media;
    if (highest < 0) return true;
    for (const sequenceNumber of sequenceNumbers) {
      const ahead = distance16(highest, sequenceNumber);
      if (ahead <= -size || ahead >= size) return false;
    }
    return true;
  }

  #repair(): void {
    for (let hasChanged = true; hasChanged; ) {
      hasChanged = false;
      const waiting = this.#waiting;
      let kept = 0;
      for (let i = 0; i < waiting.length; i++) {
        const outcome = this.#try(waiting[i]!);
        if (outcome === 'waits') waiting[kept++] = waiting[i]!;
        else if (outcome === 'recovered') hasChanged = true;
      }
      waiting.length = kept;
    }
  }

  #try(fec: FecPacket): 'waits' | 'recovered' | 'done' {
    const { sequenceNumbers } = fec.parts[0]!;
    let missing = -1;
    for (const sequenceNumber of sequenceNumbers) {
      if (this.#media.has(sequenceNumber)) continue;
      if (!this.#media.isWithin(sequenceNumber)) {
        this.counters.discarded++;
        return 'done';
      }
      if (missing >= 0) return 'waits';
      missing = sequenceNumber;
    }
    if (missing < 0) return 'done';
    const bytes = this.#rebuild(fec, missing);
    if (bytes === 'waits') return 'waits';
    const packet = new RtpPacket();
    if (bytes === undefined || !packet.reset(bytes)) {
      this.counters.malformed++;
      return 'done';
    }
    this.#media.add(missing, bytes);
    this.#give(packet);
    return 'recovered';
  }

  /** The missing packet; undefined when the parity makes no sense; `waits` when a further level lacks packets. */
  #rebuild(fec: FecPacket, missing: number): Uint8Array | undefined | 'waits' {
    const header = new Uint8Array(8);
    header.set(fec.bytes.subarray(0, 2));
    header.set(fec.bytes.subarray(4, 8), 4);
    let length = fec.lengthRecovery;
    for (const sequenceNumber of fec.parts[0]!.sequenceNumbers) {
      if (sequenceNumber === missing) continue;
      const bytes = this.#media.get(sequenceNumber);
      xorInto(header, 0, bytes, 0, 2);
      xorInto(header, 4, bytes, 4, 8);
      length ^= bytes.length - FIXED_HEADER_SIZE;
    }
    const parts = fec.parts.filter((part, i) => i === 0 || part.start < length);
    const last = parts[parts.length - 1]!;
    // A packet longer than what is protected cannot be made whole.
    if (length > last.end) return undefined;
    const packet = new Uint8Array(FIXED_HEADER_SIZE + length);
    packet.set(header);
    for (const part of parts) {
      if (!part.sequenceNumbers.includes(missing)) return undefined;
      const end = Math.min(part.end, length);
      packet.set(fec.bytes.subarray(part.at, part.at + end - part.start), FIXED_HEADER_SIZE + part.start);
      for (const sequenceNumber of part.sequenceNumbers) {
        if (sequenceNumber === missing) continue;
        if (!this.#media.has(sequenceNumber)) return this.#media.isWithin(sequenceNumber) ? 'waits' : undefined;
        const bytes = this.#media.get(sequenceNumber);
        const from = FIXED_HEADER_SIZE + part.start;
        xorInto(packet, from, bytes, from, Math.min(bytes.length, FIXED_HEADER_SIZE + end));
      }
    }
    packet[0] = (packet[0]! & 0x3f) | 0x80;
    writeU16(packet, 2, missing);
    writeU32(packet, 8, this.ssrc);
    return packet;
  }

  #give(packet: RtpPacket): void {
    this.counters.recovered++;
    // Who does not poll keeps the latest ones only.
    if (this.#recovered.length === this.#media.size) this.#recovered.shift();
    this.#recovered.push(packet);
  }
}
