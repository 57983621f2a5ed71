import { describe, expect, it } from 'vitest';
import { Certificate } from '../src/certificate/index.ts';

describe('the example in the section on certificates', () => {
  it('is true', async () => {
    const certificate = await Certificate.generate({
      algorithm: { name: 'ECDSA', namedCurve: 'P-256' },
      expires: 86_400_000,
    });
    expect(certificate.fingerprints()).toEqual([
      { algorithm: 'sha-256', value: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/) },
    ]);
    const { certificate: pem, privateKey } = certificate.toPEM();
    const same = await Certificate.fromPEM(pem + privateKey);
    expect(same.der).toEqual(certificate.der);
  });
});
