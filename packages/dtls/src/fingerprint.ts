import type { CryptoProvider, HashName } from '@kaon/interface/crypto/v1';
import { portableCrypto } from './crypto.ts';
import { DtlsError } from './errors.ts';

/** Hash functions for fingerprints by their names in SDP (RFC 8122 §5). md2 and md5 are forbidden there. */
export type FingerprintAlgorithm = 'sha-1' | 'sha-224' | 'sha-256' | 'sha-384' | 'sha-512';

/** A fingerprint as `a=fingerprint` has it. */
export interface Fingerprint {
  /** Name of the hash function, in any case. */
  readonly algorithm: string;
  /** Pairs of hexadecimal digits with colons between them, in any case. */
  readonly value: string;
}

/**
 * The fingerprint of a DER certificate: `4A:AD:B9:...` (RFC 8122 §5). Throws `DtlsError` `DTLS_BAD_OPTION` on an
 * algorithm that is not one of `FingerprintAlgorithm`.
 */
export function fingerprint(
  der: Uint8Array,
  algorithm: FingerprintAlgorithm = 'sha-256',
  crypto: Pick<CryptoProvider, 'hash'> = portableCrypto,
): string {
  const name = hashName(algorithm);
  if (name === undefined) throw new DtlsError('DTLS_BAD_OPTION', `${algorithm} is no fingerprint algorithm.`);
  const digest = crypto.hash(name).update(der).digest();
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0'))
    .join(':')
    .toUpperCase();
}

/**
 * Whether the certificate matches one of the fingerprints (RFC 8122 §6.2, RFC 8827 §6.5). Algorithms that are unknown
 * or forbidden are skipped; if nothing is left, the answer is false.
 */
export function verifyFingerprints(
  der: Uint8Array,
  fingerprints: readonly Fingerprint[],
  crypto: Pick<CryptoProvider, 'hash'> = portableCrypto,
): boolean {
  for (const { algorithm, value } of fingerprints) {
    const name = algorithm.toLowerCase();
    if (hashName(name) === undefined) continue;
    if (fingerprint(der, name as FingerprintAlgorithm, crypto) === value.toUpperCase()) return true;
  }
  return false;
}

function hashName(algorithm: string): HashName | undefined {
  return ALGORITHMS.get(algorithm);
}

const ALGORITHMS: ReadonlyMap<string, HashName> = new Map([
  ['sha-1', 'SHA-1'],
  ['sha-224', 'SHA-224'],
  ['sha-256', 'SHA-256'],
  ['sha-384', 'SHA-384'],
  ['sha-512', 'SHA-512'],
]);
