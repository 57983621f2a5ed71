/** The portable hash and HMAC that this package uses when none is given. */
import type { CryptoProvider, HashName, Mac, RunningHash } from '@kaon/interface/crypto/v1';
import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';

/** The slice of a crypto provider that STUN needs. Randomness always comes from outside. */
export type StunCrypto = Pick<CryptoProvider, 'hash' | 'mac'>;

/** Pure TypeScript, by @noble/hashes. Runs everywhere. */
export const defaultCrypto: StunCrypto = {
  hash(name: HashName): RunningHash {
    const running = HASHES[name].create();
    return {
      length: running.outputLen,
      update(bytes) {
        running.update(bytes);
        return this;
      },
      digest: () => running.clone().digest(),
    };
  },

  mac(name: HashName, key: Uint8Array): Mac {
    // The padded key is hashed once here; each tag continues from a copy of that state.
    const keyed = hmac.create(HASHES[name], key);
    return {
      length: keyed.outputLen,
      sign(out, ...parts) {
        const running = keyed.clone();
        for (const part of parts) running.update(part);
        out.set(running.digest());
      },
    };
  },
};

const HASHES = {
  MD5: md5,
  'SHA-1': sha1,
  'SHA-224': sha224,
  'SHA-256': sha256,
  'SHA-384': sha384,
  'SHA-512': sha512,
} as const;
