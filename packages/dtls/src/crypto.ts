import type { Aead, AeadName, CryptoProvider } from '@kaon/interface/crypto/v1';
import { randomBytes } from '@noble/hashes/utils.js';
import { AesGcm } from './crypto/aes-gcm.ts';
import { ChaCha20Poly1305 } from './crypto/chacha.ts';
import { hmacOf, runningHash } from './crypto/hashes.ts';
import { ephemeralKeys } from './crypto/key-agreement.ts';
import { portableSigner } from './crypto/signer.ts';
import { verifySignature } from './crypto/verify.ts';

/** The slices of `CryptoProvider` that a DTLS connection uses. */
export type DtlsCrypto = Pick<CryptoProvider, 'random' | 'hash' | 'mac' | 'aead' | 'keyAgreement' | 'verify'>;

/**
 * The portable crypto provider: `@noble/*` in pure JavaScript, for any runtime with `crypto.getRandomValues`.
 * It does everything but sign with RSA (`signer` throws `DtlsError` `DTLS_RSA_SIGNING_UNSUPPORTED`); a runtime's own
 * provider is many times faster.
 */
export const portableCrypto: CryptoProvider = {
  interface: 'kaon:crypto/1',
  name: 'noble',
  random(out: Uint8Array): void {
    // The platform gives at most 65 536 bytes at a time.
    for (let at = 0; at < out.length; at += 65_536) out.set(randomBytes(Math.min(65_536, out.length - at)), at);
  },
  hash: runningHash,
  mac: hmacOf,
  aead(name: AeadName, key: Uint8Array): Aead {
    const length = name === 'AES-128-GCM' ? 16 : 32;
    if (key.length !== length) throw new RangeError(`${name} has keys of ${length} bytes, not ${key.length}`);
    return name === 'CHACHA20-POLY1305' ? new ChaCha20Poly1305(key) : new AesGcm(key);
  },
  keyAgreement: ephemeralKeys,
  verify: verifySignature,
  signer: portableSigner,
};
