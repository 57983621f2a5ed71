import { createHash, type Hash } from 'node:crypto';
import type { HashName, RunningHash } from '@kaon/interface/crypto/v1';

/** Names of `node:crypto` by the names of the IANA registry. */
export const DIGEST: Readonly<Record<HashName, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-224': 'sha224',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** Digest lengths in bytes. */
export const DIGEST_LENGTH: Readonly<Record<HashName, number>> = {
  MD5: 16,
  'SHA-1': 20,
  'SHA-224': 28,
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
};

/** A hash that may be read along the way. */
export function createRunningHash(name: HashName): RunningHash {
  return new NodeHash(name);
}

class NodeHash implements RunningHash {
  readonly length: number;
  readonly #hash: Hash;

  constructor(name: HashName) {
    this.length = DIGEST_LENGTH[name];
    this.#hash = createHash(DIGEST[name]);
  }

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    return this;
  }

  digest(): Uint8Array {
    return new Uint8Array(this.#hash.copy().digest());
  }
}
