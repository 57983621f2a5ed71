import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { MALFORMED, type Malformed, readU16, readU32, writeU16, writeU32 } from '@kaon/wire';
import { RtpError } from './errors.ts';
import {
  countUnknown,
  elementLength,
  findElement,
  isTwoByteProfile,
  listElements,
  ONE_BYTE_PROFILE,
} from './extension-block.ts';

/**
 * One RTP packet (RFC 3550 §5.1): a view over its bytes, read and changed in place, never resized.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                           timestamp                           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           synchronization source (SSRC) identifier            |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |            contributing source (CSRC) identifiers             |
 * |                             ....                              |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * A packet made without bytes is empty until `reset` gives it some; one object may be reset and used again.
 */
export class RtpPacket implements RtpPacketView {
  #bytes: Uint8Array;
  #payloadOffset = 0;
  #payloadEnd = 0;
  /** First byte of the data of the extension block, behind its four byte header; 0: there is none. */
  #extensionStart = 0;

  /** Throws RtpError (`RTP_MALFORMED`) when `bytes` are given and are no RTP packet; `decodeRtp` does not throw. */
  constructor(bytes?: Uint8Array) {
    this.#bytes = EMPTY;
    if (bytes !== undefined && !this.reset(bytes)) throw malformed();
  }

  /** Makes this the view of another packet. False when `bytes` are no RTP packet; then nothing has changed. */
  reset(bytes: Uint8Array): boolean {
    const { length } = bytes;
    if (length < FIXED_LENGTH) return false;
    const first = bytes[0]!;
    if (first >>> 6 !== 2) return false;
    let payloadOffset = FIXED_LENGTH + 4 * (first & 0x0f);
    let extensionStart = 0;
    if ((first & 0x10) !== 0) {
      extensionStart = payloadOffset + 4;
      if (extensionStart > length) return false;
      payloadOffset = extensionStart + 4 * ((bytes[extensionStart - 2]! << 8) | bytes[extensionStart - 1]!);
    }
    if (payloadOffset > length) return false;
    let payloadEnd = length;
    if ((first & 0x20) !== 0) {
      // RFC 3550 §A.1: the count includes itself and lies inside what is behind the header.
      const padding = bytes[length - 1]!;
      payloadEnd = length - padding;
      if (padding === 0 || payloadEnd < payloadOffset) return false;
    }
    this.#bytes = bytes;
    this.#payloadOffset = payloadOffset;
    this.#payloadEnd = payloadEnd;
    this.#extensionStart = extensionStart;
    return true;
  }

  /** The whole packet and nothing else, header first. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Always 2; 0 in a packet without bytes. */
  get version(): number {
    return this.#bytes[0]! >>> 6;
  }

