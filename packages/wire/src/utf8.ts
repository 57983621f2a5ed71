/**
 * UTF-8 without `TextEncoder`, which the core libraries' compiler settings do not know.
 * Lone surrogates become U+FFFD, as in WHATWG Encoding.
 */
export function encodeUtf8(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 3);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      out[at++] = code;
      continue;
    }
    if (code >= 0xd800 && code <= 0xdfff) {
      const low = code < 0xdc00 ? text.charCodeAt(i + 1) : Number.NaN;
      if (low >= 0xdc00 && low <= 0xdfff) {
        i++;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        out[at++] = 0xf0 | (code >> 18);
        out[at++] = 0x80 | ((code >> 12) & 0x3f);
        out[at++] = 0x80 | ((code >> 6) & 0x3f);
        out[at++] = 0x80 | (code & 0x3f);
        continue;
      }
      code = 0xfffd;
    }
    if (code < 0x800) {
      out[at++] = 0xc0 | (code >> 6);
    } else {
      out[at++] = 0xe0 | (code >> 12);
      out[at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    out[at++] = 0x80 | (code & 0x3f);
  }
  return out.slice(0, at);
}

/** Decodes UTF-8; each maximal ill-formed part becomes one U+FFFD (WHATWG Encoding). Never throws. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  let i = 0;
  while (i < bytes.length) {
    const first = bytes[i++]!;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      continue;
    }
    const needed =
      first >= 0xc2 && first <= 0xdf ? 1 : (first & 0xf0) === 0xe0 ? 2 : first >= 0xf0 && first <= 0xf4 ? 3 : 0;
    if (needed === 0) {
      text += '\ufffd';
      continue;
    }
    let code = first & (0x3f >> needed);
    // The first continuation byte has a narrower range where longer or surrogate forms would begin (RFC 3629 §4).
    let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    let left = needed;
    while (left > 0 && i < bytes.length && bytes[i]! >= low && bytes[i]! <= high) {
      code = (code << 6) | (bytes[i++]! & 0x3f);
      low = 0x80;
      high = 0xbf;
      left--;
    }
    text += left > 0 ? '\ufffd' : String.fromCodePoint(code);
  }
  return text;
}
