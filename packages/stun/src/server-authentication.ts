/** The server's side of the credential mechanisms (RFC 8489 §9.1.3, §9.2.4): who sent this request, or which error answers it. */
import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import type { Mac, RandomSource } from '@kaon/interface/crypto/v1';
import { encodeUtf8, equalBytes } from '@kaon/wire';
import type { Attribute } from './attribute.ts';
import { ERROR } from './attributes/error-code.ts';
import { PASSWORD_ALGORITHM, type PasswordAlgorithmEntry } from './attributes/password-algorithm.ts';
import { TEXT_LIMIT } from './attributes/text.ts';
import { longTermKey, shortTermKey } from './credentials.ts';
import { defaultCrypto, type StunCrypto } from './crypto.ts';
import type { EncodeOptions } from './encode.ts';
import { checkedText, StunError } from './errors.ts';
import { verifyIntegrity, verifyIntegritySha256 } from './integrity.ts';
import { attribute, type StunMessage } from './message.ts';
import { formatNonce } from './nonce.ts';

/** Who may ask: everybody with a short-term credential, or with a long-term one of a realm. */
export type ServerAuthenticationOptions = ShortTermServerOptions | LongTermServerOptions;

/** Short-term credentials, agreed on by other means (RFC 8489 §9.1). */
export interface ShortTermServerOptions {
  readonly mechanism: 'short-term';
  /** The password of a user, undefined for nobody. */
  readonly password: (username: string) => string | undefined;
}

/** Long-term credentials with challenge and response (RFC 8489 §9.2). */
export interface LongTermServerOptions {
  readonly mechanism: 'long-term';
  readonly realm: string;
  /** The password of a user, undefined for nobody. */
  readonly password: (username: string) => string | undefined;
  /** For the secret that nonces are keyed with. */
  readonly random: RandomSource;
  /** How long a nonce is good, in ms. Default 600,000. */
  readonly nonceLifetime?: number | undefined;
}

/** The outcome for one request. */
export type ServerVerdict =
  /** Genuine: encode the response with these options. */
  | { readonly accepted: true; readonly username: string; readonly encodeOptions: EncodeOptions }
  /** Answer with these attributes, an ERROR-CODE first. */
  | { readonly accepted: false; readonly attributes: readonly Attribute[] };

/** Checks requests against one mechanism. Keeps no state per client: nonces are a time and a MAC over it. */
export class ServerAuthentication {
  readonly #options: ServerAuthenticationOptions;
  readonly #crypto: StunCrypto;
  readonly #nonceMac: Mac | undefined;

  constructor(options: ServerAuthenticationOptions, crypto: StunCrypto = defaultCrypto) {
    this.#options = options;
    this.#crypto = crypto;
    if (options.mechanism === 'long-term') {
      checkedText('realm', options.realm, TEXT_LIMIT);
      const lifetime = options.nonceLifetime ?? DEFAULT_NONCE_LIFETIME;
      if (!(lifetime > 0)) throw new StunError('STUN_INVALID_ARGUMENT', 'nonceLifetime must be positive');
      const secret = new Uint8Array(32);
      options.random(secret);
      this.#nonceMac = crypto.mac('SHA-256', secret);
    }
  }

  /** Judges a request from `remote`; `bytes` is its encoding. */
  check(request: StunMessage, bytes: Uint8Array, remote: TransportAddress, now: Instant): ServerVerdict {
    const options = this.#options;
    return options.mechanism === 'short-term'
      ? this.#checkShortTerm(options, request, bytes)
      : this.#checkLongTerm(options, request, bytes, remote, now);
  }

