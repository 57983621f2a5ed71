import type { RTCStats } from './report.ts';

/** Statistics of a certificate chain, leaf first; `fingerprint` is the leaf's. */
export async function certificateStats(chain: readonly Uint8Array[], timestamp: number): Promise<RTCStats[]> {
  const fingerprints = await Promise.all(chain.map(sha256));
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

async function sha256(der: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', der as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
