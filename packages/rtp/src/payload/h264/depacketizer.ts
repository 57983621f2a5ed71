import { readU16 } from '@kaon/wire';
import { appendNal, appendStartCode } from '../annex-b.ts';
import { type FrameBuffer, VideoDepacketizer, type VideoFormat } from '../video.ts';
import { H264_NAL, h264NalType } from './nal.ts';

/** What an H.264 access unit says beyond its bytes. */
export interface H264Metadata {
  /** Types of its NAL units, in order (ITU-T H.264 table 7-1). */
  readonly nalTypes: readonly number[];
}

/** How H.264 is put together. */
export interface H264DepacketizerOptions {
  /**
   * Parameter sets from signaling (`sprop-parameter-sets`), as NAL units without start codes. They are put in front of each key
   * frame that brings none itself. Without them, an IDR picture behind a gap counts as whole only with its own parameter sets:
   * they may have been in the packet that is missing.
   */
  readonly parameterSets?: readonly Uint8Array[] | undefined;
}

/**
 * H.264 (RFC 6184) in packetization modes 0 and 1: single NAL units, STAP-A and FU-A become access units in Annex B. What belongs
 * to the interleaved mode is malformed, since nobody agrees to it.
 */
export function createH264Depacketizer(options: H264DepacketizerOptions = {}): VideoDepacketizer<H264Metadata> {
  return new VideoDepacketizer(new H264Format(options.parameterSets ?? []));
}

/**
 * Whether the payload in `bytes[start, end)` belongs to the start of a key frame: a parameter set, or the first part of an IDR
 * slice. For relays, which need no more.
 */
export function isH264KeyFrameStart(bytes: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  const type = h264NalType(bytes[start]!);
  if (type === H264_NAL.STAP_A) {
    for (let at = start + 1; at + 2 < end; ) {
      if (isKeyType(h264NalType(bytes[at + 2]!))) return true;
      at += 2 + readU16(bytes, at);
    }
    return false;
  }
  if (type === H264_NAL.FU_A)
    return start + 1 < end && (bytes[start + 1]! & 0x80) !== 0 && isKeyType(h264NalType(bytes[start + 1]!));
  return isKeyType(type);
}

class H264Format implements VideoFormat<H264Metadata> {
  readonly #parameterSets: readonly Uint8Array[];
  #nalTypes: number[] = [];
  /** A fragmented unit has begun and not ended. */
  #isCut = false;

  constructor(parameterSets: readonly Uint8Array[]) {
    this.#parameterSets = parameterSets;
  }

  begins(bytes: Uint8Array, start: number, end: number): boolean {
    const type = h264NalType(bytes[start]!);
    if (type === H264_NAL.STAP_A) return start + 4 < end && this.#beginsPicture(bytes[start + 3]!, bytes[start + 4]!);
    if (type === H264_NAL.FU_A && (bytes[start + 1]! & 0x80) === 0) return false;
    const unit = type === H264_NAL.FU_A ? start + 1 : start;
    return unit + 1 < end && this.#beginsPicture(bytes[unit]!, bytes[unit + 1]!);
  }

  append(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number, first: boolean): boolean {
    if (first) {
      this.#nalTypes = [];
      this.#isCut = false;
    }
    const type = h264NalType(bytes[start]!);
    if (type === H264_NAL.FU_A) return this.#fragment(frame, bytes, start, end);
    if (this.#isCut) return false;
    if (type === H264_NAL.STAP_A) return this.#aggregate(frame, bytes, start + 1, end);
    return this.#unit(frame, bytes, start, end);
  }

  finish(frame: FrameBuffer): { keyFrame: boolean; metadata: H264Metadata } | undefined {
    const nalTypes = this.#nalTypes;
    if (this.#isCut || frame.length === 0) return undefined;
    const keyFrame = nalTypes.includes(H264_NAL.IDR);
    if (keyFrame && this.#parameterSets.length > 0 && !nalTypes.includes(H264_NAL.SPS)) {
      const rest = frame.take();
      for (const set of this.#parameterSets) appendNal(frame, set, 0, set.length);
      frame.append(rest, 0, rest.length);
    }
    return { keyFrame, metadata: { nalTypes } };
  }

  /**
   * Whether a unit surely begins an access unit: one that stands first, or a slice whose first_mb_in_slice is 0 (ITU-T H.264
   * §7.4.1.2.3). What may stand behind a parameter set does not, unless we have the sets.
   */
  #beginsPicture(header: number, next: number): boolean {
    const type = h264NalType(header);
    if (type === H264_NAL.SPS || type === H264_NAL.AUD) return true;
    if (type === H264_NAL.SLICE) return (next & 0x80) !== 0;
    if (this.#parameterSets.length === 0) return false;
    return type === H264_NAL.SEI || (type === H264_NAL.IDR && (next & 0x80) !== 0);
  }

  #unit(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number): boolean {
    const type = h264NalType(bytes[start]!);
    if (type === 0 || type > 23 || this.#nalTypes.length >= MAX_UNITS) return false;
    appendNal(frame, bytes, start, end);
    this.#nalTypes.push(type);
    return true;
  }

  #aggregate(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at + 2 <= end) {
      const length = readU16(bytes, at);
      const from = at + 2;
      at = from + length;
      if (length === 0 || at > end || !this.#unit(frame, bytes, from, at)) return false;
    }
    return at === end && at > start;
  }

  #fragment(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < 3) return false;
    const header = bytes[start + 1]!;
    const [isFirst, isLast] = [(header & 0x80) !== 0, (header & 0x40) !== 0];
    const type = h264NalType(header);
    if (isFirst === this.#isCut || type === 0 || type > 23 || this.#nalTypes.length >= MAX_UNITS) return false;
    if (isFirst) {
      appendStartCode(frame);
      frame.appendByte((bytes[start]! & 0xe0) | type);
      this.#nalTypes.push(type);
    }
    frame.append(bytes, start + 2, end);
    this.#isCut = !isLast;
    return true;
  }
}

function isKeyType(type: number): boolean {
  return type === H264_NAL.IDR || type === H264_NAL.SPS;
}

/** NAL units in an access unit at most; more is an attack on memory. */
const MAX_UNITS = 4096;
