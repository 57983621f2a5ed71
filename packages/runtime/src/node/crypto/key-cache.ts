import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { Signer } from '@kaon/interface/crypto/v1';

/** Public keys that are kept. */
const MOST_PUBLIC_KEYS = 64;

/** By the bytes of their SubjectPublicKeyInfo; the one used longest ago comes first. */
const publicKeys = new Map<string, KeyObject>();

/**
 * The public key in a DER SubjectPublicKeyInfo. The latest ones are kept, since a handshake needs the peer's more than once, and reading it
 * takes about as long as a verification. Throws what the platform throws on bytes that are no key.
 */
export function publicKeyFrom(spki: Uint8Array): KeyObject {
  const bytes = Buffer.from(spki.buffer, spki.byteOffset, spki.length);
  const name = bytes.toString('latin1');
  let key = publicKeys.get(name);
  if (key === undefined) key = createPublicKey({ key: bytes, format: 'der', type: 'spki' });
  else publicKeys.delete(name);
  publicKeys.set(name, key);
  if (publicKeys.size > MOST_PUBLIC_KEYS) {
    for (const oldest of publicKeys.keys()) {
      publicKeys.delete(oldest);
      break;
    }
  }
  return key;
}

/** How many public keys are kept, for tests. */
export function publicKeyCount(): number {
  return publicKeys.size;
}

/** Signers by the array that their key came in, for as long as somebody holds that. */
const signers = new WeakMap<Uint8Array, { readonly digest: string; readonly signer: Signer }>();

/** The signer that was made from this very array, unless its bytes have changed; else one by `make`, which may throw. */
export function signerFrom(pkcs8: Uint8Array, make: () => Signer): Signer {
  const digest = createHash('sha256').update(pkcs8).digest('binary');
  const known = signers.get(pkcs8);
  if (known?.digest === digest) return known.signer;
  const signer = make();
  signers.set(pkcs8, { digest, signer });
  return signer;
}
