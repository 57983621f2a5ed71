import { MALFORMED, type Malformed } from '@kaon/wire';

/** OBU types (AV1 bitstream specification §6.2.2). */
export const AV1_OBU = {
  SEQUENCE_HEADER: 1,
  TEMPORAL_DELIMITER: 2,
  FRAME_HEADER: 3,
  TILE_GROUP: 4,
  METADATA: 5,
  FRAME: 6,
  REDUNDANT_FRAME_HEADER: 7,
  TILE_LIST: 8,
  PADDING: 15,
} as const;

/**
 * Where an OBU lies (AV1 bitstream specification §5.3).
 *
 * ```
 *  0 1 2 3 4 5 6 7
 * +-+-+-+-+-+-+-+-+
 * |F| type  |X|S|R|  F: forbidden, X: an extension follows, S: a size follows
 * +-+-+-+-+-+-+-+-+
 * | TID | SID |   |  with X
 * +-+-+-+-+-+-+-+-+
 * | size (leb128) |  with S
 * ```
 */
export interface Av1Obu {
  readonly type: number;
  /** 0 without an extension. */
  readonly temporalId: number;
  readonly spatialId: number;
  /** Of the header, which is 1 byte long, or 2 with an extension. */
  readonly start: number;
  readonly headerLength: 1 | 2;
  /** Where the payload is, behind header and size. */
  readonly payloadStart: number;
  readonly end: number;
}

/** The OBUs of a temporal unit in the low-overhead format; the last one may lack its size. */
export function splitObus(bytes: Uint8Array, start = 0, end: number = bytes.length): Av1Obu[] | Malformed {
  const obus: Av1Obu[] = [];
  for (let at = start; at < end; ) {
    const obu = readObu(bytes, at, end);
    if (obu === undefined || obus.length >= MAX_OBUS) return MALFORMED;
    obus.push(obu);
    at = obu.end;
  }
  return obus;
}

/** The OBU that begins at `start`; without a size it reaches to `end`. Undefined when it does not fit. */
export function readObu(bytes: Uint8Array, start: number, end: number): Av1Obu | undefined {
  if (start >= end) return undefined;
  const first = bytes[start]!;
  const headerLength = (first & 0x04) !== 0 ? 2 : 1;
  if ((first & 0x80) !== 0 || start + headerLength > end) return undefined;
  const extension = headerLength === 2 ? bytes[start + 1]! : 0;
  let payloadStart = start + headerLength;
  let obuEnd = end;
  if ((first & 0x02) !== 0) {
    const length = leb128Length(bytes, payloadStart, end);
    if (length === 0) return undefined;
    obuEnd = payloadStart + length + readLeb128(bytes, payloadStart, length);
    payloadStart += length;
    if (obuEnd > end) return undefined;
  }
  const type = (first >>> 3) & 0x0f;
  const [temporalId, spatialId] = [extension >>> 5, (extension >>> 3) & 3];
  return { type, temporalId, spatialId, start, headerLength, payloadStart, end: obuEnd };
}

/** Bytes of the leb128 number at `start`, 1 to 5 for what fits 32 bits; 0 when it is cut short or too large. */
export function leb128Length(bytes: Uint8Array, start: number, end: number): number {
  for (let length = 1; length <= 5 && start + length <= end; length++) {
    if ((bytes[start + length - 1]! & 0x80) === 0) return length;
  }
  return 0;
}

/** The leb128 number in the `length` bytes at `start` (AV1 bitstream specification §4.10.5). */
export function readLeb128(bytes: Uint8Array, start: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 128 + (bytes[start + i]! & 0x7f);
  return value;
}

/** Bytes that `writeLeb128` writes. */
export function leb128Size(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes a number as leb128 and returns its length. */
export function writeLeb128(buffer: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) buffer[at++] = 0x80 | (rest % 128);
  buffer[at++] = rest;
  return at - offset;
}

/** OBUs in a temporal unit at most; more is an attack on memory. */
export const MAX_OBUS = 4096;
