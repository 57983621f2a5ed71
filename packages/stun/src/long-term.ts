/** The client's side of the long-term credential mechanism (RFC 8489 §9.2): what a challenge asks for, and the reply to it. */
import type { Mac } from '@kaon/interface/crypto/v1';
import type { Attribute } from './attribute.ts';
import { ERROR } from './attributes/error-code.ts';
import { PASSWORD_ALGORITHM, type PasswordAlgorithmEntry } from './attributes/password-algorithm.ts';
import { USERNAME_LIMIT } from './attributes/username.ts';
import { longTermKey, userHash } from './credentials.ts';
import { defaultCrypto, type StunCrypto } from './crypto.ts';
import type { EncodeOptions } from './encode.ts';
import { checkedText } from './errors.ts';
import { verifyIntegrity, verifyIntegritySha256 } from './integrity.ts';
import { attribute, type StunMessage } from './message.ts';
import { nonceFeatures } from './nonce.ts';

/** A user name and a password for a STUN or TURN server. */
export interface LongTermCredentials {
  readonly username: string;
  readonly password: string;
}

/** What a client needs of a mechanism with challenge and response: `LongTermAuthentication`, or `ThirdPartyAuthentication`. */
export interface ClientAuthentication {
  /** Whether the server has asked for credentials, so that requests carry them. */
  readonly challenged: boolean;
  /** The realm that the server named. */
  readonly realm: string | undefined;
  /** Takes an error response; true: the request is worth another try. */
  handleChallenge(response: StunMessage): boolean;
  /** What to append to a request. */
  attributes(): readonly Attribute[];
  /** How to encode a request. */
  encodeOptions(): EncodeOptions;
  /** Whether a response to such a request is genuine. */
  verify(bytes: Uint8Array): boolean;
}

/**
 * Holds what a server has told about its realm and adds credentials to requests. Use: send the request bare; on an
 * error response ask `handleChallenge` whether to try again; if so, send a new request with `attributes` appended and
 * `encodeOptions` applied, and check its response with `verify`.
 */
export class LongTermAuthentication implements ClientAuthentication {
  readonly #credentials: LongTermCredentials;
  readonly #crypto: StunCrypto;
  #challenge: Challenge | undefined;

  /** Throws `StunError` (`STUN_INVALID_ARGUMENT`) for a user name of more than 508 bytes. */
  constructor(credentials: LongTermCredentials, crypto: StunCrypto = defaultCrypto) {
    checkedText('username', credentials.username, USERNAME_LIMIT);
    this.#credentials = credentials;
    this.#crypto = crypto;
  }

  /** Whether the server has asked for credentials, so that requests carry them. */
  get challenged(): boolean {
    return this.#challenge !== undefined;
  }

  /** The realm that the server named. */
  get realm(): string | undefined {
    return this.#challenge?.realm;
  }

  /**
   * Takes a 401 (Unauthenticated) or 438 (Stale Nonce) response. True: the request is worth another try. False: the
   * response is none of these or incomplete, the credentials were refused already, or the nonce announces password
   * algorithms that the response does not have (a bid-down attack, RFC 8489 §9.2.5.1).
   */
  handleChallenge(response: StunMessage): boolean {
    const code = attribute(response, 'error-code')?.code;
    const nonce = attribute(response, 'nonce')?.nonce;
    if (response.class !== 'error' || nonce === undefined) return false;
    if (code === ERROR.StaleNonce && this.#challenge !== undefined) {
      if (nonce === this.#challenge.nonce) return false;
      return this.#accept(response, nonce, attribute(response, 'realm')?.realm ?? this.#challenge.realm);
    }
    const realm = attribute(response, 'realm')?.realm;
    if (code !== ERROR.Unauthenticated || realm === undefined) return false;
    // Refused although it had credentials for this realm: they are wrong.
    if (this.#challenge !== undefined && this.#challenge.realm === realm) return false;
    return this.#accept(response, nonce, realm);
  }

  /** What to append to a request: user name, realm, nonce, and the password algorithms where the server has them. */
  attributes(): readonly Attribute[] {
    const challenge = this.#challenge;
    if (challenge === undefined) return [];
    const { username } = this.#credentials;
    const user: Attribute = challenge.anonymous
      ? { type: 'userhash', hash: userHash(username, challenge.realm, this.#crypto) }
      : { type: 'username', username };
    const plain: Attribute[] = [
      user,
      { type: 'realm', realm: challenge.realm },
      { type: 'nonce', nonce: challenge.nonce },
    ];
    if (challenge.offered === undefined) return plain;
    return [
      ...plain,
      { type: 'password-algorithms', algorithms: challenge.offered },
      { type: 'password-algorithm', algorithm: challenge.algorithm, parameters: new Uint8Array(0) },
    ];
  }

  /** How to encode a request: with the integrity attribute that the server understands. */
  encodeOptions(): EncodeOptions {
    const challenge = this.#challenge;
    if (challenge === undefined) return {};
    return challenge.offered === undefined ? { integrity: challenge.mac } : { integritySha256: challenge.mac };
  }

  /** Whether a response to such a request is genuine. Before any challenge everything is, since nothing was keyed. */
  verify(bytes: Uint8Array): boolean {
    const challenge = this.#challenge;
    if (challenge === undefined) return true;
    return challenge.offered === undefined
      ? verifyIntegrity(bytes, challenge.mac)
      : verifyIntegritySha256(bytes, challenge.mac);
  }

  #accept(response: StunMessage, nonce: string, realm: string): boolean {
    const features = nonceFeatures(nonce);
    const offered = attribute(response, 'password-algorithms')?.algorithms;
    if (features.passwordAlgorithms && offered === undefined) return false;
    const known = features.passwordAlgorithms ? offered : undefined;
    const chosen = known?.find((entry) => NAMES.has(entry.algorithm) && entry.parameters.length === 0);
    if (known !== undefined && chosen === undefined) return false;
    const algorithm = chosen?.algorithm ?? PASSWORD_ALGORITHM.MD5;
    const { username, password } = this.#credentials;
    const key = longTermKey(username, realm, password, NAMES.get(algorithm), this.#crypto);
    this.#challenge = {
      realm,
      nonce,
      offered: known,
      algorithm,
      anonymous: features.usernameAnonymity,
      mac: this.#crypto.mac(known === undefined ? 'SHA-1' : 'SHA-256', key),
    };
    return true;
  }
}

interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  /** PASSWORD-ALGORITHMS, to be sent back unchanged; undefined for a server of RFC 5389. */
  readonly offered: readonly PasswordAlgorithmEntry[] | undefined;
  readonly algorithm: number;
  readonly anonymous: boolean;
  readonly mac: Mac;
}

const NAMES: ReadonlyMap<number, 'MD5' | 'SHA-256'> = new Map([
  [PASSWORD_ALGORITHM.MD5, 'MD5'],
  [PASSWORD_ALGORITHM['SHA-256'], 'SHA-256'],
]);
