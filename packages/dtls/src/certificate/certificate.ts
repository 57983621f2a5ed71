import type { CryptoProvider, Signer, SigningKey } from '@kaon/interface/crypto/v1';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { type AlgorithmDetails, algorithmDetails, type CertificateAlgorithm } from './algorithm.ts';
import { ecdsaSignature } from './der.ts';
import { CertificateError } from './errors.ts';
import { decodePem, encodePem } from './pem.ts';
import { checkPrivateKey, readCertificate } from './read.ts';
import { selfSigned } from './self-signed.ts';

/** Options of `Certificate.generate`. */
export interface GenerateOptions {
  /** ECDSA on P-256 by default, which every peer has and which is made in under a millisecond. */
  readonly algorithm?: CertificateAlgorithm | undefined;
  /** Milliseconds from now until it expires; 30 days by default. */
  readonly expires?: number | undefined;
  /** Common name of issuer and subject; `WebRTC` by default, which tells a peer nothing. */
  readonly commonName?: string | undefined;
  /** Makes the key where it can and ECDSA on P-256 is asked for: without WebCrypto, whose keys have to be written and read again. */
  readonly crypto?: Pick<CryptoProvider, 'signingKey'> | undefined;
}

/** Hashes that `fingerprints` knows, by their names in SDP (RFC 8122 §5). */
export type FingerprintAlgorithm = 'sha-1' | 'sha-256' | 'sha-384' | 'sha-512';

/** A fingerprint as SDP writes it: upper-case hexadecimal bytes with colons between. */
export interface Fingerprint {
  readonly algorithm: FingerprintAlgorithm;
  readonly value: string;
}

/**
 * A certificate with its private key, ready for DTLS: `{ chain: certificate.chain, signer: certificate.signer(crypto) }`.
 * Everything that takes time happens when it is made, so that all of it can be read synchronously.
 */
export class Certificate {
  /** The certificate, DER. */
  readonly der: Uint8Array;
  /** What is sent to the peer: the certificate, and behind it those of its issuers if there are any. */
  readonly chain: readonly Uint8Array[];
  /** When it expires, in milliseconds since the epoch. */
  readonly expires: number;
  /** What kind of key it has. */
  readonly algorithm: CertificateAlgorithm;
  readonly #signingKey: SigningKey | undefined;
  #privateKey: Uint8Array | undefined;

  private constructor(parts: CertificateParts) {
    this.der = parts.chain[0] ?? new Uint8Array(0);
    this.chain = parts.chain;
    this.#privateKey = parts.privateKey;
    this.#signingKey = parts.signingKey;
    this.expires = parts.expires;
    this.algorithm = parts.algorithm;
  }

  /** The private key, PKCS #8 in DER. Whoever has it can pose as this peer. */
  get privateKey(): Uint8Array {
    this.#privateKey ??= this.#signingKey?.privateKey() ?? new Uint8Array(0);
    return this.#privateKey;
  }

  /** Signs with the private key: as it was made, where a provider made it, else by `crypto`. Throws what `crypto.signer` throws. */
  signer(crypto: Pick<CryptoProvider, 'signer'>): Signer {
    return this.#signingKey ?? crypto.signer(this.privateKey);
  }

  /**
   * Makes a key and a self-signed certificate for it: version 3, a random serial number, valid since yesterday so that a
   * peer whose clock is late takes it. Rejects with `CERTIFICATE_UNSUPPORTED_ALGORITHM` or `CERTIFICATE_BAD_EXPIRES`.
   */
  static async generate(options: GenerateOptions = {}): Promise<Certificate> {
    const details = algorithmDetails(options.algorithm ?? { name: 'ECDSA', namedCurve: 'P-256' });
    const now = Date.now();
    const notAfter = wholeSeconds(now + (options.expires ?? 30 * DAY));
    if (!(notAfter >= wholeSeconds(now)) || notAfter > LATEST) {
      throw new CertificateError('CERTIFICATE_BAD_EXPIRES', `A certificate cannot expire in ${options.expires} ms.`);
    }
    const fields = {
      details,
      commonName: options.commonName ?? 'WebRTC',
      notBefore: wholeSeconds(now - DAY),
      notAfter,
    };
    const { algorithm } = details;
    const signingKey = isP256(algorithm) ? options.crypto?.signingKey?.() : undefined;
    if (signingKey !== undefined) {
      const { publicKey } = signingKey;
      const der = await selfSigned({ ...fields, publicKey, sign: (tbs) => signingKey.sign(ECDSA_P256_SHA256, tbs) });
      return new Certificate({ chain: [der], privateKey: undefined, signingKey, expires: notAfter, algorithm });
    }
    const keys = await generateKeys(details);
    const der = await selfSigned({
      ...fields,
      publicKey: new Uint8Array(await crypto.subtle.exportKey('spki', keys.publicKey)),
      sign: async (tbs) => {
        const signed = new Uint8Array(await crypto.subtle.sign(details.signature, keys.privateKey, tbs));
        return algorithm.name === 'ECDSA' ? ecdsaSignature(signed) : signed;
      },
    });
    const privateKey = new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
    return new Certificate({ chain: [der], privateKey, signingKey: undefined, expires: notAfter, algorithm });
  }

