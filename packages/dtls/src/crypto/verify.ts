import type { HashName, SignatureScheme } from '@kaon/interface/crypto/v1';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384 } from '@noble/curves/nist.js';
import { DER_TAG, DerReader, OID, toHex } from '../der.ts';
import { SIGNATURE_SCHEME } from '../suites/signature-schemes.ts';
import { digest } from './hashes.ts';
import { verifyPkcs1, verifyPss } from './rsa-verify.ts';

/** `CryptoProvider.verify` in portable code. */
export function verifySignature(
  scheme: SignatureScheme,
  spki: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = readPublicKey(spki);
  if (key === undefined) return false;
  const hash = SCHEME_HASH[scheme];
  try {
    if (scheme === SIGNATURE_SCHEME.ed25519) {
      return key.algorithm === OID.ed25519 && ed25519.verify(signature, data, key.bytes, { zip215: false });
    }
    if (hash === undefined) return false;
    if (ECDSA.has(scheme)) {
      const curve = key.algorithm === OID.ecPublicKey ? CURVES[key.parameters] : undefined;
      if (curve === undefined) return false;
      // In TLS 1.2 the hash does not follow from the curve (RFC 8422 §5.10); and S may be in the upper half.
      const options = { prehash: false, format: 'der', lowS: false } as const;
      return curve.verify(signature, digest(hash, data), key.bytes, options);
    }
    if (key.algorithm !== OID.rsaEncryption) return false;
    const hashed = (input: Uint8Array): Uint8Array => digest(hash, input);
    return PSS.has(scheme)
      ? verifyPss(key.bytes, hashed, data, signature)
      : verifyPkcs1(key.bytes, hashed, DIGEST_INFO[hash] as Uint8Array, data, signature);
  } catch {
    // The curve library throws on points and signatures that are none.
    return false;
  }
}

const CURVES: Readonly<Record<string, typeof p256>> = { [OID.p256]: p256, [OID.p384]: p384 };

const SCHEME_HASH: Readonly<Record<SignatureScheme, HashName>> = {
  [SIGNATURE_SCHEME.rsa_pkcs1_sha1]: 'SHA-1',
  [SIGNATURE_SCHEME.ecdsa_sha1]: 'SHA-1',
  [SIGNATURE_SCHEME.rsa_pkcs1_sha256]: 'SHA-256',
  [SIGNATURE_SCHEME.ecdsa_secp256r1_sha256]: 'SHA-256',
  [SIGNATURE_SCHEME.rsa_pkcs1_sha384]: 'SHA-384',
  [SIGNATURE_SCHEME.ecdsa_secp384r1_sha384]: 'SHA-384',
  [SIGNATURE_SCHEME.rsa_pkcs1_sha512]: 'SHA-512',
  [SIGNATURE_SCHEME.rsa_pss_rsae_sha256]: 'SHA-256',
  [SIGNATURE_SCHEME.rsa_pss_rsae_sha384]: 'SHA-384',
  [SIGNATURE_SCHEME.rsa_pss_rsae_sha512]: 'SHA-512',
};

const ECDSA: ReadonlySet<SignatureScheme> = new Set([
  SIGNATURE_SCHEME.ecdsa_sha1,
  SIGNATURE_SCHEME.ecdsa_secp256r1_sha256,
  SIGNATURE_SCHEME.ecdsa_secp384r1_sha384,
]);

const PSS: ReadonlySet<SignatureScheme> = new Set([
  SIGNATURE_SCHEME.rsa_pss_rsae_sha256,
  SIGNATURE_SCHEME.rsa_pss_rsae_sha384,
  SIGNATURE_SCHEME.rsa_pss_rsae_sha512,
]);

/** DigestInfo up to the digest (RFC 8017 §9.2, note 1). */
const DIGEST_INFO: Readonly<Partial<Record<HashName, Uint8Array>>> = {
  'SHA-1': Uint8Array.of(0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14),
  'SHA-256': sha2Info(1, 32),
  'SHA-384': sha2Info(2, 48),
  'SHA-512': sha2Info(3, 64),
};

function sha2Info(arc: number, length: number): Uint8Array {
  const oid = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, arc];
  return Uint8Array.of(0x30, 17 + length, 0x30, 0x0d, ...oid, 0x05, 0x00, 0x04, length);
}

/** SubjectPublicKeyInfo ::= SEQUENCE { SEQUENCE { OID, parameters }, BIT STRING } (RFC 5280 §4.1.2.7). */
function readPublicKey(
  spki: Uint8Array,
): { readonly algorithm: string; readonly parameters: string; readonly bytes: Uint8Array } | undefined {
  const reader = new DerReader(spki).inside(DER_TAG.sequence);
  const identifier = reader.inside(DER_TAG.sequence);
  const algorithm = toHex(identifier.content(DER_TAG.oid));
  const parameters = identifier.peek() === DER_TAG.oid ? toHex(identifier.content(DER_TAG.oid)) : '';
  const bits = reader.content(DER_TAG.bitString);
  if (reader.failed || identifier.failed || bits.length < 2 || bits[0] !== 0) return undefined;
  return { algorithm, parameters, bytes: bits.subarray(1) };
}
