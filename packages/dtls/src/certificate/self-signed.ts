import type { AlgorithmDetails } from './algorithm.ts';
import { bitString, sequence } from './der.ts';
import { type Mold, makeMold } from './mold.ts';

/** What a self-signed certificate says, and how it is signed. */
export interface SelfSignedFields {
  readonly details: AlgorithmDetails;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** A signature as a certificate has it. */
  readonly sign: (tbs: Uint8Array<ArrayBuffer>) => Uint8Array | Promise<Uint8Array>;
  readonly commonName: string;
  /** Milliseconds since the epoch, cut to seconds. */
  readonly notBefore: number;
  /** Milliseconds since the epoch, cut to seconds. */
  readonly notAfter: number;
}

/**
 * A version 3 certificate without extensions whose issuer is its subject (RFC 5280 §4.1), DER. What stays the same from one
 * certificate to the next is written once, by asn1js, and then filled in: every connection waits for a certificate.
 */
export async function selfSigned(fields: SelfSignedFields): Promise<Uint8Array<ArrayBuffer>> {
  const { details, publicKey, commonName, notBefore, notAfter } = fields;
  const dates = [new Date(notBefore), new Date(notAfter)] as const;
  const mold = await moldFor(details, commonName, dates, publicKey);
  const tbs = mold.fill({ serial: serialNumber(), dates, publicKey });
  return sequence(tbs, mold.signatureIdentifier, bitString(await fields.sign(tbs)));
}

/** The mold of certificates that differ in nothing but serial number, dates and key. */
async function moldFor(
  { signatureIdentifier }: AlgorithmDetails,
  commonName: string,
  dates: readonly [Date, Date],
  publicKey: Uint8Array,
): Promise<Mold> {
  const forms = dates.map((date) => date.getUTCFullYear() < 2050);
  const key = JSON.stringify([signatureIdentifier, commonName, publicKey.length, forms]);
  let mold = molds.get(key);
  if (mold === undefined) {
    mold = await makeMold(signatureIdentifier, commonName, dates, publicKey);
    // A program that names each certificate differently must not fill memory.
    if (molds.size >= MAX_MOLDS) molds.clear();
    molds.set(key, mold);
  }
  return mold;
}

/** 16 random bytes, positive and of full length: the first bit is 0, the second 1. */
function serialNumber(): Uint8Array<ArrayBuffer> {
  const serial = crypto.getRandomValues(new Uint8Array(16));
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

const molds = new Map<string, Mold>();
const MAX_MOLDS = 16;