  /** The P bit. */
  get padding(): boolean {
    return (this.#bytes[0]! & 0x20) !== 0;
  }

  /** The X bit. */
  get hasExtension(): boolean {
    return (this.#bytes[0]! & 0x10) !== 0;
  }

  get csrcCount(): number {
    return this.#bytes[0]! & 0x0f;
  }

  get marker(): boolean {
    return (this.#bytes[1]! & 0x80) !== 0;
  }

  set marker(marker: boolean) {
    this.#bytes[1] = (this.#bytes[1]! & 0x7f) | (marker ? 0x80 : 0);
  }

  /** 0 to 127. */
  get payloadType(): number {
    return this.#bytes[1]! & 0x7f;
  }

  set payloadType(payloadType: number) {
    checkField('payloadType', payloadType, 0x7f);
    this.#bytes[1] = (this.#bytes[1]! & 0x80) | payloadType;
  }

  /** 0 to 65535. */
  get sequenceNumber(): number {
    return readU16(this.#bytes, 2);
  }

  set sequenceNumber(sequenceNumber: number) {
    checkField('sequenceNumber', sequenceNumber, 0xffff);
    writeU16(this.#bytes, 2, sequenceNumber);
  }

  /** In units of the codec's clock rate, 32 bits. */
  get timestamp(): number {
    return readU32(this.#bytes, 4);
  }

  set timestamp(timestamp: number) {
    checkField('timestamp', timestamp, 0xffff_ffff);
    writeU32(this.#bytes, 4, timestamp);
  }

  get ssrc(): number {
    return readU32(this.#bytes, 8);
  }

  set ssrc(ssrc: number) {
    checkField('ssrc', ssrc, 0xffff_ffff);
    writeU32(this.#bytes, 8, ssrc);
  }

  /** Length in bytes of everything before the payload. */
  get headerLength(): number {
    return this.#payloadOffset;
  }

  /** Index of the first byte of the payload. */
  get payloadOffset(): number {
    return this.#payloadOffset;
  }

  /** One past the last byte of the payload; padding is behind it. */
  get payloadEnd(): number {
    return this.#payloadEnd;
  }

  /** The payload as a view, without padding. */
  get payload(): Uint8Array {
    return this.#bytes.subarray(this.#payloadOffset, this.#payloadEnd);
  }

  /** Bytes of padding behind the payload, its count included. */
  get paddingLength(): number {
    return this.#bytes.length - this.#payloadEnd;
  }

  /** The contributing source at `index`; undefined where there is none. */
  csrc(index: number): number | undefined {
    return index >= 0 && index < this.csrcCount ? readU32(this.#bytes, FIXED_LENGTH + 4 * index) : undefined;
  }

  /** "Defined by profile" of the extension block: 0xBEDE and 0x100x are RFC 8285's. Undefined without a block. */
  get extensionProfile(): number | undefined {
    return this.#extensionStart === 0 ? undefined : readU16(this.#bytes, this.#extensionStart - 4);
  }

  /** The data of the extension block as a view, of whatever profile it is. Undefined without a block. */
  get extensionData(): Uint8Array | undefined {
    return this.#extensionStart === 0 ? undefined : this.#bytes.subarray(this.#extensionStart, this.#payloadOffset);
  }

  /** Index in `bytes` of the data of the element with this id (RFC 8285), or -1. The first one counts. */
  extensionOffset(id: number): number {
    const start = this.#extensionStart;
    if (start === 0) return -1;
    return findElement(this.#bytes, readU16(this.#bytes, start - 4), start, this.#payloadOffset, id);
  }

  /** Length in bytes of the data of the element with this id, or -1. An element in the two-byte form may have none. */
  extensionLength(id: number): number {
    const offset = this.extensionOffset(id);
    return offset < 0 ? -1 : elementLength(this.#bytes, readU16(this.#bytes, this.#extensionStart - 4), offset);
  }

  /** The data of the element with this id as a view, or undefined. */
  extension(id: number): Uint8Array | undefined {
    const offset = this.extensionOffset(id);
    if (offset < 0) return undefined;
    const length = elementLength(this.#bytes, readU16(this.#bytes, this.#extensionStart - 4), offset);
    return this.#bytes.subarray(offset, offset + length);
  }

  /** All elements of the block, in its order, data as views. Empty for a profile that is not RFC 8285's. */
  extensions(): readonly { readonly id: number; readonly data: Uint8Array }[] {
    const start = this.#extensionStart;
    if (start === 0) return [];
    return listElements(this.#bytes, readU16(this.#bytes, start - 4), start, this.#payloadOffset);
  }

  /** How many elements have an id that was not agreed on: one at which `known`, of 256 bytes, is 0. */
  unknownExtensions(known: Uint8Array): number {
    const start = this.#extensionStart;
    if (start === 0) return 0;
    return countUnknown(this.#bytes, readU16(this.#bytes, start - 4), start, this.#payloadOffset, known);
  }

  /** Whether the elements have two-byte headers: `two-byte`; `one-byte`; undefined without a block of RFC 8285. */
  get extensionForm(): 'one-byte' | 'two-byte' | undefined {
    const profile = this.extensionProfile;
    if (profile === ONE_BYTE_PROFILE) return 'one-byte';
    return profile !== undefined && isTwoByteProfile(profile) ? 'two-byte' : undefined;
  }
}

/** A view of `bytes`, which must not be resized or used for something else while it is in use. Never throws. */
export function decodeRtp(bytes: Uint8Array): RtpPacket | Malformed {
  const packet = new RtpPacket();
  return packet.reset(bytes) ? packet : MALFORMED;
}

/** As `decodeRtp`, but throws RtpError (`RTP_MALFORMED`). For bytes that no peer sent. */
export function parseRtp(bytes: Uint8Array): RtpPacket {
  return new RtpPacket(bytes);
}

/**
 * Whether a packet on a port that RTP and RTCP share is RTCP: its second byte is 192 to 223 (RFC 5761 §4). The packet starts
 * at `start`.
 */
export function isRtcp(bytes: Uint8Array, start = 0): boolean {
  return (bytes[start + 1]! & 0xe0) === 0xc0;
}

/** Throws RtpError (`RTP_BAD_FIELD`) unless `value` is an integer from 0 to `max`. */
export function checkField(name: string, value: number, max: number): void {
  if (!(value >= 0 && value <= max) || !Number.isInteger(value))
    throw new RtpError('RTP_BAD_FIELD', `${name} ${value} is not a whole number from 0 to ${max}`);
}

function malformed(): RtpError {
  return new RtpError('RTP_MALFORMED', 'these bytes are no RTP packet');
}

/** Bytes of the header before the CSRCs. */
export const FIXED_LENGTH = 12;
const EMPTY = new Uint8Array(0);
