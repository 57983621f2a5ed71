import { FrameBuffer, VideoDepacketizer, type VideoFormat } from '../video.ts';
import { AV1_OBU, leb128Length, MAX_OBUS, readLeb128, readObu, writeLeb128 } from './obu.ts';
import { hasFrameHeader, isKeyFrameHeader, isSent } from './temporal-unit.ts';

/** What an AV1 temporal unit says beyond its bytes. */
export interface Av1Metadata {
  /** N: a new coded video sequence begins. */
  readonly startsSequence: boolean;
  /** Types of its OBUs, in order. */
  readonly obuTypes: readonly number[];
}

/**
 * AV1 (AV1 RTP specification, version 1.0): the OBUs of a temporal unit in the low-overhead format, each with its size, without
 * temporal delimiters.
 */
export function createAv1Depacketizer(): VideoDepacketizer<Av1Metadata> {
  return new VideoDepacketizer(new Av1Format());
}

/** Whether the payload in `bytes[start, end)` begins a new coded video sequence: N is set. For relays, which need no more. */
export function isAv1KeyFrameStart(bytes: Uint8Array, start: number, end: number): boolean {
  return start < end && (bytes[start]! & 0x88) === 0x08;
}

class Av1Format implements VideoFormat<Av1Metadata> {
  /** An OBU whose end has not come yet, as it was sent. */
  readonly #obu = new FrameBuffer();
  readonly #size = new Uint8Array(8);
  #isCut = false;
  #startsSequence = false;
  #keyFrame = false;
  #obuTypes: number[] = [];

  begins(bytes: Uint8Array, start: number, end: number): boolean {
    const header = bytes[start]!;
    // A fragment of something, or surely the beginning.
    if ((header & 0x80) !== 0) return false;
    if ((header & 0x08) !== 0) return true;
    const element = firstElement(bytes, start, end);
    const obu = element < 0 ? undefined : readObu(bytes, element, end);
    if (obu === undefined || obu.spatialId > 0) return false;
    if (obu.type === AV1_OBU.TEMPORAL_DELIMITER) return true;
    // A key frame has its sequence header in front, which would be missing here.
    return hasFrameHeader(obu) && obu.payloadStart < end && !isKeyFrameHeader(bytes, obu.payloadStart);
  }

  append(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number, first: boolean): boolean {
    const header = bytes[start]!;
    if (first) {
      this.#obu.clear();
      this.#isCut = false;
      this.#startsSequence = (header & 0x08) !== 0;
      this.#keyFrame = false;
      this.#obuTypes = [];
    }
    const [continues, goesOn, count] = [(header & 0x80) !== 0, (header & 0x40) !== 0, (header >>> 4) & 3];
    if (continues !== this.#isCut || (continues && (header & 0x08) !== 0)) return false;
    let at = start + 1;
    if (at >= end) return false;
    for (let element = 0; at < end; element++) {
      let elementEnd = end;
      if (count === 0 || element < count - 1) {
        const length = leb128Length(bytes, at, end);
        if (length === 0) return false;
        const size = readLeb128(bytes, at, length);
        at += length;
        elementEnd = at + size;
        if (elementEnd > end) return false;
      }
      const isLast = elementEnd === end;
      // W counts the elements; there may be neither more nor fewer.
      if (count > 0 && isLast !== (element === count - 1)) return false;
      this.#obu.append(bytes, at, elementEnd);
      at = elementEnd;
      if (isLast && goesOn) this.#isCut = true;
      else if (!this.#close(frame)) return false;
      else this.#isCut = false;
    }
    return true;
  }

  finish(frame: FrameBuffer): { keyFrame: boolean; metadata: Av1Metadata } | undefined {
    if (this.#isCut || frame.length === 0) return undefined;
    const keyFrame = this.#keyFrame && this.#obuTypes.includes(AV1_OBU.SEQUENCE_HEADER);
    return { keyFrame, metadata: { startsSequence: this.#startsSequence, obuTypes: this.#obuTypes } };
  }

  /** The OBU is whole: it goes to the frame with its size. */
  #close(frame: FrameBuffer): boolean {
    const { bytes } = this.#obu;
    const obu = readObu(bytes, 0, bytes.length);
    // With a size inside it has to end where the element ends.
    if (obu === undefined || obu.end !== bytes.length || this.#obuTypes.length >= MAX_OBUS) return false;
    if (isSent(obu.type)) {
      this.#obuTypes.push(obu.type);
      if (hasFrameHeader(obu) && obu.payloadStart < obu.end && isKeyFrameHeader(bytes, obu.payloadStart))
        this.#keyFrame = true;
      frame.appendByte(bytes[0]! | HAS_SIZE);
      if (obu.headerLength === 2) frame.appendByte(bytes[1]!);
      frame.append(this.#size, 0, writeLeb128(this.#size, 0, obu.end - obu.payloadStart));
      frame.append(bytes, obu.payloadStart, obu.end);
    }
    this.#obu.clear();
    return true;
  }
}

/** Where the first OBU element begins, or -1. */
function firstElement(bytes: Uint8Array, start: number, end: number): number {
  const at = start + 1;
  if (((bytes[start]! >>> 4) & 3) === 1) return at;
  const length = leb128Length(bytes, at, end);
  return length === 0 ? -1 : at + length;
}

const HAS_SIZE = 0x02;
