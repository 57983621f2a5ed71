/** Bytes of base64 (RFC 4648 §4), with or without padding; undefined when the text is none. For parameter sets in SDP. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/={1,2}$/, '');
  if (digits.length % 4 === 1) return undefined;
  const bytes = new Uint8Array((digits.length * 3) >>> 2);
  let bits = 0;
  for (let i = 0, at = 0; i < digits.length; i++) {
    const value = ALPHABET.indexOf(digits[i]!);
    if (value < 0) return undefined;
    // 18 bits at most are waiting; older ones have been written.
    bits = ((bits << 6) | value) & 0xff_ffff;
    const whole = ((i + 1) * 6) >>> 3;
    if (whole > at) bytes[at++] = bits >>> (((i + 1) * 6) & 7);
  }
  return bytes;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
