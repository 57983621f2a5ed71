import type { HashName, Mac, RunningHash } from '@kaon/interface/crypto/v1';
import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { CHash } from '@noble/hashes/utils.js';

/** The digest of `data` in a new array. */
export function digest(name: HashName, data: Uint8Array): Uint8Array {
  return HASHES[name](data);
}

/** A running hash whose digest may be asked for more than once. */
export function runningHash(name: HashName): RunningHash {
  const state = HASHES[name].create();
  return {
    length: state.outputLen,
    update(bytes: Uint8Array): RunningHash {
      state.update(bytes);
      return this;
    },
    digest(): Uint8Array {
      return state.clone().digest();
    },
  } as RunningHash;
}

/** HMAC, keyed once: each tag starts from a copy of the keyed state. */
export function hmacOf(name: HashName, key: Uint8Array): Mac {
  const keyed = hmac.create(HASHES[name], key);
  return {
    length: keyed.outputLen,
    sign(out: Uint8Array, ...parts: readonly Uint8Array[]): void {
      const state = keyed.clone();
      for (const part of parts) state.update(part);
      out.set(state.digest());
    },
  };
}

const HASHES: Readonly<Record<HashName, CHash>> = {
  MD5: md5,
  'SHA-1': sha1,
  'SHA-224': sha224,
  'SHA-256': sha256,
  'SHA-384': sha384,
  'SHA-512': sha512,
};
