import type { Aead, AeadName, CounterMode, CryptoProvider, HashName, Mac } from '@kaon/interface/crypto/v1';
import { gcm, unsafe } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';

/** The slices of a crypto provider that SRTP uses. Without `counterMode` the portable one does AES in counter mode. */
export type SrtpCrypto = Pick<CryptoProvider, 'aead' | 'mac' | 'counterMode'>;

/**
 * The crypto that a session uses when none is given: `@noble/*`, pure JavaScript, for any runtime. It has what SRTP needs and no
 * more: AES-GCM, AES in counter mode, HMAC-SHA1. A runtime's own provider is many times faster.
 */
export const portableCrypto: Required<SrtpCrypto> = {
  aead(name: AeadName, key: Uint8Array): Aead {
    const length = name === 'AES-128-GCM' ? 16 : 32;
    if (name === 'CHACHA20-POLY1305') throw new RangeError('SRTP has no profile with ChaCha20-Poly1305');
    if (key.length !== length) throw new RangeError(`${name} has keys of ${length} bytes, not ${key.length}`);
    return new PortableGcm(key);
  },

  mac(name: HashName, key: Uint8Array): Mac {
    if (name !== 'SHA-1') throw new RangeError(`SRTP has no use for HMAC with ${name}`);
    const keyed = hmac.create(sha1, key);
    return {
      length: keyed.outputLen,
      sign(out, ...parts) {
        const state = keyed.clone();
        for (const part of parts) state.update(part);
        out.set(state.digest());
      },
    };
  },

  counterMode(key: Uint8Array): CounterMode {
    if (key.length !== 16 && key.length !== 32) throw new RangeError(`AES has no keys of ${key.length} bytes here`);
    return new PortableCounterMode(key);
  },
};

const TAG_LENGTH = 16;

class PortableGcm implements Aead {
  readonly tagLength: number = TAG_LENGTH;
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key.slice();
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    buffer.set(gcm(this.#key, nonce, aad).encrypt(buffer.slice(start, end)), start);
    return end + TAG_LENGTH;
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    if (end - start < TAG_LENGTH) return -1;
    try {
      buffer.set(gcm(this.#key, nonce, aad).decrypt(buffer.slice(start, end)), start);
      return end - TAG_LENGTH;
    } catch {
      return -1;
    }
  }

  dispose(): void {
    this.#key.fill(0);
  }
}

class PortableCounterMode implements CounterMode {
  readonly #key: ReturnType<typeof unsafe.expandKeyLE>;
  readonly #counter = new Uint8Array(16);
  /** The library wants aligned memory, which packets are not: key stream is made here. */
  #zeros = new Uint8Array(2048);
  #stream = new Uint8Array(2048);

  constructor(key: Uint8Array) {
    this.#key = unsafe.expandKeyLE(key);
  }

  apply(counter: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const size = (length + 15) & ~15;
    if (size > this.#stream.length) {
      this.#zeros = new Uint8Array(2 * size);
      this.#stream = new Uint8Array(2 * size);
    }
    this.#counter.set(counter);
    const stream = this.#stream;
    unsafe.ctr32(this.#key, false, this.#counter, this.#zeros.subarray(0, size), stream.subarray(0, size));
    for (let i = 0; i < length; i++) buffer[start + i]! ^= stream[i]!;
  }

  dispose(): void {
    this.#key.fill(0);
    this.#stream.fill(0);
  }
}
