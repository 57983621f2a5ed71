/** The few forms of DER (ITU-T X.690) that a signature needs around itself. */

/** SEQUENCE of parts that are DER already. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tagged(0x30, parts);
}

/** BIT STRING without unused bits. */
export function bitString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return tagged(0x03, [new Uint8Array(1), bytes]);
}

/** Ecdsa-Sig-Value (RFC 3279 §2.2.3) from r and s one after the other, as WebCrypto gives them. */
export function ecdsaSignature(rs: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = rs.length / 2;
  return sequence(integer(rs.subarray(0, half)), integer(rs.subarray(half)));
}

/** INTEGER from big-endian bytes that mean no negative number. */
function integer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  const isHigh = ((digits[0] ?? 0) & 0x80) !== 0;
  return tagged(0x02, isHigh ? [new Uint8Array(1), digits] : [digits]);
}

function tagged(tag: number, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = [tag, ...lengthOctets(length)];
  const out = new Uint8Array(header.length + length);
  out.set(header);
  let at = header.length;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Definite form, the shortest (ITU-T X.690 §10.1). */
function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) octets.unshift(rest & 0xff);
  return [0x80 | octets.length, ...octets];
}
