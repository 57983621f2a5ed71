import { readU16 } from '@kaon/wire';
import type { FrameBuffer, VideoFormat } from '../video.ts';
import { appendNal, appendStartCode } from './annex-b.ts';
import type { NalCodec } from './codec.ts';

/** What an access unit of NAL units says beyond its bytes. */
export interface NalMetadata {
  /** Types of its NAL units, in order (ITU-T H.264 table 7-1, H.265 table 7-1). */
  readonly nalTypes: readonly number[];
}

/**
 * Payloads of NAL units, alone, together or in fragments, become access units in Annex B. What belongs to interleaved modes is
 * malformed, since nobody agrees to it. `parameterSets` are put in front of key frames that bring none.
 */
export class NalFormat implements VideoFormat<NalMetadata> {
  readonly #codec: NalCodec;
  readonly #parameterSets: readonly Uint8Array[];
  readonly #header: Uint8Array;
  #nalTypes: number[] = [];
  /** A fragmented unit has begun and not ended. */
  #isCut = false;

  constructor(codec: NalCodec, parameterSets: readonly Uint8Array[]) {
    this.#codec = codec;
    this.#parameterSets = parameterSets;
    this.#header = new Uint8Array(codec.headerLength);
  }

  begins(bytes: Uint8Array, start: number, end: number): boolean {
    const codec = this.#codec;
    const { headerLength } = codec;
    if (end - start <= headerLength) return false;
    const type = codec.type(bytes, start);
    if (type === codec.aggregationType) {
      const unit = start + headerLength + 2;
      return unit + headerLength < end && this.#beginsPicture(codec.type(bytes, unit), bytes[unit + headerLength]!);
    }
    if (type !== codec.fragmentType) return this.#beginsPicture(type, bytes[start + headerLength]!);
    const header = bytes[start + headerLength]!;
    if (end - start <= headerLength + 1) return false;
    return (header & 0x80) !== 0 && this.#beginsPicture(codec.fragmentedType(header), bytes[start + headerLength + 1]!);
  }

  append(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number, first: boolean): boolean {
    if (first) {
      this.#nalTypes = [];
      this.#isCut = false;
    }
    const { headerLength, aggregationType, fragmentType } = this.#codec;
    if (end - start <= headerLength) return false;
    const type = this.#codec.type(bytes, start);
    if (type === fragmentType) return this.#fragment(frame, bytes, start, end);
    if (this.#isCut) return false;
    if (type === aggregationType) return this.#aggregate(frame, bytes, start + headerLength, end);
    return this.#unit(frame, bytes, start, end);
  }

  finish(frame: FrameBuffer): { keyFrame: boolean; metadata: NalMetadata } | undefined {
    const codec = this.#codec;
    const nalTypes = this.#nalTypes;
    if (this.#isCut || frame.length === 0) return undefined;
    const keyFrame = nalTypes.some((type) => codec.isKey(type));
    if (keyFrame && this.#parameterSets.length > 0 && !nalTypes.some((type) => codec.isParameterSet(type))) {
      const rest = frame.take();
      for (const set of this.#parameterSets) appendNal(frame, set, 0, set.length);
      frame.append(rest, 0, rest.length);
    }
    return { keyFrame, metadata: { nalTypes } };
  }

  /**
   * Whether a unit surely begins an access unit: one that stands first, or the first slice of a picture, whose first bit of
   * payload says so in both codecs. What may stand behind a parameter set does not, unless we have the sets.
   */
  #beginsPicture(type: number, firstByte: number): boolean {
    const codec = this.#codec;
    if (codec.isFirst(type)) return true;
    const isFirstSlice = (firstByte & 0x80) !== 0;
    return isFirstSlice && (codec.isDeltaSlice(type) || (this.#parameterSets.length > 0 && codec.isKey(type)));
  }

  #unit(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number): boolean {
    const { headerLength } = this.#codec;
    if (end - start <= headerLength || !this.#note(this.#codec.type(bytes, start))) return false;
    appendNal(frame, bytes, start, end);
    return true;
  }

  #aggregate(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at + 2 <= end) {
      const from = at + 2;
      at = from + readU16(bytes, at);
      if (at > end || !this.#unit(frame, bytes, from, at)) return false;
    }
    return at === end && at > start;
  }

  #fragment(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number): boolean {
    const codec = this.#codec;
    const { headerLength } = codec;
    if (end - start < headerLength + 2) return false;
    const header = bytes[start + headerLength]!;
    const isFirst = (header & 0x80) !== 0;
    if (isFirst === this.#isCut) return false;
    if (isFirst) {
      if (!this.#note(codec.fragmentedType(header))) return false;
      codec.restoreHeader(this.#header, bytes, start);
      appendStartCode(frame);
      frame.append(this.#header, 0, headerLength);
    }
    frame.append(bytes, start + headerLength + 1, end);
    this.#isCut = (header & 0x40) === 0;
    return true;
  }

  #note(type: number): boolean {
    const { headerLength, maxType } = this.#codec;
    if (type > maxType || (type === 0 && headerLength === 1) || this.#nalTypes.length >= MAX_UNITS) return false;
    this.#nalTypes.push(type);
    return true;
  }
}

/** Whether the payload belongs to the start of a key frame: a parameter set, or the first part of a slice of one. For relays. */
export function isNalKeyFrameStart(codec: NalCodec, bytes: Uint8Array, start: number, end: number): boolean {
  const { headerLength, aggregationType, fragmentType } = codec;
  if (end - start <= headerLength) return false;
  const type = codec.type(bytes, start);
  if (type === aggregationType) {
    for (let at = start + headerLength; at + 2 + headerLength <= end; at += 2 + readU16(bytes, at)) {
      const each = codec.type(bytes, at + 2);
      if (codec.isKey(each) || codec.isParameterSet(each)) return true;
    }
    return false;
  }
  if (type !== fragmentType) return codec.isKey(type) || codec.isParameterSet(type);
  const header = bytes[start + headerLength]!;
  return (header & 0x80) !== 0 && codec.isKey(codec.fragmentedType(header));
}

/** NAL units in an access unit at most; more is an attack on memory. */
const MAX_UNITS = 4096;
