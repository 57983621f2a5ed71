/* ec_point_formats (RFC 8422 §5.1.2): ECPointFormat list<1..2^8-1>; only uncompressed (0) is left. */
import { MALFORMED, type Malformed, Reader } from '@kaon/wire';
import { EXTENSION_TYPE, type Extension } from './extension.ts';

/** The only format of RFC 8422. */
export const UNCOMPRESSED = 0;

export function decodeEcPointFormats(data: Uint8Array): readonly number[] | Malformed {
  const reader = new Reader(data);
  const formats = reader.view(reader.u8());
  return reader.failed || reader.remaining > 0 || formats.length === 0 ? MALFORMED : [...formats];
}

export function encodeEcPointFormats(): Extension {
  return { type: EXTENSION_TYPE.ecPointFormats, data: Uint8Array.of(1, UNCOMPRESSED) };
}
