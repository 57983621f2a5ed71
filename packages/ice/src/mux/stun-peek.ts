/** What a shared port reads of a STUN message to know whose it is; the message itself is decoded by its connection. */
import { HEADER_LENGTH, isStun } from '@kaon/stun';
import { readU16 } from '@kaon/wire';

/** What a datagram is to a shared port: STUN of some class, or anything else. */
export type DatagramKind = 'request' | 'indication' | 'success' | 'error' | 'other';

/** Looks at the frame only (RFC 8489 §5, RFC 7983). */
export function kindOf(bytes: Uint8Array): DatagramKind {
  if (bytes.length === 0 || bytes[0]! > 3 || !isStun(bytes)) return 'other';
  const { 0: high, 1: low } = bytes;
  return high! & 1 ? (low! & 0x10 ? 'error' : 'success') : low! & 0x10 ? 'indication' : 'request';
}

/** The halves of the USERNAME of a connectivity check (RFC 8445 §7.2.2). */
export interface CheckUsername {
  /** The part before the colon: the fragment of the one who is asked. */
  readonly local: string;
  /** The part behind it: the fragment of the one who asks. Empty where there is none. */
  readonly remote: string;
}

/** The USERNAME of a STUN message; undefined without one, and for one that is no pair of fragments as RFC 8839 §5.4 has them. */
export function checkUsername(bytes: Uint8Array): CheckUsername | undefined {
  for (let at = HEADER_LENGTH; at + 4 <= bytes.length; ) {
    const length = readU16(bytes, at + 2);
    if (length > bytes.length - at - 4) return undefined;
    if (readU16(bytes, at) === USERNAME) return readUsername(bytes, at + 4, at + 4 + length);
    at += 4 + length + (-length & 3);
  }
  return undefined;
}

function readUsername(bytes: Uint8Array, start: number, end: number): CheckUsername | undefined {
  if (end - start > MAX_USERNAME) return undefined;
  let local: string | undefined;
  let text = '';
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === COLON && local === undefined) {
      local = text;
      text = '';
    } else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else return undefined;
  }
  const username = local === undefined ? { local: text, remote: '' } : { local, remote: text };
  return username.local === '' ? undefined : username;
}

const USERNAME = 0x0006;
const COLON = 0x3a;
/** RFC 8489 §14.3: less than 509 bytes. */
const MAX_USERNAME = 508;
