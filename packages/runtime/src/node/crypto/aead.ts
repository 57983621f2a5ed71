import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  getCiphers,
  type KeyObject,
} from 'node:crypto';
import type { Aead, AeadName } from '@kaon/interface/crypto/v1';
import { RuntimeError } from '../../errors.ts';

const TAG_LENGTH = 16;

/** Names of `node:crypto`. Its types have overloads for ChaCha20-Poly1305 whose calls are the same as those for GCM. */
const CIPHER: Readonly<Record<AeadName, CipherGCMTypes>> = {
  'AES-128-GCM': 'aes-128-gcm',
  'AES-256-GCM': 'aes-256-gcm',
  'CHACHA20-POLY1305': 'chacha20-poly1305' as CipherGCMTypes,
};

/**
 * An AEAD by OpenSSL, one cipher object per packet. Throws RangeError on a key of the wrong length and
 * `RUNTIME_UNSUPPORTED_CIPHER` where the platform lacks the cipher.
 */
export function createAead(name: AeadName, key: Uint8Array): Aead {
  const length = name === 'AES-128-GCM' ? 16 : 32;
  if (key.length !== length) throw new RangeError(`${name} takes a key of ${length} bytes, not ${key.length}`);
  if (name === 'CHACHA20-POLY1305' && !hasChaCha()) {
    throw new RuntimeError('RUNTIME_UNSUPPORTED_CIPHER', 'This platform has no ChaCha20-Poly1305.');
  }
  return new NodeAead(name, key);
}

class NodeAead implements Aead {
  readonly tagLength = TAG_LENGTH;
  readonly #cipher: CipherGCMTypes;
  // With bytes instead of a key object Node 24 takes four times as long for each packet.
  readonly #key: KeyObject;
  readonly #options = { authTagLength: TAG_LENGTH };

  constructor(name: AeadName, key: Uint8Array) {
    this.#cipher = CIPHER[name];
    this.#key = createSecretKey(key);
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const cipher = createCipheriv(this.#cipher, this.#key, nonce, this.#options);
    cipher.setAAD(aad, { plaintextLength: end - start });
    buffer.set(cipher.update(buffer.subarray(start, end)), start);
    cipher.final();
    buffer.set(cipher.getAuthTag(), end);
    return end + TAG_LENGTH;
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const textEnd = end - TAG_LENGTH;
    if (textEnd < start) return -1;
    try {
      const decipher = createDecipheriv(this.#cipher, this.#key, nonce, this.#options);
      decipher.setAAD(aad, { plaintextLength: textEnd - start });
      decipher.setAuthTag(buffer.subarray(textEnd, end));
      const plaintext = decipher.update(buffer.subarray(start, textEnd));
      decipher.final();
      buffer.set(plaintext, start);
      return textEnd;
    } catch {
      return -1;
    }
  }
}

let chaCha: boolean | undefined;

/** Whether the platform has ChaCha20-Poly1305; Bun has not. */
export function hasChaCha(): boolean {
  chaCha ??= getCiphers().includes('chacha20-poly1305');
  return chaCha;
}
