/** The client's side of third-party authorization (RFC 7635): a token of an authorization server in place of a password. */
import type { Mac } from '@kaon/interface/crypto/v1';
import { readU16 } from '@kaon/wire';
import type { Attribute } from './attribute.ts';
import { ERROR } from './attributes/error-code.ts';
import { USERNAME_LIMIT } from './attributes/username.ts';
import { defaultCrypto, type StunCrypto } from './crypto.ts';
import type { EncodeOptions } from './encode.ts';
import { checkedText, StunError } from './errors.ts';
import { verifyIntegrity } from './integrity.ts';
import type { ClientAuthentication } from './long-term.ts';
import { attribute, type StunMessage } from './message.ts';

/** What an authorization server hands out (RFC 7635 §4.1, Appendix B; `RTCOAuthCredential` with its base64 undone). */
export interface OAuthToken {
  /** The `kid`: names the key that the authorization server and the STUN server share. Sent as USERNAME. */
  readonly username: string;
  /** The token as ACCESS-TOKEN carries it: two bytes of nonce length, nonce, encrypted block. */
  readonly accessToken: Uint8Array;
  /** The session key, used as the key of the HMAC as it stands. */
  readonly macKey: Uint8Array;
}

/** Adds a token to requests; used as `LongTermAuthentication` is. */
export class ThirdPartyAuthentication implements ClientAuthentication {
  readonly #token: OAuthToken;
  readonly #nonceLength: number;
  readonly #mac: Mac;
  #realm: string | undefined;
  #nonce = '';
  #serverName: string | undefined;

  /** Throws `StunError` (`STUN_INVALID_ARGUMENT`) for a token that is none, an empty key or a user name of more than 508 bytes. */
  constructor(token: OAuthToken, crypto: StunCrypto = defaultCrypto) {
    checkedText('username', token.username, USERNAME_LIMIT);
    const { length } = token.accessToken;
    this.#nonceLength = length < 2 ? Number.POSITIVE_INFINITY : readU16(token.accessToken, 0);
    if (this.#nonceLength + 2 > length) {
      throw new StunError('STUN_INVALID_ARGUMENT', 'accessToken is shorter than the nonce it announces');
    }
    if (token.macKey.length === 0) throw new StunError('STUN_INVALID_ARGUMENT', 'macKey is empty');
    this.#token = token;
    this.#mac = crypto.mac('SHA-1', token.macKey);
  }

  get challenged(): boolean {
    return this.#realm !== undefined;
  }

  get realm(): string | undefined {
    return this.#realm;
  }

  /** The authorization server that the STUN server named in THIRD-PARTY-AUTHORIZATION. */
  get serverName(): string | undefined {
    return this.#serverName;
  }

  /** As `LongTermAuthentication.handleChallenge`. A second 401 means that the token is refused or has expired (RFC 7635 §9). */
  handleChallenge(response: StunMessage): boolean {
    const code = attribute(response, 'error-code')?.code;
    const nonce = attribute(response, 'nonce')?.nonce;
    const realm = attribute(response, 'realm')?.realm ?? this.#realm;
    if (response.class !== 'error' || nonce === undefined || realm === undefined) return false;
    const stale = code === ERROR.StaleNonce && this.challenged && nonce !== this.#nonce;
    if (!stale && (code !== ERROR.Unauthenticated || realm === this.#realm)) return false;
    this.#serverName = attribute(response, 'third-party-authorization')?.serverName ?? this.#serverName;
    this.#realm = realm;
    this.#nonce = nonce;
    return true;
  }

  attributes(): readonly Attribute[] {
    const { username, accessToken } = this.#token;
    if (this.#realm === undefined) return [];
    return [
      { type: 'username', username },
      { type: 'realm', realm: this.#realm },
      { type: 'nonce', nonce: this.#nonce },
      {
        type: 'access-token',
        nonce: accessToken.subarray(2, 2 + this.#nonceLength),
        encryptedBlock: accessToken.subarray(2 + this.#nonceLength),
      },
    ];
  }

  encodeOptions(): EncodeOptions {
    return this.challenged ? { integrity: this.#mac } : {};
  }

  verify(bytes: Uint8Array): boolean {
    return !this.challenged || verifyIntegrity(bytes, this.#mac);
  }
}
