import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { RTCStats } from './report.ts';

/** Statistics of a certificate chain, leaf first; `fingerprint` is each one's own. */
export function certificateStats(
  chain: readonly Uint8Array[],
  crypto: Pick<CryptoProvider, 'hash'>,
  timestamp: number,
): RTCStats[] {
  const fingerprints = chain.map((der) => fingerprint(crypto.hash('SHA-256').update(der).digest()));
  return chain.map((der, index) => ({
    id: `CF${fingerprints[index]}`,
    timestamp,
    type: 'certificate',
    fingerprint: fingerprints[index],
    fingerprintAlgorithm: 'sha-256',
    base64Certificate: base64(der),
    ...(index + 1 < chain.length ? { issuerCertificateId: `CF${fingerprints[index + 1]}` } : {}),
  }));
}

function fingerprint(digest: Uint8Array): string {
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
