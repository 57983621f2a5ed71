import { createHash } from 'node:crypto';
import { fingerprint, portableCrypto, verifyFingerprints } from '@kaon/dtls';
import { describe, expect, it } from 'vitest';
import { certificateOf } from './helpers/identity.ts';

const DER = certificateOf('p256');
const ALGORITHMS = ['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512'] as const;

describe('RFC 8122 §5: fingerprint', () => {
  it.each(ALGORITHMS)('%s is upper-case hexadecimal with colons', (algorithm) => {
    const digest = createHash(algorithm.replace('-', '')).update(DER).digest('hex').toUpperCase();
    expect(fingerprint(DER, algorithm)).toBe(digest.replace(/..(?!$)/g, '$&:'));
  });

  it('is sha-256 unless said otherwise', () => {
    expect(fingerprint(DER)).toBe(fingerprint(DER, 'sha-256'));
  });

  it('hashes with the given provider', () => {
    const asked: string[] = [];
    fingerprint(DER, 'sha-512', {
      hash: (name) => {
        asked.push(name);
        return portableCrypto.hash(name);
      },
    });
    expect(asked).toEqual(['SHA-512']);
  });

  it('refuses md5 and names that are none', () => {
    expect(() => fingerprint(DER, 'md5' as 'sha-1')).toThrow(expect.objectContaining({ code: 'DTLS_BAD_OPTION' }));
  });
});

describe('verifyFingerprints', () => {
  const right = ALGORITHMS.map((algorithm) => ({ algorithm, value: fingerprint(DER, algorithm) }));

  it('takes any one that matches, in any case', () => {
    for (const one of right) {
      expect(verifyFingerprints(DER, [one])).toBe(true);
      expect(
        verifyFingerprints(DER, [{ algorithm: one.algorithm.toUpperCase(), value: one.value.toLowerCase() }]),
      ).toBe(true);
    }
    expect(verifyFingerprints(DER, [{ algorithm: 'sha-256', value: 'AB:CD' }, right[4]!])).toBe(true);
  });

  it('refuses others, the empty list, and lists of only unknown or forbidden algorithms', () => {
    expect(verifyFingerprints(certificateOf('other'), right)).toBe(false);
    expect(verifyFingerprints(DER, [])).toBe(false);
    const md5 = createHash('md5')
      .update(DER)
      .digest('hex')
      .toUpperCase()
      .replace(/..(?!$)/g, '$&:');
    expect(
      verifyFingerprints(DER, [
        { algorithm: 'md5', value: md5 },
        { algorithm: 'sha-3', value: '' },
      ]),
    ).toBe(false);
    expect(verifyFingerprints(DER, [{ algorithm: 'sha-1', value: right[2]!.value }])).toBe(false);
  });
});
