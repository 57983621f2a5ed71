import type { SignatureScheme } from '@kaon/interface/crypto/v1';
import type { Authentication } from './cipher-suites.ts';

/** Signature schemes by their code point (RFC 8446 §4.2.3). */
export const SIGNATURE_SCHEME = {
  rsa_pkcs1_sha1: 0x0201,
  ecdsa_sha1: 0x0203,
  rsa_pkcs1_sha256: 0x0401,
  ecdsa_secp256r1_sha256: 0x0403,
  rsa_pkcs1_sha384: 0x0501,
  ecdsa_secp384r1_sha384: 0x0503,
  rsa_pkcs1_sha512: 0x0601,
  rsa_pss_rsae_sha256: 0x0804,
  rsa_pss_rsae_sha384: 0x0805,
  rsa_pss_rsae_sha512: 0x0806,
  ed25519: 0x0807,
} as const;

/** What is accepted from a peer by default, best first. SHA-1 is not in it (RFC 9155). */
export const DEFAULT_SIGNATURE_SCHEMES: readonly SignatureScheme[] = [
  SIGNATURE_SCHEME.ecdsa_secp256r1_sha256,
  SIGNATURE_SCHEME.ed25519,
  SIGNATURE_SCHEME.ecdsa_secp384r1_sha384,
  SIGNATURE_SCHEME.rsa_pss_rsae_sha256,
  SIGNATURE_SCHEME.rsa_pss_rsae_sha384,
  SIGNATURE_SCHEME.rsa_pss_rsae_sha512,
  SIGNATURE_SCHEME.rsa_pkcs1_sha256,
  SIGNATURE_SCHEME.rsa_pkcs1_sha384,
  SIGNATURE_SCHEME.rsa_pkcs1_sha512,
];

/** What a client without signature_algorithms means (RFC 5246 §7.4.1.4.1). */
export const IMPLIED_SIGNATURE_SCHEMES: readonly SignatureScheme[] = [
  SIGNATURE_SCHEME.rsa_pkcs1_sha1,
  SIGNATURE_SCHEME.ecdsa_sha1,
];

/** The kind of key behind a scheme, or undefined for a scheme that is not known. */
export function schemeAuthentication(scheme: SignatureScheme): Authentication | undefined {
  switch (scheme) {
    case SIGNATURE_SCHEME.ecdsa_sha1:
    case SIGNATURE_SCHEME.ecdsa_secp256r1_sha256:
    case SIGNATURE_SCHEME.ecdsa_secp384r1_sha384:
    case SIGNATURE_SCHEME.ed25519:
      return 'ECDSA';
    case SIGNATURE_SCHEME.rsa_pkcs1_sha1:
    case SIGNATURE_SCHEME.rsa_pkcs1_sha256:
    case SIGNATURE_SCHEME.rsa_pkcs1_sha384:
    case SIGNATURE_SCHEME.rsa_pkcs1_sha512:
    case SIGNATURE_SCHEME.rsa_pss_rsae_sha256:
    case SIGNATURE_SCHEME.rsa_pss_rsae_sha384:
    case SIGNATURE_SCHEME.rsa_pss_rsae_sha512:
      return 'RSA';
    default:
      return undefined;
  }
}
