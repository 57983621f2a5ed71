import { decodeUtf8, encodeUtf8, MALFORMED, type Malformed, type Reader, type Writer } from '@kaon/wire';

/** Bytes that REALM, NONCE, SOFTWARE and reason phrases may have: fewer than 128 characters (RFC 8489 §14.8 to §14.10). */
export const TEXT_LIMIT = 763;

/**
 * All that is left as UTF-8; ill-formed parts become U+FFFD, since peers do send other encodings. Malformed above
 * `limit` bytes, as received or as they would be written again.
 */
export function readText(value: Reader, limit: number): string | Malformed {
  const length = value.remaining;
  if (length > limit) return MALFORMED;
  const text = decodeUtf8(value.rest());
  // Replacing makes text longer: one stray byte becomes three.
  return length * 3 > limit && text.includes('\ufffd') && encodeUtf8(text).length > limit ? MALFORMED : text;
}

/** Writes UTF-8. Throws RangeError above `limit` bytes. */
export function writeText(value: Writer, text: string, limit: number): void {
  const bytes = encodeUtf8(text);
  if (bytes.length > limit) throw new RangeError(`${bytes.length} bytes of text where ${limit} are the limit`);
  value.bytes(bytes);
}
