/** Who sent a request: long-term credentials, time-limited ones, and tokens (RFC 8489 §9.2.4, RFC 7635). */
import type { Instant, Path } from '@kaon/interface/core/v1';
import {
  attribute,
  chosenAlgorithm,
  type EncodeOptions,
  ERROR,
  formatTransactionId,
  longTermKey,
  type ServerNonces,
  type StunMessage,
} from '@kaon/stun';
import { openAccessToken } from './access-tokens.ts';
import type { Allocation } from './allocation.ts';
import { timeLimitedPassword, timeLimitedUser } from './credentials.ts';
import type { Credential } from './options.ts';
import { SessionKey } from './session-key.ts';
import type { Settings } from './settings.ts';

/** A user who has proven to be one. */
export interface AuthenticatedUser {
  readonly username: string;
  /** Name that quotas count for. */
  readonly user: string;
  readonly key: SessionKey;
  /** How to key what is answered. */
  readonly encodeOptions: EncodeOptions;
  /** When the credential ends for allocations too; Infinity but for tokens. */
  readonly notAfter: Instant;
}

/** What came out. */
export type Verdict =
  | { readonly type: 'accepted'; readonly user: AuthenticatedUser }
  | { readonly type: 'refused'; readonly code: number; readonly isChallenge: boolean }
  /** The application must be asked. */
  | { readonly type: 'unknown'; readonly username: string };

/** Judges requests. Keeps nothing; the cheapest tests come first. */
export class Authenticator {
  /** Of time-limited credentials, newest first. */
  secrets: readonly string[];
  readonly #settings: Settings;
  readonly #nonces: ServerNonces;
  /** Whom unknown users are compared with, so that they are not refused sooner than known ones with a wrong password. */
  readonly #nobody: Credential;

  constructor(settings: Settings, nonces: ServerNonces) {
    this.#settings = settings;
    this.#nonces = nonces;
    this.secrets = settings.secrets;
    const password = new Uint8Array(12);
    settings.random(password);
    this.#nobody = { password: formatTransactionId(password) };
  }

