/**
 * Nonces that a server need not remember: a time, and a MAC over it and the client's IP address. Not its port: a TURN client
 * uses the nonce of one connection on others (RFC 6062 §4.3).
 */
import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import type { Mac, RandomSource } from '@kaon/interface/crypto/v1';
import { encodeUtf8 } from '@kaon/wire';
import { defaultCrypto, type StunCrypto } from './crypto.ts';
import { StunError } from './errors.ts';
import { formatNonce } from './nonce.ts';

/** Makes and recognises nonces of one server. */
export class ServerNonces {
  readonly #mac: Mac;
  readonly #lifetime: number;

  /** `lifetime` in ms, 600,000 by default. Throws `StunError` (`STUN_INVALID_ARGUMENT`) when it is not positive. */
  constructor(random: RandomSource, lifetime: number = DEFAULT_NONCE_LIFETIME, crypto: StunCrypto = defaultCrypto) {
    if (!(lifetime > 0)) throw new StunError('STUN_INVALID_ARGUMENT', 'nonceLifetime must be positive');
    const secret = new Uint8Array(32);
    random(secret);
    this.#mac = crypto.mac('SHA-256', secret);
    this.#lifetime = lifetime;
  }

  /**
   * A nonce for a client. With `passwordAlgorithms` it announces them (RFC 8489 §9.2); without, it is as short as can be,
   * about 20 characters, for answers that must be short.
   */
  issue(remote: TransportAddress, now: Instant, passwordAlgorithms = true): string {
    return this.#nonce(Math.floor(now), remote, passwordAlgorithms);
  }

  /** Whether this server gave `nonce` to `remote` and its time is not over. */
  isFresh(nonce: string, remote: TransportAddress, now: Instant): boolean {
    const passwordAlgorithms = nonce.startsWith(COOKIE);
    const time = Number.parseInt(passwordAlgorithms ? nonce.slice(COOKIE.length) : nonce, 36);
    if (!Number.isSafeInteger(time) || nonce !== this.#nonce(time, remote, passwordAlgorithms)) return false;
    return now - time <= this.#lifetime;
  }

  #nonce(time: number, remote: TransportAddress, passwordAlgorithms: boolean): string {
    const stamp = time.toString(36);
    const tag = new Uint8Array(32);
    const text = `${stamp} ${remote.address}`;
    this.#mac.sign(tag, encodeUtf8(passwordAlgorithms ? text : `${text} short`));
    let digits = '';
    if (!passwordAlgorithms) {
      for (const byte of tag.subarray(0, 10)) digits += DIGITS[byte & 63];
      return `${stamp}-${digits}`;
    }
    for (const byte of tag.subarray(0, 12)) digits += byte.toString(16).padStart(2, '0');
    return formatNonce({ passwordAlgorithms: true, usernameAnonymity: false }, `${stamp}-${digits}`);
  }
}

const DEFAULT_NONCE_LIFETIME = 600_000;
/** `obMatJos2` and four characters of features. */
const COOKIE: string = formatNonce({ passwordAlgorithms: true, usernameAnonymity: false }, '');
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_~';
