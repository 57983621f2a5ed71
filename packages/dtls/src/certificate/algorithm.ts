import { CertificateError } from './errors.ts';

/** What key a certificate has, in the words of WebCrypto. */
export type CertificateAlgorithm = EcdsaAlgorithm | RsaAlgorithm | Ed25519Algorithm;

/** ECDSA; the signature hash is SHA-256 for P-256 and SHA-384 for P-384. */
export interface EcdsaAlgorithm {
  readonly name: 'ECDSA';
  readonly namedCurve: 'P-256' | 'P-384';
}

/** RSA with PKCS #1 v1.5 signatures in the certificate itself. */
export interface RsaAlgorithm {
  readonly name: 'RSASSA-PKCS1-v1_5';
  /** Bits, 2048 to 8192; 2048 by default. Making such a key takes 30 to 100 ms. */
  readonly modulusLength?: number | undefined;
  /** Big-endian; only 65537, which is the default. */
  readonly publicExponent?: Uint8Array | undefined;
  /** SHA-256 by default. */
  readonly hash?: RsaHash | { readonly name: RsaHash } | undefined;
}

/** Ed25519 (RFC 8032, RFC 8410). */
export interface Ed25519Algorithm {
  readonly name: 'Ed25519';
}

/** Hashes for RSA signatures. */
export type RsaHash = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** How an algorithm is done by WebCrypto, and its AlgorithmIdentifier in a certificate's signature. */
export interface AlgorithmDetails {
  /** The algorithm with every default filled in. */
  readonly algorithm: CertificateAlgorithm;
  readonly key: EcKeyGenParams | RsaHashedKeyGenParams | Algorithm;
  readonly signature: EcdsaParams | Algorithm;
  readonly signatureIdentifier: { readonly algorithm: string; readonly parameters: 'absent' | 'null' };
}

/** Fills in defaults. Throws `CERTIFICATE_UNSUPPORTED_ALGORITHM` on what is not a `CertificateAlgorithm`. */
export function algorithmDetails(algorithm: CertificateAlgorithm): AlgorithmDetails {
  switch (algorithm.name) {
    case 'ECDSA':
      return ecdsa(algorithm);
    case 'RSASSA-PKCS1-v1_5':
      return rsa(algorithm);
    case 'Ed25519':
      return {
        algorithm: { name: 'Ed25519' },
        key: { name: 'Ed25519' },
        signature: { name: 'Ed25519' },
        signatureIdentifier: { algorithm: '1.3.101.112', parameters: 'absent' },
      };
    default:
      throw unsupported((algorithm satisfies never as { name: unknown }).name);
  }
}

function ecdsa({ namedCurve }: EcdsaAlgorithm): AlgorithmDetails {
  if (namedCurve !== 'P-256' && namedCurve !== 'P-384') throw unsupported(`ECDSA on ${namedCurve}`);
  const hash = namedCurve === 'P-256' ? 'SHA-256' : 'SHA-384';
  return {
    algorithm: { name: 'ECDSA', namedCurve },
    key: { name: 'ECDSA', namedCurve },
    signature: { name: 'ECDSA', hash },
    signatureIdentifier: { algorithm: `1.2.840.10045.4.3.${namedCurve === 'P-256' ? 2 : 3}`, parameters: 'absent' },
  };
}

function rsa({ modulusLength = 2048, publicExponent = F4, hash = 'SHA-256' }: RsaAlgorithm): AlgorithmDetails {
  const name = typeof hash === 'string' ? hash : hash.name;
  const arc = RSA_ARC[name];
  if (arc === undefined) throw unsupported(`RSA with ${name}`);
  if (!Number.isInteger(modulusLength) || modulusLength < 2048 || modulusLength > 8192) {
    throw unsupported(`RSA with ${modulusLength} bits`);
  }
  if (bigEndian(publicExponent) !== 65537) throw unsupported('RSA with a public exponent other than 65537');
  return {
    algorithm: { name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent: F4.slice(), hash: name },
    key: { name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent: F4.slice(), hash: name },
    signature: { name: 'RSASSA-PKCS1-v1_5' },
    signatureIdentifier: { algorithm: `1.2.840.113549.1.1.${arc}`, parameters: 'null' },
  };
}

/** 65537, the fourth Fermat number. */
const F4 = Uint8Array.of(1, 0, 1);

/** sha256WithRSAEncryption and its siblings (RFC 8017 §A.2.4). */
const RSA_ARC: Readonly<Record<string, number>> = { 'SHA-256': 11, 'SHA-384': 12, 'SHA-512': 13 };

function bigEndian(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function unsupported(what: unknown): CertificateError {
  return new CertificateError('CERTIFICATE_UNSUPPORTED_ALGORITHM', `No certificate can be made for ${String(what)}.`);
}
