import type { Certificate as ParsedCertificate, PrivateKeyInfo } from 'pkijs';
import type { AlgorithmDetails, CertificateAlgorithm, RsaHash } from './algorithm.ts';
import { algorithmDetails } from './algorithm.ts';
import { CertificateError } from './errors.ts';

/** What an imported certificate tells about itself. */
export interface CertificateInfo {
  readonly details: AlgorithmDetails;
  /** notAfter in milliseconds since the epoch. */
  readonly expires: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/**
 * Reads a certificate by pkijs. Throws `CERTIFICATE_BAD_CERTIFICATE` on bytes that are none and
 * `CERTIFICATE_UNSUPPORTED_ALGORITHM` on a key that DTLS here cannot use.
 */
export async function readCertificate(der: Uint8Array): Promise<CertificateInfo> {
  // Loaded on use: whoever only generates certificates need not wait for it.
  const [pkijs, { ObjectIdentifier }] = await Promise.all([import('pkijs'), import('asn1js')]);
  let parsed: ParsedCertificate;
  try {
    parsed = pkijs.Certificate.fromBER(der.slice());
  } catch (cause) {
    throw new CertificateError('CERTIFICATE_BAD_CERTIFICATE', 'The bytes are not an X.509 certificate.', { cause });
  }
  const publicKey = new Uint8Array(parsed.subjectPublicKeyInfo.toSchema().toBER(false));
  const curve: unknown = parsed.subjectPublicKeyInfo.algorithm.algorithmParams;
  return {
    details: algorithmDetails(algorithmOf(parsed, curve instanceof ObjectIdentifier ? curve.getValue() : '')),
    expires: parsed.notAfter.value.getTime(),
    publicKey,
  };
}

/** Checks by pkijs that the bytes are a PKCS #8 key. Throws `CERTIFICATE_BAD_PRIVATE_KEY`. */
export async function checkPrivateKey(pkcs8: Uint8Array): Promise<void> {
  const pkijs = await import('pkijs');
  let parsed: PrivateKeyInfo | undefined;
  let cause: unknown;
  try {
    parsed = pkijs.PrivateKeyInfo.fromBER(pkcs8.slice());
  } catch (error) {
    cause = error;
  }
  if (parsed === undefined) {
    throw new CertificateError('CERTIFICATE_BAD_PRIVATE_KEY', 'The bytes are not a PKCS #8 private key.', { cause });
  }
}

/** `curve` is the object identifier of an elliptic curve, dotted. */
function algorithmOf(certificate: ParsedCertificate, curve: string): CertificateAlgorithm {
  const { algorithm, parsedKey } = certificate.subjectPublicKeyInfo;
  switch (algorithm.algorithmId) {
    case '1.2.840.10045.2.1': {
      const namedCurve = CURVES[curve];
      if (namedCurve !== undefined) return { name: 'ECDSA', namedCurve };
      break;
    }
    case '1.2.840.113549.1.1.1': {
      const modulus =
        parsedKey !== undefined && 'modulus' in parsedKey ? parsedKey.modulus.valueBlock.valueHexView : NOTHING;
      const hash = RSA_HASHES[certificate.signatureAlgorithm.algorithmId] ?? 'SHA-256';
      return { name: 'RSASSA-PKCS1-v1_5', modulusLength: bitLength(modulus), hash };
    }
    case '1.3.101.112':
      return { name: 'Ed25519' };
  }
  throw new CertificateError(
    'CERTIFICATE_UNSUPPORTED_ALGORITHM',
    `A key of type ${algorithm.algorithmId} cannot be used for DTLS here.`,
  );
}

const NOTHING = new Uint8Array(0);

const CURVES: Readonly<Record<string, 'P-256' | 'P-384'>> = { '1.2.840.10045.3.1.7': 'P-256', '1.3.132.0.34': 'P-384' };

const RSA_HASHES: Readonly<Record<string, RsaHash>> = {
  '1.2.840.113549.1.1.11': 'SHA-256',
  '1.2.840.113549.1.1.12': 'SHA-384',
  '1.2.840.113549.1.1.13': 'SHA-512',
};

function bitLength(bigEndian: Uint8Array): number {
  const first = bigEndian.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bigEndian.length - first) * 8 - (Math.clz32(bigEndian[first] ?? 0) - 24);
}
