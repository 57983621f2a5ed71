import { isMalformed } from '@kaon/wire';
import { RtpError } from '../../errors.ts';
import type { EncodedFrame, Packetizer } from '../types.ts';
import { AV1_OBU, type Av1Obu, leb128Size, splitObus, writeLeb128 } from './obu.ts';
import { hasFrameHeader, isKeyFrameHeader, isSent } from './temporal-unit.ts';

/**
 * AV1 (AV1 RTP specification, version 1.0): temporal units in the low-overhead format. OBUs share packets as they fit and are cut
 * where they do not; sizes, delimiters, tile lists and padding are not sent.
 */
export function createAv1Packetizer(): Packetizer {
  return new Av1Packetizer();
}

/**
 * The aggregation header (AV1 RTP specification §4.4).
 *
 * ```
 *  0 1 2 3 4 5 6 7
 * +-+-+-+-+-+-+-+-+
 * |Z|Y| W |N|-|-|-|
 * +-+-+-+-+-+-+-+-+
 * ```
 */
class Av1Packetizer implements Packetizer {
  #data: Uint8Array = EMPTY;
  #obus: readonly Av1Obu[] = [];
  /** Index of the OBU that comes next, and bytes of it that are sent. */
  #obu = 0;
  #sent = 0;
  #room = 0;
  #startsSequence = false;

  start({ data }: EncodedFrame, maxPayloadSize: number): void {
    this.#obus = [];
    this.#obu = 0;
    this.#sent = 0;
    if (!(maxPayloadSize >= MIN_ROOM))
      throw new RtpError('RTP_BAD_OPTION', `${maxPayloadSize} bytes are too few for a payload of AV1`);
    const obus = splitObus(data);
    const sent = isMalformed(obus) ? [] : obus.filter(({ type }) => isSent(type));
    if (sent.length === 0) throw new RtpError('RTP_BAD_FRAME', `${data.length} bytes are no temporal unit of AV1`);
    this.#data = data;
    this.#obus = sent;
    this.#room = maxPayloadSize - 1;
    this.#startsSequence =
      sent.some(({ type }) => type === AV1_OBU.SEQUENCE_HEADER) &&
      sent.some((obu) => hasFrameHeader(obu) && isKeyFrameHeader(data, obu.payloadStart));
  }

  next(buffer: Uint8Array, offset: number): number {
    if (this.#obu >= this.#obus.length) {
      this.#data = EMPTY;
      return 0;
    }
    const whole = this.#howManyFit();
    const continues = this.#sent > 0;
    const isFirst = this.#obu === 0 && !continues;
    let at = offset + 1;
    let count = 0;
    // An element without its length has been written: nothing can stand behind it.
    let isFull = false;
    // More than three elements cannot be counted in W: then each one says its length.
    const countable = whole <= MAX_COUNT;
    for (; count < whole; count++) {
      const length = this.#left();
      isFull = countable && count === whole - 1 && !this.#fragmentFits(offset + 1 + this.#room - at, length, count);
      if (!isFull) at += writeLeb128(buffer, at, length);
      at = this.#copy(buffer, at, length);
    }
    const room = offset + 1 + this.#room - at;
    let isCut = false;
    // What is left of the packet takes the start of the next OBU, when it is worth its while.
    if (countable && !isFull && count < MAX_COUNT && this.#obu < this.#obus.length) {
      at = this.#copy(buffer, at, Math.min(room, this.#left()));
      count++;
      isCut = this.#sent > 0;
    }
    buffer[offset] =
      (continues ? 0x80 : 0) |
      (isCut ? 0x40 : 0) |
      ((countable ? count : 0) << 4) |
      (isFirst && this.#startsSequence ? 0x08 : 0);
    return at - offset;
  }

  get isLast(): boolean {
    return this.#obu >= this.#obus.length;
  }

  /** How many OBUs from the present one on fit whole, each with its length in front; the last of up to three needs none. */
  #howManyFit(): number {
    let used = 0;
    let count = 0;
    for (let i = this.#obu; i < this.#obus.length; i++) {
      const length = i === this.#obu ? this.#left() : obuLength(this.#obus[i]!);
      const bare = used + length;
      const full = bare + leb128Size(length);
      if (full > this.#room) return bare <= this.#room && count < MAX_COUNT ? count + 1 : count;
      used = full;
      count++;
    }
    return count;
  }

  /** Whether, behind an element of `length` bytes with its length in front, a fragment of the OBU behind it still fits. */
  #fragmentFits(room: number, length: number, count: number): boolean {
    const rest = room - length - leb128Size(length);
    return this.#obu + 1 < this.#obus.length && count + 1 < MAX_COUNT && rest >= MIN_FRAGMENT;
  }

  /** Bytes of the present OBU that are not sent yet. */
  #left(): number {
    return obuLength(this.#obus[this.#obu]!) - this.#sent;
  }

  /** Copies the next `length` bytes of the present OBU, which has no size as it is sent. */
  #copy(buffer: Uint8Array, offset: number, length: number): number {
    const obu = this.#obus[this.#obu]!;
    let at = offset;
    const end = this.#sent + length;
    for (; this.#sent < Math.min(end, obu.headerLength); this.#sent++) {
      const byte = this.#data[obu.start + this.#sent]!;
      buffer[at++] = this.#sent === 0 ? byte & ~HAS_SIZE : byte;
    }
    const from = obu.payloadStart + this.#sent - obu.headerLength;
    const rest = end - this.#sent;
    buffer.set(this.#data.subarray(from, from + rest), at);
    this.#sent = end;
    if (end === obuLength(obu)) {
      this.#obu++;
      this.#sent = 0;
    }
    return at + rest;
  }
}

/** As it is sent: header and payload. */
function obuLength({ headerLength, payloadStart, end }: Av1Obu): number {
  return headerLength + end - payloadStart;
}

/** Elements that W can count. */
const MAX_COUNT = 3;
/** Fewer bytes of an OBU are not worth being cut off. */
const MIN_FRAGMENT = 16;
const MIN_ROOM = 8;
const HAS_SIZE = 0x02;
const EMPTY = new Uint8Array(0);
