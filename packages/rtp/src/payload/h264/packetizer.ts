import { writeU16 } from '@kaon/wire';
import { RtpError } from '../../errors.ts';
import { type NalRange, splitAnnexB } from '../annex-b.ts';
import type { EncodedFrame, Packetizer } from '../types.ts';
import { evenPart } from '../video.ts';
import { H264_NAL, h264NalType } from './nal.ts';

/** How H.264 is cut. */
export interface H264PacketizerOptions {
  /** `packetization-mode` (RFC 6184 §6.2): 0 sends whole NAL units alone, 1 also STAP-A and FU-A. Default 1. */
  readonly packetizationMode?: 0 | 1 | undefined;
}

/**
 * H.264 (RFC 6184): access units in Annex B. Small NAL units that follow each other share a packet (STAP-A), large ones are cut
 * evenly (FU-A). In mode 0 a NAL unit that does not fit a packet is `RTP_BAD_FRAME`: the encoder has to make smaller slices.
 */
export function createH264Packetizer(options: H264PacketizerOptions = {}): Packetizer {
  const { packetizationMode = 1 } = options;
  if (packetizationMode !== 0 && packetizationMode !== 1)
    throw new RtpError('RTP_BAD_OPTION', `packetizationMode ${packetizationMode} is neither 0 nor 1`);
  return new H264Packetizer(packetizationMode);
}

class H264Packetizer implements Packetizer {
  readonly #mode: 0 | 1;
  #data: Uint8Array = EMPTY;
  #units: readonly NalRange[] = [];
  /** Index of the unit that comes next. */
  #unit = 0;
  #room = 0;
  /** While a unit is cut: parts, and which is next; bytes of it that are sent. */
  #parts = 0;
  #part = 0;
  #sent = 0;

  constructor(mode: 0 | 1) {
    this.#mode = mode;
  }

  start({ data }: EncodedFrame, maxPayloadSize: number): void {
    this.#units = [];
    this.#unit = 0;
    this.#parts = 0;
    if (!(maxPayloadSize >= MIN_ROOM))
      throw new RtpError('RTP_BAD_OPTION', `${maxPayloadSize} bytes are too few for a payload of H.264`);
    const units = splitAnnexB(data);
    if (units.length === 0) throw new RtpError('RTP_BAD_FRAME', 'there is no NAL unit with a start code in the frame');
    for (const { start, end } of units) {
      const type = h264NalType(data[start]!);
      if (type === 0 || type > 23) throw new RtpError('RTP_BAD_FRAME', `a NAL unit has the type ${type}`);
      if (this.#mode === 0 && end - start > maxPayloadSize)
        throw new RtpError('RTP_BAD_FRAME', `a NAL unit of ${end - start} bytes cannot be cut in packetization mode 0`);
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
      // The header of the unit is not repeated; two bytes stand for it in each fragment.
      this.#parts = Math.ceil((length - 1) / (this.#room - 2));
      this.#part = 0;
      this.#sent = 0;
      return this.#fragment(buffer, offset, unit);
    }
    const count = this.#mode === 0 ? 1 : this.#howManyFit();
    if (count > 1) return this.#aggregate(buffer, offset, count);
    buffer.set(this.#data.subarray(unit.start, unit.end), offset);
    this.#unit++;
    return length;
  }

  get isLast(): boolean {
    return this.#unit >= this.#units.length;
  }

  /** How many units from the next one on fit one STAP-A. */
  #howManyFit(): number {
    let size = 1;
    let count = 0;
    for (let i = this.#unit; i < this.#units.length; i++) {
      const { start, end } = this.#units[i]!;
      size += 2 + end - start;
      if (size > this.#room) break;
      count++;
    }
    return count;
  }

  /** STAP-A (RFC 6184 §5.7.1). */
  #aggregate(buffer: Uint8Array, offset: number, count: number): number {
    const data = this.#data;
    let forbidden = 0;
    let importance = 0;
    let at = offset + 1;
    for (let i = 0; i < count; i++) {
      const { start, end } = this.#units[this.#unit++]!;
      forbidden |= data[start]! & 0x80;
      importance = Math.max(importance, data[start]! & 0x60);
      writeU16(buffer, at, end - start);
      buffer.set(data.subarray(start, end), at + 2);
      at += 2 + end - start;
    }
    buffer[offset] = forbidden | importance | H264_NAL.STAP_A;
    return at - offset;
  }

  /** FU-A (RFC 6184 §5.8). */
  #fragment(buffer: Uint8Array, offset: number, { start, end }: NalRange): number {
    const header = this.#data[start]!;
    const part = evenPart(end - start - 1, this.#parts, this.#part);
    const isFirst = this.#part === 0;
    const isLast = this.#part === this.#parts - 1;
    buffer[offset] = (header & 0xe0) | H264_NAL.FU_A;
    buffer[offset + 1] = (isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | h264NalType(header);
    const from = start + 1 + this.#sent;
    buffer.set(this.#data.subarray(from, from + part), offset + 2);
    this.#sent += part;
    this.#part++;
    if (isLast) {
      this.#parts = 0;
      this.#unit++;
    }
    return 2 + part;
  }
}

/** Room for a fragment of a few bytes. */
const MIN_ROOM = 8;
const EMPTY = new Uint8Array(0);