  /**
   * Reads a certificate (the first one; those behind it complete the chain) and a PKCS #8 private key from one PEM text in any
   * order. Rejects with `CERTIFICATE_BAD_PEM`, or as `fromDER` does.
   */
  static async fromPEM(pem: string): Promise<Certificate> {
    const blocks = decodePem(pem);
    const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ bytes }) => bytes);
    const keys = blocks.filter(({ label }) => label === 'PRIVATE KEY');
    const privateKey = keys[0]?.bytes;
    if (certificates.length === 0) throw new CertificateError('CERTIFICATE_BAD_PEM', 'There is no CERTIFICATE block.');
    if (privateKey === undefined || keys.length > 1) {
      const other = blocks.find(({ label }) => label.endsWith('PRIVATE KEY') && label !== 'PRIVATE KEY');
      throw new CertificateError(
        'CERTIFICATE_BAD_PEM',
        other === undefined
          ? `There are ${keys.length} PRIVATE KEY blocks and not one.`
          : `The key is a ${other.label}; "openssl pkcs8 -topk8 -nocrypt" makes it a PRIVATE KEY.`,
      );
    }
    return Certificate.fromDER({ certificate: certificates, privateKey });
  }

  /**
   * Reads a certificate, or a chain that begins with it, and its PKCS #8 private key. Rejects with
   * `CERTIFICATE_BAD_CERTIFICATE`, `CERTIFICATE_BAD_PRIVATE_KEY`, `CERTIFICATE_KEY_MISMATCH` when they do not belong together,
   * or `CERTIFICATE_UNSUPPORTED_ALGORITHM`. An expired certificate is read: see `expires`.
   */
  static async fromDER(parts: {
    readonly certificate: Uint8Array | readonly Uint8Array[];
    readonly privateKey: Uint8Array;
  }): Promise<Certificate> {
    const given = parts.certificate instanceof Uint8Array ? [parts.certificate] : parts.certificate;
    const chain = given.map((der) => new Uint8Array(der));
    const leaf = chain[0];
    if (leaf === undefined) throw new CertificateError('CERTIFICATE_BAD_CERTIFICATE', 'The chain is empty.');
    const privateKey = new Uint8Array(parts.privateKey);
    const info = await readCertificate(leaf);
    await checkPrivateKey(privateKey);
    await checkMatch(info.details, info.publicKey, privateKey);
    return new Certificate({
      chain,
      privateKey,
      signingKey: undefined,
      expires: info.expires,
      algorithm: info.details.algorithm,
    });
  }

  /** Certificate (with its chain) and PKCS #8 key as PEM; both texts one after the other are what `fromPEM` reads. */
  toPEM(): { certificate: string; privateKey: string } {
    return {
      certificate: this.chain.map((der) => encodePem('CERTIFICATE', der)).join(''),
      privateKey: encodePem('PRIVATE KEY', this.privateKey),
    };
  }

  /** Fingerprints by the given hashes, in that order. Throws `CERTIFICATE_UNSUPPORTED_HASH` on an unknown one. */
  fingerprints(algorithms: readonly FingerprintAlgorithm[] = ['sha-256']): Fingerprint[] {
    return algorithms.map((algorithm) => {
      const hash = HASHES.get(algorithm);
      if (hash === undefined)
        throw new CertificateError('CERTIFICATE_UNSUPPORTED_HASH', `There is no hash ${algorithm}.`);
      return { algorithm, value: hexadecimal(hash(this.der)) };
    });
  }
}

interface CertificateParts {
  readonly chain: readonly Uint8Array[];
  /** Undefined: `signingKey` has it. */
  readonly privateKey: Uint8Array | undefined;
  readonly signingKey: SigningKey | undefined;
  readonly expires: number;
  readonly algorithm: CertificateAlgorithm;
}

/** As TLS names it (RFC 8446 §4.2.3). */
const ECDSA_P256_SHA256 = 0x0403;

function isP256(algorithm: CertificateAlgorithm): boolean {
  return algorithm.name === 'ECDSA' && algorithm.namedCurve === 'P-256';
}

const DAY = 24 * 60 * 60 * 1000;
/** The last second that GeneralizedTime can write. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59);

function wholeSeconds(epoch: number): number {
  return Math.floor(epoch / 1000) * 1000;
}

async function generateKeys(details: AlgorithmDetails): Promise<CryptoKeyPair> {
  try {
    return (await crypto.subtle.generateKey(details.key, true, ['sign', 'verify'])) as CryptoKeyPair;
  } catch (cause) {
    const { name } = details.algorithm;
    throw new CertificateError('CERTIFICATE_UNSUPPORTED_ALGORITHM', `This platform makes no ${name} keys.`, { cause });
  }
}

/** A signature by the one that the other accepts. */
async function checkMatch(
  { key, signature }: AlgorithmDetails,
  publicKey: Uint8Array<ArrayBuffer>,
  privateKey: Uint8Array<ArrayBuffer>,
): Promise<void> {
  let matches: boolean;
  try {
    const [own, others] = await Promise.all([
      crypto.subtle.importKey('pkcs8', privateKey, key, false, ['sign']),
      crypto.subtle.importKey('spki', publicKey, key, false, ['verify']),
    ]);
    const probe = publicKey;
    matches = await crypto.subtle.verify(signature, others, await crypto.subtle.sign(signature, own, probe), probe);
  } catch (cause) {
    throw new CertificateError(
      'CERTIFICATE_BAD_PRIVATE_KEY',
      'The private key is not of the kind of the certificate.',
      {
        cause,
      },
    );
  }
  if (!matches) {
    throw new CertificateError('CERTIFICATE_KEY_MISMATCH', 'The private key is not the one of the certificate.');
  }
}

const HASHES: ReadonlyMap<string, (der: Uint8Array) => Uint8Array> = new Map([
  ['sha-1', sha1],
  ['sha-256', sha256],
  ['sha-384', sha384],
  ['sha-512', sha512],
]);

function hexadecimal(digest: Uint8Array): string {
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0'))
    .join(':')
    .toUpperCase();
}
