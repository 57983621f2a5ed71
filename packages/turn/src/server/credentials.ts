/** Time-limited credentials (draft-uberti-behave-turn-rest): a web service makes them, the server checks them without a database. */
import { defaultCrypto, type StunCrypto } from '@kaon/stun';
import { encodeUtf8 } from '@kaon/wire';

/** Username and password as `RTCIceServer` wants them. */
export interface TimeLimitedCredentials {
  /** When it expires in seconds since the Unix epoch, a colon, and the user. */
  readonly username: string;
  readonly credential: string;
}

/**
 * Credentials for `user` (may be empty) that allocations can be made with for `ttl` seconds. `secret` is one of the server's
 * `secrets`; `wallClock` is the time in ms since the Unix epoch, such as `Date.now()`.
 */
export function timeLimitedCredentials(
  secret: string,
  user: string,
  ttl: number,
  wallClock: number,
  crypto: StunCrypto = defaultCrypto,
): TimeLimitedCredentials {
  const expiry = Math.floor(wallClock / 1000) + ttl;
  const username = user === '' ? `${expiry}` : `${expiry}:${user}`;
  return { username, credential: timeLimitedPassword(secret, username, crypto) };
}

/** The password that goes with a username: base64 of HMAC-SHA1 over it. */
export function timeLimitedPassword(secret: string, username: string, crypto: StunCrypto): string {
  const tag = new Uint8Array(20);
  crypto.mac('SHA-1', encodeUtf8(secret)).sign(tag, encodeUtf8(username));
  return base64(tag);
}

/** Expiry (ms since the Unix epoch) and user in such a username; undefined when it is another kind of name. */
export function timeLimitedUser(username: string): { readonly expiry: number; readonly user: string } | undefined {
  const match = /^([0-9]{1,12})(?::(.*))?$/s.exec(username);
  return match === null ? undefined : { expiry: Number(match[1]) * 1000, user: match[2] ?? '' };
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const word = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += DIGITS[word >> 18]! + DIGITS[(word >> 12) & 63]!;
    text += (left > 1 ? DIGITS[(word >> 6) & 63]! : '=') + (left > 2 ? DIGITS[word & 63]! : '=');
  }
  return text;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
