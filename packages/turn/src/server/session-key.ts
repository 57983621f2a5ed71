import type { Mac } from '@kaon/interface/crypto/v1';
import {
  attribute,
  type EncodeOptions,
  type StunCrypto,
  type StunMessage,
  verifyIntegrity,
  verifyIntegritySha256,
} from '@kaon/stun';

/** The key of one user, with the HMACs made from it once. */
export class SessionKey {
  readonly #bytes: Uint8Array;
  readonly #crypto: StunCrypto;
  /** How it was made from a password; undefined for a token's key. */
  readonly algorithm: 'MD5' | 'SHA-256' | undefined;
  #sha1: Mac | undefined = undefined;
  #sha256: Mac | undefined = undefined;

  constructor(bytes: Uint8Array, algorithm: 'MD5' | 'SHA-256' | undefined, crypto: StunCrypto) {
    this.#bytes = bytes;
    this.algorithm = algorithm;
    this.#crypto = crypto;
  }

  /** How to key the answer, by the strongest integrity attribute of the request (RFC 8489 §9.2.4); undefined when it is wrong. */
  verify(request: StunMessage, bytes: Uint8Array): EncodeOptions | undefined {
    if (attribute(request, 'message-integrity-sha256') !== undefined) {
      this.#sha256 ??= this.#crypto.mac('SHA-256', this.#bytes);
      return verifyIntegritySha256(bytes, this.#sha256) ? { integritySha256: this.#sha256 } : undefined;
    }
    this.#sha1 ??= this.#crypto.mac('SHA-1', this.#bytes);
    return verifyIntegrity(bytes, this.#sha1) ? { integrity: this.#sha1 } : undefined;
  }
}
