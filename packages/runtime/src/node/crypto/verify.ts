import { verify } from 'node:crypto';
import type { SignatureScheme } from '@kaon/interface/crypto/v1';
import { publicKeyFrom } from './key-cache.ts';
import { SCHEMES } from './schemes.ts';

/** Whether the signature is valid; false too for an unknown scheme, a key of another kind or bytes that are no key. */
export function verifySignature(
  scheme: SignatureScheme,
  spki: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const details = SCHEMES.get(scheme);
  if (details === undefined) return false;
  try {
    const key = publicKeyFrom(spki);
    if (key.asymmetricKeyType !== details.keyType) return false;
    const { padding, saltLength } = details;
    if (padding === undefined) return verify(details.digest, data, key, signature);
    // In TLS the salt is as long as the digest (RFC 8446 §4.2.3).
    return verify(
      details.digest,
      data,
      saltLength === undefined ? { key, padding } : { key, padding, saltLength },
      signature,
    );
  } catch {
    return false;
  }
}