  #checkShortTerm(options: ShortTermServerOptions, request: StunMessage, bytes: Uint8Array): ServerVerdict {
    const username = attribute(request, 'username')?.username;
    if (!hasIntegrity(request) || username === undefined) return refuse(ERROR.BadRequest, 'Bad Request');
    const password = options.password(username);
    const encodeOptions = password === undefined ? undefined : this.#verify(request, bytes, shortTermKey(password));
    if (encodeOptions === undefined) return refuse(ERROR.Unauthenticated, 'Unauthenticated');
    return { accepted: true, username, encodeOptions };
  }

  #checkLongTerm(
    options: LongTermServerOptions,
    request: StunMessage,
    bytes: Uint8Array,
    remote: TransportAddress,
    now: Instant,
  ): ServerVerdict {
    if (!hasIntegrity(request)) return this.#challenge(options, ERROR.Unauthenticated, 'Unauthenticated', remote, now);
    const username = attribute(request, 'username')?.username;
    const realm = attribute(request, 'realm')?.realm;
    const nonce = attribute(request, 'nonce')?.nonce;
    const algorithm = chosenAlgorithm(request);
    if (username === undefined || realm === undefined || nonce === undefined || algorithm === undefined) {
      return refuse(ERROR.BadRequest, 'Bad Request');
    }
    const password = options.password(username);
    const key =
      password === undefined ? undefined : longTermKey(username, options.realm, password, algorithm, this.#crypto);
    const encodeOptions = key === undefined ? undefined : this.#verify(request, bytes, key);
    if (encodeOptions === undefined || realm !== options.realm) {
      return this.#challenge(options, ERROR.Unauthenticated, 'Unauthenticated', remote, now);
    }
    if (!this.#isFresh(options, nonce, remote, now)) {
      return this.#challenge(options, ERROR.StaleNonce, 'Stale Nonce', remote, now);
    }
    return { accepted: true, username, encodeOptions };
  }

  /** How to key the response: by the strongest integrity attribute of the request, if that is right. */
  #verify(request: StunMessage, bytes: Uint8Array, key: Uint8Array): EncodeOptions | undefined {
    const sha256 = attribute(request, 'message-integrity-sha256') !== undefined;
    const mac = this.#crypto.mac(sha256 ? 'SHA-256' : 'SHA-1', key);
    if (sha256) return verifyIntegritySha256(bytes, mac) ? { integritySha256: mac } : undefined;
    return verifyIntegrity(bytes, mac) ? { integrity: mac } : undefined;
  }

  #challenge(
    options: LongTermServerOptions,
    code: number,
    reason: string,
    remote: TransportAddress,
    now: Instant,
  ): ServerVerdict {
    const nonce = this.#nonce(Math.floor(now), remote);
    return {
      accepted: false,
      attributes: [
        { type: 'error-code', code, reason },
        { type: 'realm', realm: options.realm },
        { type: 'nonce', nonce },
        { type: 'password-algorithms', algorithms: OFFERED },
      ],
    };
  }

  #nonce(time: number, remote: TransportAddress): string {
    const stamp = time.toString(36);
    const tag = new Uint8Array(32);
    this.#nonceMac!.sign(tag, encodeUtf8(`${stamp} ${remote.address} ${remote.port}`));
    let digits = '';
    for (const byte of tag.subarray(0, 12)) digits += byte.toString(16).padStart(2, '0');
    return formatNonce({ passwordAlgorithms: true, usernameAnonymity: false }, `${stamp}-${digits}`);
  }

  #isFresh(options: LongTermServerOptions, nonce: string, remote: TransportAddress, now: Instant): boolean {
    const time = Number.parseInt(nonce.slice(NONCE_PREFIX_LENGTH), 36);
    if (!Number.isSafeInteger(time) || nonce !== this.#nonce(time, remote)) return false;
    return now - time <= (options.nonceLifetime ?? DEFAULT_NONCE_LIFETIME);
  }
}

function hasIntegrity(request: StunMessage): boolean {
  return request.attributes.some(({ type }) => type === 'message-integrity' || type === 'message-integrity-sha256');
}

/** The algorithm that a request uses; undefined when it does not send back what was offered (RFC 8489 §9.2.4). */
function chosenAlgorithm(request: StunMessage): 'MD5' | 'SHA-256' | undefined {
  const offered = attribute(request, 'password-algorithms')?.algorithms;
  const chosen = attribute(request, 'password-algorithm');
  if (offered === undefined && chosen === undefined) return 'MD5';
  if (offered === undefined || chosen === undefined || !sameAlgorithms(offered, OFFERED)) return undefined;
  if (!OFFERED.some((entry) => sameAlgorithms([entry], [chosen]))) return undefined;
  return chosen.algorithm === PASSWORD_ALGORITHM.MD5 ? 'MD5' : 'SHA-256';
}

function sameAlgorithms(a: readonly PasswordAlgorithmEntry[], b: readonly PasswordAlgorithmEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every((entry, i) => entry.algorithm === b[i]!.algorithm && equalBytes(entry.parameters, b[i]!.parameters))
  );
}

function refuse(code: number, reason: string): ServerVerdict {
  return { accepted: false, attributes: [{ type: 'error-code', code, reason }] };
}

const OFFERED: readonly PasswordAlgorithmEntry[] = [
  { algorithm: PASSWORD_ALGORITHM['SHA-256'], parameters: new Uint8Array(0) },
  { algorithm: PASSWORD_ALGORITHM.MD5, parameters: new Uint8Array(0) },
];

const DEFAULT_NONCE_LIFETIME = 600_000;
/** `obMatJos2` and four characters of features. */
const NONCE_PREFIX_LENGTH = 13;
