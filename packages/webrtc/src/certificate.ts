import type { Certificate, CertificateAlgorithm } from '@kaon/dtls/certificate';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { Construction } from './construction.ts';
import { domError } from './errors.ts';
import { enforceRange } from './idl.ts';

/** One fingerprint of a certificate (W3C WebRTC §4.9). */
export interface RTCDtlsFingerprint {
  /** `sha-256` */
  algorithm?: string;
  /** Lower-case hexadecimal bytes with colons between. */
  value?: string;
}

/** What `RTCConfiguration.certificates` is typed as, so that lib.dom's certificates fit; only ours are taken. */
export interface RTCCertificateLike {
  readonly expires: number;
  getFingerprints(): RTCDtlsFingerprint[];
}

/** What `RTCPeerConnection.generateCertificate` takes. */
export type KeygenAlgorithm = string | { readonly name: string; readonly [member: string]: unknown };

/** What is inside an `RTCCertificate`. Throws TypeError on anything else. */
export let certificateOf: (certificate: RTCCertificate) => Certificate;

/** A certificate for `RTCConfiguration.certificates` (W3C WebRTC §4.9). */
export class RTCCertificate {
  readonly #certificate: Certificate;

  /** Certificates are made by `RTCPeerConnection.generateCertificate` or `fromPEM`. */
  constructor() {
    this.#certificate = construction.take();
  }

  /**
   * Not of the standard: a certificate with its private key from PEM text that has both.
   * Rejects with a `CertificateError` of `@kaon/dtls/certificate` that says what is wrong.
   */
  static async fromPEM(pem: string): Promise<RTCCertificate> {
    const { Certificate } = await import('@kaon/dtls/certificate');
    return construction.make(RTCCertificate, await Certificate.fromPEM(pem));
  }

  /** Not of the standard: the certificate and its private key as PEM texts. The latter is a secret. */
  toPEM(): { certificate: string; privateKey: string } {
    return this.#certificate.toPEM();
  }

  /** When it expires, in ms since the epoch. */
  get expires(): number {
    return this.#certificate.expires;
  }

  getFingerprints(): RTCDtlsFingerprint[] {
    return this.#certificate.fingerprints().map(({ algorithm, value }) => ({ algorithm, value: value.toLowerCase() }));
  }

  static {
    certificateOf = (certificate) => certificate.#certificate;
  }
}

/** A new certificate. Rejects with NotSupportedError or TypeError as `generateCertificate` does. `crypto` makes its key where it can. */
export async function generateCertificate(
  keygen: KeygenAlgorithm,
  crypto?: Pick<CryptoProvider, 'signingKey'>,
): Promise<RTCCertificate> {
  const expires = typeof keygen === 'object' && keygen !== null ? keygen['expires'] : undefined;
  const lifetime = expires === undefined ? undefined : enforceRange('expires', expires, Number.MAX_SAFE_INTEGER);
  loaded ??= import('@kaon/dtls/certificate');
  const { Certificate } = await loaded;
  try {
    const algorithm = normalize(keygen);
    // RFC 8827 and the standard leave the longest lifetime to us: a year.
    const generated = await Certificate.generate({
      algorithm,
      crypto,
      expires: lifetime === undefined ? undefined : Math.min(lifetime, YEAR),
    });
    return construction.make(RTCCertificate, generated);
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) throw error;
    throw domError('NotSupportedError', error instanceof Error ? error.message : String(error));
  }
}

/** Looking a module up again takes longer than making a key. */
let loaded: Promise<typeof import('@kaon/dtls/certificate')> | undefined;

const YEAR = 365 * 24 * 3600 * 1000;
const construction = new Construction<Certificate>();

function normalize(keygen: KeygenAlgorithm): CertificateAlgorithm {
  const dictionary = typeof keygen === 'string' ? { name: keygen } : keygen;
  if (typeof dictionary !== 'object' || dictionary === null || typeof dictionary.name !== 'string')
    throw new TypeError('the algorithm has no name');
  const members: { readonly [member: string]: unknown } = dictionary;
  const name = dictionary.name.toLowerCase();
  if (name === 'ecdsa') {
    const namedCurve = members['namedCurve'];
    if (namedCurve === undefined) throw new TypeError('ECDSA needs a namedCurve');
    if (namedCurve === 'P-256' || namedCurve === 'P-384') return { name: 'ECDSA', namedCurve };
    throw domError('NotSupportedError', `certificates on ${String(namedCurve)} are not supported`);
  }
  if (name === 'rsassa-pkcs1-v1_5') {
    return { ...members, name: 'RSASSA-PKCS1-v1_5' } as unknown as CertificateAlgorithm;
  }
  if (name === 'ed25519') return { name: 'Ed25519' };
  throw domError('NotSupportedError', `certificates for ${dictionary.name} are not supported`);
}
