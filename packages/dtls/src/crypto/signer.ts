import type { HashName, SignatureScheme, Signer } from '@kaon/interface/crypto/v1';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384 } from '@noble/curves/nist.js';
import { DER_TAG, DerReader, OID, toHex } from '../der.ts';
import { DtlsError } from '../errors.ts';
import { SIGNATURE_SCHEME } from '../suites/signature-schemes.ts';
import { digest } from './hashes.ts';

/**
 * A signer from a PKCS #8 private key (RFC 5958) for ECDSA with P-256 or P-384, and Ed25519 (RFC 8410).
 * RSA is refused with `DTLS_RSA_SIGNING_UNSUPPORTED`: a private-key operation in BigInt arithmetic leaks the key by its timing.
 */
export function portableSigner(pkcs8: Uint8Array): Signer {
  const key = new DerReader(pkcs8).inside(DER_TAG.sequence);
  key.content(DER_TAG.integer);
  const identifier = key.inside(DER_TAG.sequence);
  const algorithm = toHex(identifier.content(DER_TAG.oid));
  const parameters = identifier.peek() === DER_TAG.oid ? toHex(identifier.content(DER_TAG.oid)) : '';
  const inner = key.content(DER_TAG.octetString);
  if (key.failed || identifier.failed) throw new DtlsError('DTLS_BAD_KEY', 'The private key is not PKCS #8 in DER.');
  if (algorithm === OID.rsaEncryption) {
    throw new DtlsError(
      'DTLS_RSA_SIGNING_UNSUPPORTED',
      'The portable crypto provider does not sign with RSA; use the provider of a runtime, such as nodeCrypto of @kaon/runtime/node.',
    );
  }
  if (algorithm === OID.ed25519) return ed25519Signer(inner);
  if (algorithm === OID.ecPublicKey && parameters === OID.p256) return ecdsaSigner(p256, 32, inner, P256_SCHEMES);
  if (algorithm === OID.ecPublicKey && parameters === OID.p384) return ecdsaSigner(p384, 48, inner, P384_SCHEMES);
  throw new DtlsError('DTLS_BAD_KEY', 'The private key is of a kind that is not supported.');
}

const P256_SCHEMES: readonly SignatureScheme[] = [
  SIGNATURE_SCHEME.ecdsa_secp256r1_sha256,
  SIGNATURE_SCHEME.ecdsa_secp384r1_sha384,
];
const P384_SCHEMES: readonly SignatureScheme[] = [
  SIGNATURE_SCHEME.ecdsa_secp384r1_sha384,
  SIGNATURE_SCHEME.ecdsa_secp256r1_sha256,
];

/** ECPrivateKey ::= SEQUENCE { 1, OCTET STRING, ... } (RFC 5915). */
function ecdsaSigner(
  curve: typeof p256,
  length: number,
  inner: Uint8Array,
  schemes: readonly SignatureScheme[],
): Signer {
  const reader = new DerReader(inner).inside(DER_TAG.sequence);
  reader.content(DER_TAG.integer);
  const secret = reader.content(DER_TAG.octetString).slice();
  if (reader.failed || secret.length !== length || !curve.utils.isValidSecretKey(secret)) {
    throw new DtlsError('DTLS_BAD_KEY', 'The elliptic curve private key is not valid.');
  }
  return {
    schemes,
    sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
      check(schemes, scheme);
      const hash: HashName = scheme === SIGNATURE_SCHEME.ecdsa_secp256r1_sha256 ? 'SHA-256' : 'SHA-384';
      return curve.sign(digest(hash, data), secret, { prehash: false, format: 'der', lowS: false });
    },
  };
}

/** CurvePrivateKey ::= OCTET STRING (RFC 8410 §7). */
function ed25519Signer(inner: Uint8Array): Signer {
  const reader = new DerReader(inner);
  const secret = reader.content(DER_TAG.octetString).slice();
  if (reader.failed || secret.length !== 32)
    throw new DtlsError('DTLS_BAD_KEY', 'The Ed25519 private key is not valid.');
  const schemes = [SIGNATURE_SCHEME.ed25519];
  return {
    schemes,
    sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
      check(schemes, scheme);
      return ed25519.sign(data, secret);
    },
  };
}

function check(schemes: readonly SignatureScheme[], scheme: SignatureScheme): void {
  if (!schemes.includes(scheme)) {
    throw new DtlsError(
      'DTLS_BAD_OPTION',
      `The key does not sign with scheme 0x${scheme.toString(16).padStart(4, '0')}.`,
    );
  }
}
