/** The server's side of the credential mechanisms (RFC 8489 §9.1.3, §9.2.4): who sent this request, or which error answers it. */
import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import { equalBytes } from '@kaon/wire';
import type { Attribute } from './attribute.ts';
import { ERROR } from './attributes/error-code.ts';
import { PASSWORD_ALGORITHM, type PasswordAlgorithmEntry } from './attributes/password-algorithm.ts';
import { TEXT_LIMIT } from './attributes/text.ts';
import { longTermKey, shortTermKey } from './credentials.ts';
import { defaultCrypto, type StunCrypto } from './crypto.ts';
import type { EncodeOptions } from './encode.ts';
import { checkedText } from './errors.ts';
import { verifyIntegrity, verifyIntegritySha256 } from './integrity.ts';
import { attribute, type StunMessage } from './message.ts';
import { ServerNonces } from './server-nonces.ts';

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
  readonly #nonces: ServerNonces | undefined;

  constructor(options: ServerAuthenticationOptions, crypto: StunCrypto = defaultCrypto) {
    this.#options = options;
    this.#crypto = crypto;
    if (options.mechanism === 'long-term') {
      checkedText('realm', options.realm, TEXT_LIMIT);
      this.#nonces = new ServerNonces(options.random, options.nonceLifetime, crypto);
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
    if (!this.#nonces!.isFresh(nonce, remote, now)) {
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
    const nonce = this.#nonces!.issue(remote, now);
    return {
      accepted: false,
      attributes: [
        { type: 'error-code', code, reason },
        { type: 'realm', realm: options.realm },
        { type: 'nonce', nonce },
        { type: 'password-algorithms', algorithms: OFFERED_PASSWORD_ALGORITHMS },
      ],
    };
  }
}

function hasIntegrity(request: StunMessage): boolean {
  return request.attributes.some(({ type }) => type === 'message-integrity' || type === 'message-integrity-sha256');
}

/**
 * The algorithm that a request's key was made by; undefined when it does not send back what was offered, which is
 * `OFFERED_PASSWORD_ALGORITHMS` (RFC 8489 §9.2.4).
 */
export function chosenAlgorithm(request: StunMessage): 'MD5' | 'SHA-256' | undefined {
  const offered = attribute(request, 'password-algorithms')?.algorithms;
  const chosen = attribute(request, 'password-algorithm');
  if (offered === undefined && chosen === undefined) return 'MD5';
  if (offered === undefined || chosen === undefined || !sameAlgorithms(offered, OFFERED_PASSWORD_ALGORITHMS))
    return undefined;
  if (!OFFERED_PASSWORD_ALGORITHMS.some((entry) => sameAlgorithms([entry], [chosen]))) return undefined;
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

/** What a challenge of ours offers: SHA-256, then MD5. */
export const OFFERED_PASSWORD_ALGORITHMS: readonly PasswordAlgorithmEntry[] = [
  { algorithm: PASSWORD_ALGORITHM['SHA-256'], parameters: new Uint8Array(0) },
  { algorithm: PASSWORD_ALGORITHM.MD5, parameters: new Uint8Array(0) },
];
