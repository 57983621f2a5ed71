import { writeU16 } from '@kaon/wire';
import { RtpError } from '../../errors.ts';
import type { EncodedFrame, Packetizer } from '../types.ts';
import { evenPart } from '../video.ts';
import { type NalRange, splitAnnexB } from './annex-b.ts';
import type { NalCodec } from './codec.ts';

/**
 * Cuts access units in Annex B. Small NAL units that follow each other share a packet, large ones are cut evenly; with
 * `onlySingle` neither is done, and a NAL unit that does not fit a packet is `RTP_BAD_FRAME`.
 */
export class NalPacketizer implements Packetizer {
  readonly #codec: NalCodec;
  readonly #onlySingle: boolean;
  #data: Uint8Array = EMPTY;
  #units: readonly NalRange[] = [];
  /** Index of the unit that comes next. */
  #unit = 0;
  #room = 0;
  /** While a unit is cut: parts, and which is next; bytes of it that are sent. */
  #parts = 0;
  #part = 0;
  #sent = 0;

  constructor(codec: NalCodec, onlySingle: boolean) {
    this.#codec = codec;
    this.#onlySingle = onlySingle;
  }

  start({ data }: EncodedFrame, maxPayloadSize: number): void {
    const { name, headerLength, maxType } = this.#codec;
    this.#units = [];
    this.#unit = 0;
    this.#parts = 0;
    if (!(maxPayloadSize >= MIN_ROOM))
      throw new RtpError('RTP_BAD_OPTION', `${maxPayloadSize} bytes are too few for a payload of ${name}`);
    const units = splitAnnexB(data);
    if (units.length === 0) throw new RtpError('RTP_BAD_FRAME', 'there is no NAL unit with a start code in the frame');
    for (const { start, end } of units) {
      const type = end - start <= headerLength ? -1 : this.#codec.type(data, start);
      if (type < 0 || type > maxType || (type === 0 && headerLength === 1))
        throw new RtpError('RTP_BAD_FRAME', `a NAL unit of ${end - start} bytes is none of ${name}`);
      if (this.#onlySingle && end - start > maxPayloadSize)
        throw new RtpError(
          'RTP_BAD_FRAME',
          `a NAL unit of ${end - start} bytes cannot be cut in this packetization mode`,
        );
    }
    this.#data = data;
    this.#units = units;
    this.#room = maxPayloadSize;
  }

  next(buffer: Uint8Array, offset: number): number {
    const unit = this.#units[this.#unit];
    if (unit === undefined) {
      this.#data = EMPTY;
      return 0;
    }
    if (this.#parts > 0) return this.#fragment(buffer, offset, unit);
    const length = unit.end - unit.start;
    if (length > this.#room) {
      // The unit's own header is not repeated: that of the payload and one more byte stand for it.
      const { headerLength } = this.#codec;
      this.#parts = Math.ceil((length - headerLength) / (this.#room - headerLength - 1));
      this.#part = 0;
      this.#sent = 0;
      return this.#fragment(buffer, offset, unit);
    }
    const count = this.#onlySingle ? 1 : this.#howManyFit();
    if (count > 1) return this.#aggregate(buffer, offset, count);
    buffer.set(this.#data.subarray(unit.start, unit.end), offset);
    this.#unit++;
    return length;
  }

  get isLast(): boolean {
    return this.#unit >= this.#units.length;
  }

  /** How many units from the next one on fit one packet together. */
  #howManyFit(): number {
    let size = this.#codec.headerLength;
    let count = 0;
    for (let i = this.#unit; i < this.#units.length; i++) {
      const { start, end } = this.#units[i]!;
      size += 2 + end - start;
      if (size > this.#room) break;
      count++;
    }
    return count;
  }

  /** STAP-A (RFC 6184 §5.7.1), AP (RFC 7798 §4.4.2). */
  #aggregate(buffer: Uint8Array, offset: number, count: number): number {
    const { headerLength, aggregationType } = this.#codec;
    const data = this.#data;
    const units = this.#units.slice(this.#unit, this.#unit + count);
    this.#codec.writePayloadHeader(buffer, offset, aggregationType, data, units);
    let at = offset + headerLength;
    for (const { start, end } of units) {
      writeU16(buffer, at, end - start);
      buffer.set(data.subarray(start, end), at + 2);
      at += 2 + end - start;
    }
    this.#unit += count;
    return at - offset;
  }

  /** FU-A (RFC 6184 §5.8), FU (RFC 7798 §4.4.3). */
  #fragment(buffer: Uint8Array, offset: number, unit: NalRange): number {
    const codec = this.#codec;
    const { headerLength } = codec;
    const part = evenPart(unit.end - unit.start - headerLength, this.#parts, this.#part);
    const isFirst = this.#part === 0;
    const isLast = this.#part === this.#parts - 1;
    codec.writePayloadHeader(buffer, offset, codec.fragmentType, this.#data, [unit]);
    const type = codec.type(this.#data, unit.start);
    buffer[offset + headerLength] = (isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | type;
    const from = unit.start + headerLength + this.#sent;
    buffer.set(this.#data.subarray(from, from + part), offset + headerLength + 1);
    this.#sent += part;
    this.#part++;
    if (isLast) {
      this.#parts = 0;
      this.#unit++;
    }
    return headerLength + 1 + part;
  }
}

/** Room for a fragment of a few bytes. */
const MIN_ROOM = 8;
const EMPTY = new Uint8Array(0);
