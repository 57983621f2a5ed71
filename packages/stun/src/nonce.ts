/**
 * The nonce cookie (RFC 8489 §9.2): a NONCE that begins with `obMatJos2` goes on with four characters of base64, 24 bits
 * that say what the server supports. Since integrity covers the NONCE, nobody on the path can take a feature away.
 */

/** What a server can announce in its nonce (RFC 8489 §18.1). */
export interface NonceFeatures {
  /** Bit 0: the server sends PASSWORD-ALGORITHMS. */
  readonly passwordAlgorithms: boolean;
  /** Bit 1: the server takes USERHASH in place of USERNAME. */
  readonly usernameAnonymity: boolean;
}

/** The features in a nonce; none in a nonce without the cookie. */
export function nonceFeatures(nonce: string): NonceFeatures {
  const cookie = COOKIE_PATTERN.exec(nonce);
  if (cookie === null) return { passwordAlgorithms: false, usernameAnonymity: false };
  // Bits count from the left, so the first two are the top of the first character's six.
  const first = BASE64.indexOf(cookie[1]!);
  return { passwordAlgorithms: (first & 0x20) !== 0, usernameAnonymity: (first & 0x10) !== 0 };
}

/** A nonce that announces `features` and goes on with `rest`. */
export function formatNonce(features: NonceFeatures, rest: string): string {
  const first = (features.passwordAlgorithms ? 0x20 : 0) | (features.usernameAnonymity ? 0x10 : 0);
  return `obMatJos2${BASE64[first]}AAA${rest}`;
}

const COOKIE_PATTERN = /^obMatJos2([A-Za-z0-9+/])[A-Za-z0-9+/]{3}/;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
