/** The few ASN.1 types that a self-signed certificate is made of, written as DER (X.690). */

/** SEQUENCE of what is given, each already DER. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return element(0x30, ...parts);
}

/** SET of one element, which needs no sorting. */
export function setOfOne(part: Uint8Array): Uint8Array<ArrayBuffer> {
  return element(0x31, part);
}

/** `[tag]` around `part`, explicit and constructed. */
export function explicit(tag: number, part: Uint8Array): Uint8Array<ArrayBuffer> {
  return element(0xa0 | tag, part);
}

/** INTEGER, not negative, from big-endian bytes of any length. */
export function unsignedInteger(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  return (digits[0] ?? 0) < 0x80 && digits.length > 0 ? element(0x02, digits) : element(0x02, Uint8Array.of(0), digits);
}

/** BIT STRING of whole bytes. */
export function bitString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return element(0x03, Uint8Array.of(0), bytes);
}

/** NULL. */
export function nothing(): Uint8Array<ArrayBuffer> {
  return element(0x05);
}

/** OBJECT IDENTIFIER from its dotted text. */
export function objectIdentifier(dotted: string): Uint8Array<ArrayBuffer> {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return element(0x06, Uint8Array.from(bytes));
}

/** UTF8String. */
export function utf8String(text: string): Uint8Array<ArrayBuffer> {
  return element(0x0c, new TextEncoder().encode(text));
}

/** UTCTime up to the year 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). `epoch` in milliseconds, cut to seconds. */
export function time(epoch: number): Uint8Array<ArrayBuffer> {
  const digits = new Date(epoch).toISOString().replace(/[-:T]|\.\d+/g, '');
  const short = Number(digits.slice(0, 4)) < 2050;
  return element(short ? 0x17 : 0x18, new TextEncoder().encode(short ? digits.slice(2) : digits));
}

/** Ecdsa-Sig-Value (RFC 3279 §2.2.3) from r and s one after the other, as WebCrypto gives them. */
export function ecdsaSignature(rs: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = rs.length / 2;
  return sequence(unsignedInteger(rs.subarray(0, half)), unsignedInteger(rs.subarray(half)));
}

/** Tag, length (up to 65535, more than a certificate of ours can have) and contents. */
function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  const out = new Uint8Array(header.length + length);
  out.set(header);
  let at = header.length;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
