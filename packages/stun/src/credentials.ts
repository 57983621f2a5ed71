/** Keys of the short-term and long-term credential mechanisms (RFC 8489 §9). */
import { encodeUtf8 } from '@kaon/wire';
import { defaultCrypto, type StunCrypto } from './crypto.ts';

/** The HMAC key of a short-term credential: the prepared password (RFC 8489 §9.1.1). ICE uses this one. */
export function shortTermKey(password: string): Uint8Array {
  return encodeUtf8(opaqueString(password));
}

/** The HMAC key of a long-term credential (RFC 8489 §9.2.2): 16 bytes by MD5 (default), 32 by SHA-256. */
export function longTermKey(
  username: string,
  realm: string,
  password: string,
  algorithm: 'MD5' | 'SHA-256' = 'MD5',
  crypto: Pick<StunCrypto, 'hash'> = defaultCrypto,
): Uint8Array {
  const text = `${username}:${opaqueString(realm)}:${opaqueString(password)}`;
  return crypto.hash(algorithm).update(encodeUtf8(text)).digest();
}

/** The value of USERHASH, 32 bytes (RFC 8489 §14.4). */
export function userHash(
  username: string,
  realm: string,
  crypto: Pick<StunCrypto, 'hash'> = defaultCrypto,
): Uint8Array {
  const text = `${opaqueString(username)}:${opaqueString(realm)}`;
  return crypto.hash('SHA-256').update(encodeUtf8(text)).digest();
}

/**
 * Prepares text by the OpaqueString profile (RFC 8265 §4.2): every space becomes U+0020, then NFC. Text that the
 * profile forbids (control characters, nothing at all) is passed on: it is for the server to refuse a credential.
 */
export function opaqueString(text: string): string {
  return text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}
