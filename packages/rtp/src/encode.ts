import { writeU16, writeU32 } from '@kaon/wire';
import { RtpError } from './errors.ts';
import {
  BLOCK_HEADER,
  blockLength,
  type ExtensionLayout,
  needsTwoByte,
  writeBlockHeader,
  writeElementHeader,
} from './extension-layout.ts';
import { Memory } from './memory.ts';
import { checkField, FIXED_LENGTH } from './packet.ts';

/** What stands in an RTP header (RFC 3550 §5.1). */
export interface RtpHeader {
  /** Default false. */
  readonly marker?: boolean | undefined;
  /** 0 to 127. */
  readonly payloadType: number;
  /** 0 to 65535. */
  readonly sequenceNumber: number;
  /** In units of the codec's clock rate, 32 bits. */
  readonly timestamp: number;
  readonly ssrc: number;
  /** Up to 15 contributing sources. */
  readonly csrcs?: readonly number[] | undefined;
  /** The P bit, for who writes the padding behind the payload. Default false. */
  readonly padding?: boolean | undefined;
  /** Header extension elements (RFC 8285), in the one-byte form when all of them fit it. */
  readonly extensions?: readonly { readonly id: number; readonly data: Uint8Array }[] | undefined;
  /** Whether elements that need it may bring the two-byte form (RFC 8285 §6). Default true; when false they throw. */
  readonly allowMixed?: boolean | undefined;
  /** A block laid out once for the stream, instead of `extensions`; its data is written as zeros, to be filled in place. */
  readonly layout?: ExtensionLayout | undefined;
  /** A block that is not RFC 8285's, instead of `extensions`; its data is a multiple of four bytes. */
  readonly extensionBlock?: { readonly profile: number; readonly data: Uint8Array } | undefined;
}

/** A header with what is behind it. */
export interface RtpPacketInit extends RtpHeader {
  readonly payload: Uint8Array;
  /** Bytes of padding behind the payload, 0 to 255, its count included. Default 0. */
  readonly paddingLength?: number | undefined;
}

/**
 * A whole packet in new memory, which may be part of a larger `ArrayBuffer`. Throws RtpError when a field or an extension does
 * not fit.
 */
export function encodeRtp(packet: RtpPacketInit): Uint8Array {
  const { payload, paddingLength = 0 } = packet;
  checkField('paddingLength', paddingLength, 255);
  const bytes = memory.allocate(rtpLength(packet, payload.length, paddingLength));
  bytes.set(payload, writeRtpHeader(bytes, 0, packet));
  if (paddingLength > 0) {
    bytes[0] = bytes[0]! | 0x20;
    bytes[bytes.length - 1] = paddingLength;
  }
  return bytes;
}

/** Of the packets that `encodeRtp` makes. */
const memory = new Memory();

/** Bytes of a packet with this header, payload and padding. Throws RtpError for extensions that do not fit. */
export function rtpLength(header: RtpHeader, payloadLength: number, paddingLength = 0): number {
  return FIXED_LENGTH + 4 * (header.csrcs?.length ?? 0) + extensionBlockLength(header) + payloadLength + paddingLength;
}

/**
 * Writes the header at `buffer[offset...]` and returns where the payload goes. Throws RtpError when a field or an extension
 * does not fit, and RangeError when the buffer has no room.
 */
export function writeRtpHeader(buffer: Uint8Array, offset: number, header: RtpHeader): number {
  const { payloadType, sequenceNumber, timestamp, ssrc, csrcs } = header;
  checkField('payloadType', payloadType, 0x7f);
  checkField('sequenceNumber', sequenceNumber, 0xffff);
  checkField('timestamp', timestamp, 0xffff_ffff);
  checkField('ssrc', ssrc, 0xffff_ffff);
  const csrcCount = csrcs === undefined ? 0 : csrcs.length;
  if (csrcCount > 15) throw new RtpError('RTP_BAD_FIELD', `${csrcCount} CSRCs are more than 15`);
  const block = extensionBlockLength(header);
  const end = offset + FIXED_LENGTH + 4 * csrcCount + block;
  if (end > buffer.length) throw new RangeError(`a header of ${end - offset} bytes does not fit the buffer`);
  buffer[offset] = 0x80 | (header.padding === true ? 0x20 : 0) | (block > 0 ? 0x10 : 0) | csrcCount;
  buffer[offset + 1] = (header.marker === true ? 0x80 : 0) | payloadType;
  writeU16(buffer, offset + 2, sequenceNumber);
  writeU32(buffer, offset + 4, timestamp);
  writeU32(buffer, offset + 8, ssrc);
  let at = offset + FIXED_LENGTH;
  for (let i = 0; i < csrcCount; i++, at += 4) {
    checkField('csrc', csrcs![i]!, 0xffff_ffff);
    writeU32(buffer, at, csrcs![i]!);
  }
  if (block > 0) writeExtensionBlock(buffer, at, block, header);
  return end;
}

/** Bytes of the extension block with its own header; 0 without one. */
function extensionBlockLength(header: RtpHeader): number {
  const { extensions, layout, extensionBlock } = header;
  if (layout !== undefined) return layout.length;
  if (extensionBlock !== undefined) return rawBlockLength(extensionBlock);
  if (extensions === undefined || extensions.length === 0) return 0;
  const length = blockLength(extensions, needsTwoByte(extensions, header.allowMixed ?? true));
  if (length > MAX_BLOCK) throw new RtpError('RTP_BAD_EXTENSION', `extensions of ${length} bytes are too long`);
  return length;
}

function writeExtensionBlock(buffer: Uint8Array, start: number, length: number, header: RtpHeader): void {
  const { extensions, layout, extensionBlock } = header;
  if (layout !== undefined) {
    layout.write(buffer, start);
    return;
  }
  if (extensionBlock !== undefined) {
    writeU16(buffer, start, extensionBlock.profile);
    writeU16(buffer, start + 2, extensionBlock.data.length >>> 2);
    buffer.set(extensionBlock.data, start + BLOCK_HEADER);
    return;
  }
  const twoByte = needsTwoByte(extensions!, true);
  writeBlockHeader(buffer, start, length, twoByte);
  let at = start + BLOCK_HEADER;
  for (const { id, data } of extensions!) {
    at = writeElementHeader(buffer, at, id, data.length, twoByte);
    buffer.set(data, at);
    at += data.length;
  }
  buffer.fill(0, at, start + length);
}

function rawBlockLength({ profile, data }: { readonly profile: number; readonly data: Uint8Array }): number {
  checkField('profile', profile, 0xffff);
  if (data.length % 4 !== 0 || data.length > 4 * 0xffff)
    throw new RtpError('RTP_BAD_EXTENSION', `an extension block of ${data.length} bytes is no multiple of four`);
  return BLOCK_HEADER + data.length;
}

/** The length field counts words in 16 bits. */
const MAX_BLOCK = BLOCK_HEADER + 4 * 0xffff;