  /** `known` is the allocation that the request is about; its key is tried first. */
  check(request: StunMessage, bytes: Uint8Array, path: Path, known: Allocation | undefined, now: Instant): Verdict {
    const sha1 = attribute(request, 'message-integrity');
    if (sha1 === undefined && attribute(request, 'message-integrity-sha256') === undefined) {
      return UNAUTHENTICATED;
    }
    const username = attribute(request, 'username')?.username;
    const realm = attribute(request, 'realm')?.realm;
    const nonce = attribute(request, 'nonce')?.nonce;
    const algorithm = chosenAlgorithm(request);
    if (username === undefined || realm === undefined || nonce === undefined || algorithm === undefined) {
      return { type: 'refused', code: ERROR.BadRequest, isChallenge: false };
    }
    // Before any key is made: who has no nonce of ours shall not make us work.
    if (!this.#nonces.isFresh(nonce, path.remote, now)) {
      return { type: 'refused', code: ERROR.StaleNonce, isChallenge: true };
    }
    if (realm !== this.#settings.realm) return UNAUTHENTICATED;
    // A token is looked at each time: a newer one prolongs what the client has.
    const hasToken = attribute(request, 'access-token') !== undefined;
    if (known !== undefined && known.username === username && !hasToken) {
      const encodeOptions =
        known.key.algorithm === undefined || known.key.algorithm === algorithm
          ? known.key.verify(request, bytes)
          : undefined;
      if (encodeOptions !== undefined) {
        const { account, key, notAfter } = known;
        return { type: 'accepted', user: { username, user: account.user, key, encodeOptions, notAfter } };
      }
    }
    if (hasToken) return this.#checkToken(request, bytes, username, now);
    const timeLimited = this.#checkTimeLimited(request, bytes, username, algorithm, now);
    if (timeLimited !== undefined) return timeLimited;
    const { authenticate } = this.#settings;
    if (authenticate === 'event') return { type: 'unknown', username };
    return this.checkCredential(request, bytes, username, authenticate?.(username, this.#settings.realm));
  }

  /** Goes on where `check` said `unknown`. */
  checkCredential(
    request: StunMessage,
    bytes: Uint8Array,
    username: string,
    credential: Credential | undefined,
  ): Verdict {
    const algorithm = chosenAlgorithm(request);
    if (algorithm === undefined) return UNAUTHENTICATED;
    if (credential === undefined) {
      this.checkCredential(request, bytes, username, this.#nobody);
      return UNAUTHENTICATED;
    }
    const key =
      'password' in credential
        ? this.#derive(username, credential.password, algorithm)
        : algorithm === 'MD5'
          ? credential.md5Key
          : credential.sha256Key;
    if (key === undefined) return UNAUTHENTICATED;
    return this.#verify(
      request,
      bytes,
      username,
      credential.user ?? username,
      key,
      algorithm,
      Number.POSITIVE_INFINITY,
    );
  }

  #derive(username: string, password: string, algorithm: 'MD5' | 'SHA-256'): Uint8Array {
    return longTermKey(username, this.#settings.realm, password, algorithm, this.#settings.crypto);
  }

  /** Undefined when the username is none of these, or no secret fits: it may still be a plain user. */
  #checkTimeLimited(
    request: StunMessage,
    bytes: Uint8Array,
    username: string,
    algorithm: 'MD5' | 'SHA-256',
    now: Instant,
  ): Verdict | undefined {
    const { secrets } = this;
    const { crypto, wallClock } = this.#settings;
    const name = secrets.length === 0 ? undefined : timeLimitedUser(username);
    if (name === undefined || name.expiry <= wallClock(now)) return undefined;
    for (const secret of secrets) {
      const key = this.#derive(username, timeLimitedPassword(secret, username, crypto), algorithm);
      const user = name.user === '' ? username : name.user;
      const verdict = this.#verify(request, bytes, username, user, key, algorithm, Number.POSITIVE_INFINITY);
      if (verdict.type === 'accepted') return verdict;
    }
    return undefined;
  }

  #checkToken(request: StunMessage, bytes: Uint8Array, kid: string, now: Instant): Verdict {
    const { oauth, crypto, wallClock } = this.#settings;
    const key = oauth?.keys.find((one) => one.kid === kid);
    if (oauth === undefined || key === undefined) return UNAUTHENTICATED;
    const token = attribute(request, 'access-token')!;
    const content = openAccessToken(token, key, oauth.serverName, { aead: crypto.aead! });
    if (content === undefined) return UNAUTHENTICATED;
    const today = wallClock(now);
    // RFC 7635 §4.1.1: clocks may differ by a few seconds.
    if (Math.abs(today - content.timestamp) >= content.lifetime * 1000 + TOKEN_SLACK) return UNAUTHENTICATED;
    const notAfter = now + Math.max(0, content.timestamp + content.lifetime * 1000 + TOKEN_SLACK - today);
    // One key id serves many users: the token itself is who this is.
    return this.#verify(request, bytes, kid, kid, content.macKey, undefined, notAfter);
  }

  #verify(
    request: StunMessage,
    bytes: Uint8Array,
    username: string,
    user: string,
    key: Uint8Array,
    algorithm: 'MD5' | 'SHA-256' | undefined,
    notAfter: Instant,
  ): Verdict {
    const sessionKey = new SessionKey(key, algorithm, this.#settings.crypto);
    const encodeOptions = sessionKey.verify(request, bytes);
    if (encodeOptions === undefined) return UNAUTHENTICATED;
    return { type: 'accepted', user: { username, user, key: sessionKey, encodeOptions, notAfter } };
  }
}

const UNAUTHENTICATED: Verdict = { type: 'refused', code: ERROR.Unauthenticated, isChallenge: true };
/** Milliseconds that clocks may differ by (RFC 7635 §4.1.1). */
const TOKEN_SLACK = 5000;
