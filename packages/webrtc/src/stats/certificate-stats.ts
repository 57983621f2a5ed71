import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { present } from './present.ts';
import type { RTCCertificateStats } from './types.ts';

/** Statistics of a certificate chain, leaf first; `fingerprint` is each one's own. */
export function certificateStats(
  chain: readonly Uint8Array[],
  crypto: Pick<CryptoProvider, 'hash'>,
  timestamp: number,
): RTCCertificateStats[] {
  const texts = chain.map((der) => textsOf(der, crypto));
  return texts.map(({ fingerprint, base64Certificate }, index) => {
    const issuer = texts[index + 1];
    return present<RTCCertificateStats>({
      id: `CF${fingerprint}`,
      timestamp,
      type: 'certificate',
      fingerprint,
      fingerprintAlgorithm: 'sha-256',
      base64Certificate,
      issuerCertificateId: issuer === undefined ? undefined : `CF${issuer.fingerprint}`,
    });
  });
}

interface Texts {
  readonly fingerprint: string;
  readonly base64Certificate: string;
}

function textsOf(der: Uint8Array, crypto: Pick<CryptoProvider, 'hash'>): Texts {
  let texts = TEXTS.get(der);
  if (texts === undefined) {
    const digest = crypto.hash('SHA-256').update(der).digest();
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0').toUpperCase());
    texts = { fingerprint: hex.join(':'), base64Certificate: btoa(String.fromCharCode(...der)) };
    TEXTS.set(der, texts);
  }
  return texts;
}

/** A certificate does not change: each is hashed once, not for every report. */
const TEXTS = new WeakMap<Uint8Array, Texts>();
