import type { Aead } from '@kaon/interface/crypto/v1';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';

/** ChaCha20-Poly1305 (RFC 8439) by the library; the cipher has no key schedule to keep. */
export class ChaCha20Poly1305 implements Aead {
  readonly tagLength = 16;
  readonly #key: Uint8Array;

  /** `key` has 32 bytes. */
  constructor(key: Uint8Array) {
    this.#key = key.slice();
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const sealed = chacha20poly1305(this.#key, nonce, aad).encrypt(buffer.subarray(start, end));
    buffer.set(sealed, start);
    return start + sealed.length;
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    if (end - start < this.tagLength) return -1;
    try {
      const opened = chacha20poly1305(this.#key, nonce, aad).decrypt(buffer.subarray(start, end));
      buffer.set(opened, start);
      return start + opened.length;
    } catch {
      return -1;
    }
  }

  dispose(): void {
    this.#key.fill(0);
  }
}
