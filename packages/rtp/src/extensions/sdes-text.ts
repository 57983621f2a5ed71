import { MALFORMED, type Malformed } from '@kaon/wire';
import { RtpError } from '../errors.ts';

/** SDES items as header extensions (RFC 7941): the text and nothing else. */

/** The text when every character is one that `allowed` lists, at least one and at most 255; otherwise `Malformed`. */
export function readText(
  bytes: Uint8Array,
  offset: number,
  length: number,
  allowed: (code: number) => boolean,
): string | Malformed {
  if (length < 1 || length > MAX_LENGTH) return MALFORMED;
  let text = '';
  for (let i = offset; i < offset + length; i++) {
    const code = bytes[i]!;
    if (!allowed(code)) return MALFORMED;
    text += String.fromCharCode(code);
  }
  return text;
}

/** Writes the text at `buffer[offset...]` and returns its length. Throws RtpError (`RTP_BAD_EXTENSION`) for other characters. */
export function writeText(
  buffer: Uint8Array,
  offset: number,
  text: string,
  name: string,
  allowed: (code: number) => boolean,
): number {
  if (text.length < 1 || text.length > MAX_LENGTH)
    throw new RtpError('RTP_BAD_EXTENSION', `a ${name} has 1 to ${MAX_LENGTH} characters, not ${text.length}`);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!allowed(code))
      throw new RtpError('RTP_BAD_EXTENSION', `${name} '${text}' has a character that is not allowed`);
    buffer[offset + i] = code;
  }
  return text.length;
}

/** The characters of a token (RFC 8866 §9), which is what a mid is made of. */
export function isTokenCharacter(code: number): boolean {
  return code > 0x20 && code < 0x7f && !'"(),/:;<=>?@[\\]'.includes(String.fromCharCode(code));
}

/** Letters and digits (RFC 8852 §3.1), and the `-` and `_` that SDP allows in a rid (RFC 8851 §10). */
export function isRidCharacter(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2d ||
    code === 0x5f
  );
}

/** What an element can hold (RFC 8285 §4.3). */
const MAX_LENGTH = 255;
