/** Cryptex (RFC 9335): header extensions and CSRCs are encrypted together with the payload. */
import { readU16, writeU16 } from '@kaon/wire';
import { extensionOffset, hasExtension, RTP_HEADER } from './packet.ts';

/** Stands for the one-byte form 0xBEDE in an encrypted packet (RFC 9335 §5.1). */
const ENCRYPTED_ONE_BYTE = 0xc0de;
/** Stands for the two-byte form 0x1000. */
const ENCRYPTED_TWO_BYTE = 0xc2de;
const ONE_BYTE = 0xbede;
const TWO_BYTE = 0x1000;

/** Whether the packet, whose header is whole, was encrypted by cryptex. */
export function isCryptex(buffer: Uint8Array, start: number): boolean {
  if (!hasExtension(buffer, start)) return false;
  const profile = readU16(buffer, extensionOffset(buffer, start));
  return profile === ENCRYPTED_ONE_BYTE || profile === ENCRYPTED_TWO_BYTE;
}

/** Whether the packet has something in its header that cryptex would hide. */
export function hasHeaderSecrets(buffer: Uint8Array, start: number): boolean {
  return (buffer[start]! & 0x1f) !== 0;
}

/**
 * Marks a plain packet, whose header is whole, as encrypted by cryptex and returns its new end: a packet with CSRCs alone gets an
 * empty header extension (RFC 9335 §5.1), 4 bytes more. -1 when there is nothing to hide, or a header extension of another form.
 */
export function markCryptex(buffer: Uint8Array, start: number, end: number): number {
  if (!hasHeaderSecrets(buffer, start)) return -1;
  const at = extensionOffset(buffer, start);
  if (!hasExtension(buffer, start)) {
    buffer.copyWithin(at + 4, at, end);
    buffer[start]! |= 0x10;
    writeU16(buffer, at, ENCRYPTED_ONE_BYTE);
    writeU16(buffer, at + 2, 0);
    return end + 4;
  }
  const profile = readU16(buffer, at);
  if (profile === ONE_BYTE) writeU16(buffer, at, ENCRYPTED_ONE_BYTE);
  else if (profile === TWO_BYTE) writeU16(buffer, at, ENCRYPTED_TWO_BYTE);
  else return -1;
  return end;
}

/** Gives a decrypted packet the profile back that it had. */
export function unmarkCryptex(buffer: Uint8Array, start: number): void {
  const at = extensionOffset(buffer, start);
  writeU16(buffer, at, readU16(buffer, at) === ENCRYPTED_ONE_BYTE ? ONE_BYTE : TWO_BYTE);
}

/** Moves the first 4 bytes of the header extension in front of the CSRCs, so that what is encrypted is in one piece (RFC 9335 §5.2). */
export function gather(buffer: Uint8Array, start: number): void {
  const first = start + RTP_HEADER;
  const at = extensionOffset(buffer, start);
  if (at === first) return;
  const [a, b, c, d] = [buffer[at]!, buffer[at + 1]!, buffer[at + 2]!, buffer[at + 3]!];
  buffer.copyWithin(first + 4, first, at);
  write4(buffer, first, a, b, c, d);
}

/** Undoes `gather`. */
export function scatter(buffer: Uint8Array, start: number): void {
  const first = start + RTP_HEADER;
  const at = extensionOffset(buffer, start);
  if (at === first) return;
  const [a, b, c, d] = [buffer[first]!, buffer[first + 1]!, buffer[first + 2]!, buffer[first + 3]!];
  buffer.copyWithin(first, first + 4, at + 4);
  write4(buffer, at, a, b, c, d);
}

function write4(buffer: Uint8Array, at: number, a: number, b: number, c: number, d: number): void {
  buffer[at] = a;
  buffer[at + 1] = b;
  buffer[at + 2] = c;
  buffer[at + 3] = d;
}
