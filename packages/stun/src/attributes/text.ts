import { decodeUtf8, encodeUtf8, MALFORMED, type Malformed, type Reader, type Writer } from '@kaon/wire';

/** Bytes that REALM, NONCE, SOFTWARE and reason phrases may have: fewer than 128 characters (RFC 8489 §14.8 to §14.10). */
export const TEXT_LIMIT = 763;

/** All that is left as UTF-8; ill-formed parts become U+FFFD, since peers do send other encodings. */
export function readText(value: Reader, limit: number): string | Malformed {
  return value.remaining > limit ? MALFORMED : decodeUtf8(value.rest());
}

/** Writes UTF-8. Throws RangeError above `limit` bytes. */
export function writeText(value: Writer, text: string, limit: number): void {
  const bytes = encodeUtf8(text);
  if (bytes.length > limit) throw new RangeError(`${bytes.length} bytes of text where ${limit} are the limit`);
  value.bytes(bytes);
}
