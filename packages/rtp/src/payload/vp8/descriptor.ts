import { MALFORMED, type Malformed } from '@kaon/wire';
import { RtpError } from '../../errors.ts';

/**
 * What precedes the frame in each VP8 payload (RFC 7741 §4.2).
 *
 * ```
 *      0 1 2 3 4 5 6 7
 *     +-+-+-+-+-+-+-+-+
 *     |X|R|N|S|R| PID | (REQUIRED)
 *     +-+-+-+-+-+-+-+-+
 * X:  |I|L|T|K| RSV   | (OPTIONAL)
 *     +-+-+-+-+-+-+-+-+
 * I:  |M| PictureID   | (OPTIONAL)
 *     +-+-+-+-+-+-+-+-+
 * M:  |   PictureID   | (OPTIONAL)
 *     +-+-+-+-+-+-+-+-+
 * L:  |   TL0PICIDX   | (OPTIONAL)
 *     +-+-+-+-+-+-+-+-+
 * T/K:|TID|Y| KEYIDX  | (OPTIONAL)
 *     +-+-+-+-+-+-+-+-+
 * ```
 */
export interface Vp8Descriptor {
  /** The frame may be dropped: no other refers to it. */
  readonly nonReference: boolean;
  /** The payload begins a partition. */
  readonly startOfPartition: boolean;
  /** 0 to 7; 0 with `startOfPartition` begins the frame. */
  readonly partitionId: number;
  /** 7 or 15 bits. */
  readonly pictureId?: number | undefined;
  /** Whether the picture id takes 15 bits. */
  readonly longPictureId?: boolean | undefined;
  /** 0 to 255: counts frames of the lowest temporal layer. */
  readonly tl0PicIdx?: number | undefined;
  /** 0 to 3. */
  readonly temporalId?: number | undefined;
  /** With `temporalId`: the frame refers to the lowest layer alone. */
  readonly layerSync?: boolean | undefined;
  /** 0 to 31: the last key frame that a frame depends on. */
  readonly keyIdx?: number | undefined;
}

/** A descriptor as it lies in a payload. */
export interface Vp8DescriptorView extends Vp8Descriptor {
  /** Index of the first byte behind it. */
  readonly end: number;
  /** Where the picture id and TL0PICIDX are, for those who rewrite them; -1: there is none. */
  readonly pictureIdOffset: number;
  readonly tl0PicIdxOffset: number;
}

/** The descriptor at the start of the payload in `bytes[start, end)`, which must have frame bytes behind it. */
export function decodeVp8Descriptor(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): Vp8DescriptorView | Malformed {
  const length = vp8DescriptorLength(bytes, start, end);
  if (length === 0) return MALFORMED;
  const first = bytes[start]!;
  const basics = {
    nonReference: (first & 0x20) !== 0,
    startOfPartition: (first & 0x10) !== 0,
    partitionId: first & 0x07,
    end: start + length,
  };
  if ((first & 0x80) === 0) return { ...basics, pictureIdOffset: -1, tl0PicIdxOffset: -1 };
  const flags = bytes[start + 1]!;
  let at = start + 2;
  const pictureIdOffset = (flags & 0x80) === 0 ? -1 : at;
  const longPictureId = pictureIdOffset >= 0 && (bytes[at]! & 0x80) !== 0;
  if (pictureIdOffset >= 0) at += longPictureId ? 2 : 1;
  const tl0PicIdxOffset = (flags & 0x40) === 0 ? -1 : at++;
  const last = bytes[at]!;
  return {
    ...basics,
    pictureIdOffset,
    tl0PicIdxOffset,
    ...(pictureIdOffset >= 0 && {
      longPictureId,
      pictureId: longPictureId
        ? ((bytes[pictureIdOffset]! & 0x7f) << 8) | bytes[pictureIdOffset + 1]!
        : bytes[pictureIdOffset]!,
    }),
    ...(tl0PicIdxOffset >= 0 && { tl0PicIdx: bytes[tl0PicIdxOffset]! }),
    ...((flags & 0x20) !== 0 && { temporalId: last >>> 6, layerSync: (last & 0x20) !== 0 }),
    ...((flags & 0x10) !== 0 && { keyIdx: last & 0x1f }),
  };
}

/** Length in bytes of the descriptor of the payload in `bytes[start, end)`; 0 when it is cut short or nothing follows it. */
export function vp8DescriptorLength(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return 0;
  let length = 1;
  if ((bytes[start]! & 0x80) !== 0) {
    if (start + 1 >= end) return 0;
    const flags = bytes[start + 1]!;
    length = 2;
    if ((flags & 0x80) !== 0) {
      if (start + 2 >= end) return 0;
      length += (bytes[start + 2]! & 0x80) !== 0 ? 2 : 1;
    }
    if ((flags & 0x40) !== 0) length++;
    if ((flags & 0x30) !== 0) length++;
  }
  return start + length < end ? length : 0;
}

/** Writes a descriptor at `buffer[offset...]` and returns its length, 1 to 6 bytes. Throws RtpError (`RTP_BAD_FRAME`) on fields that do not fit. */
export function writeVp8Descriptor(buffer: Uint8Array, offset: number, descriptor: Vp8Descriptor): number {
  const { pictureId, longPictureId = true, tl0PicIdx, temporalId, layerSync = false, keyIdx } = descriptor;
  check('partitionId', descriptor.partitionId, 7);
  check('pictureId', pictureId, longPictureId ? 0x7fff : 0x7f);
  check('tl0PicIdx', tl0PicIdx, 0xff);
  check('temporalId', temporalId, 3);
  check('keyIdx', keyIdx, 0x1f);
  const flags =
    (pictureId === undefined ? 0 : 0x80) |
    (tl0PicIdx === undefined ? 0 : 0x40) |
    (temporalId === undefined ? 0 : 0x20) |
    (keyIdx === undefined ? 0 : 0x10);
  buffer[offset] =
    (flags === 0 ? 0 : 0x80) |
    (descriptor.nonReference ? 0x20 : 0) |
    (descriptor.startOfPartition ? 0x10 : 0) |
    descriptor.partitionId;
  if (flags === 0) return 1;
  let at = offset + 1;
  buffer[at++] = flags;
  if (pictureId !== undefined) {
    if (longPictureId) buffer[at++] = 0x80 | (pictureId >>> 8);
    buffer[at++] = pictureId;
  }
  if (tl0PicIdx !== undefined) buffer[at++] = tl0PicIdx;
  if ((flags & 0x30) !== 0) buffer[at++] = ((temporalId ?? 0) << 6) | (layerSync ? 0x20 : 0) | (keyIdx ?? 0);
  return at - offset;
}

function check(name: string, value: number | undefined, max: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= 0 && value <= max))
    throw new RtpError('RTP_BAD_FRAME', `VP8 ${name} ${value} is not a whole number from 0 to ${max}`);
}
