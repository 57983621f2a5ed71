import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { Certificate as PkiCertificate } from 'pkijs';
import { describe, expect, it } from 'vitest';
import { Certificate, type CertificateAlgorithm } from '../src/certificate/index.ts';

const ALGORITHMS: readonly CertificateAlgorithm[] = [
  { name: 'ECDSA', namedCurve: 'P-256' },
  { name: 'ECDSA', namedCurve: 'P-384' },
  { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, hash: 'SHA-256' },
  { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, hash: 'SHA-512' },
  { name: 'Ed25519' },
];

const DAY = 86_400_000;

describe.each(ALGORITHMS)('a generated certificate for %j', (algorithm) => {
  it('is signed by its own key, says WebRTC and is valid since yesterday', async () => {
    const certificate = await Certificate.generate({ algorithm });
    const parsed = new X509Certificate(certificate.der);
    expect(parsed.subject).toBe('CN=WebRTC');
    expect(parsed.issuer).toBe('CN=WebRTC');
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.checkIssued(parsed)).toBe(true);
    expect(parsed.serialNumber).toHaveLength(32);
    expect(Date.now() - parsed.validFromDate.getTime()).toBeGreaterThan(DAY - 1);
    expect(Date.now() - parsed.validFromDate.getTime()).toBeLessThan(DAY + 60_000);
    expect(parsed.validToDate.getTime()).toBe(certificate.expires);
    expect(certificate.expires - Date.now()).toBeGreaterThan(30 * DAY - 60_000);
    expect(certificate.chain).toEqual([certificate.der]);
    expect(certificate.algorithm).toMatchObject(algorithm);
  });

  it('has the private key of its public key', async () => {
    const { der, privateKey } = await Certificate.generate({ algorithm });
    const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
    expect(new X509Certificate(der).checkPrivateKey(key)).toBe(true);
    expect(createPublicKey(key).equals(new X509Certificate(der).publicKey)).toBe(true);
  });

  it('is DER: reading and writing it again gives the same bytes', async () => {
    const { der } = await Certificate.generate({ algorithm });
    const theirs = PkiCertificate.fromBER(der.slice());
    expect(new Uint8Array(theirs.toSchema(true).toBER(false))).toEqual(new Uint8Array(der));
    // It cannot verify Ed25519; X.509 of the platform has done so above.
    if (algorithm.name !== 'Ed25519') expect(await theirs.verify()).toBe(true);
  });

  it('survives export and import, by PEM and by DER', async () => {
    const certificate = await Certificate.generate({ algorithm });
    const pem = certificate.toPEM();
    const copies = [
      await Certificate.fromPEM(pem.certificate + pem.privateKey),
      await Certificate.fromPEM(`some words\n${pem.privateKey}\r\n${pem.certificate.replaceAll('\n', '\r\n')}`),
      await Certificate.fromDER({ certificate: certificate.der, privateKey: certificate.privateKey }),
    ];
    for (const copy of copies) {
      expect(copy.chain).toEqual(certificate.chain);
      expect(copy.privateKey).toEqual(certificate.privateKey);
      expect(copy.expires).toBe(certificate.expires);
      expect(copy.algorithm).toEqual(certificate.algorithm);
      expect(copy.fingerprints()).toEqual(certificate.fingerprints());
    }
  });
});

describe('Certificate.generate', () => {
  it('fills what was written once with the dates, the key and the serial number of each', async () => {
    const year = 365.25 * DAY;
    for (const [expires, commonName] of [
      [60_000, 'first'],
      [20 * DAY, 'first'],
      [40 * year, 'first'],
      [45 * year, 'first'],
      [20 * DAY, 'a name of another length'],
      [0, 'first'],
    ] as const) {
      const certificate = await Certificate.generate({ expires, commonName });
      const parsed = new X509Certificate(certificate.der);
      expect(parsed.verify(parsed.publicKey)).toBe(true);
      expect(parsed.subject).toBe(`CN=${commonName}`);
      expect(parsed.validToDate.getTime()).toBe(certificate.expires);
      expect(Date.now() - parsed.validFromDate.getTime()).toBeLessThan(DAY + 60_000);
      const theirs = PkiCertificate.fromBER(certificate.der.slice());
      expect(new Uint8Array(theirs.toSchema(true).toBER(false))).toEqual(new Uint8Array(certificate.der));
    }
  });

  it('keeps working when every certificate has a name of its own', async () => {
    for (let i = 0; i < 40; i++) {
      const { der } = await Certificate.generate({ commonName: `peer ${i}` });
      expect(new X509Certificate(der).subject).toBe(`CN=peer ${i}`);
    }
  });

  it('makes ECDSA on P-256 unless told otherwise', async () => {
    expect((await Certificate.generate()).algorithm).toEqual({ name: 'ECDSA', namedCurve: 'P-256' });
  });

  it('makes RSA with 2048 bits, exponent 65537 and SHA-256 unless told otherwise', async () => {
    const certificate = await Certificate.generate({ algorithm: { name: 'RSASSA-PKCS1-v1_5' } });
    const details = new X509Certificate(certificate.der).publicKey.asymmetricKeyDetails;
    expect(details).toMatchObject({ modulusLength: 2048, publicExponent: 65537n });
    expect(certificate.algorithm).toMatchObject({ modulusLength: 2048, hash: 'SHA-256' });
  });

  it('makes another key and serial number each time', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => Certificate.generate()));
    expect(new Set(all.map(({ der }) => new X509Certificate(der).serialNumber)).size).toBe(20);
    expect(new Set(all.map(({ privateKey }) => privateKey.join())).size).toBe(20);
  });

  it('takes a lifetime and a name', async () => {
    const before = Date.now();
    const certificate = await Certificate.generate({ expires: 60_000, commonName: 'Käthe' });
    expect(Math.abs(certificate.expires - before - 60_000)).toBeLessThan(10_000);
    expect(new X509Certificate(certificate.der).subject).toBe('CN=Käthe');
  });

  it('takes a lifetime of nothing', async () => {
    expect((await Certificate.generate({ expires: 0 })).expires).toBeLessThanOrEqual(Date.now());
  });

  it('writes years from 2050 on as a GeneralizedTime', async () => {
    const year = 365.25 * DAY;
    const { der, expires } = await Certificate.generate({ expires: 50 * year });
    expect(new X509Certificate(der).validToDate.getTime()).toBe(expires);
    expect(new Date(expires).getUTCFullYear()).toBeGreaterThan(2070);
  });

  it.each([-100_000, Number.NaN, Number.POSITIVE_INFINITY, 1e16])('refuses a lifetime of %d', async (expires) => {
    await expect(Certificate.generate({ expires })).rejects.toMatchObject({ code: 'CERTIFICATE_BAD_EXPIRES' });
  });

  it.each([
    { name: 'RSA-OAEP' },
    { name: 'ECDSA', namedCurve: 'P-521' },
    { name: 'ECDSA' },
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024 },
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048.5 },
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 16384 },
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, hash: 'SHA-1' },
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(3) },
  ])('refuses %j', async (algorithm) => {
    const generating = Certificate.generate({ algorithm: algorithm as CertificateAlgorithm });
    await expect(generating).rejects.toMatchObject({ code: 'CERTIFICATE_UNSUPPORTED_ALGORITHM' });
  });
});

describe('fingerprints', () => {
  it('are those that X.509 tools print', async () => {
    const certificate = await Certificate.generate();
    const parsed = new X509Certificate(certificate.der);
    expect(certificate.fingerprints()).toEqual([{ algorithm: 'sha-256', value: parsed.fingerprint256 }]);
    expect(certificate.fingerprints(['sha-512', 'sha-1'])).toEqual([
      { algorithm: 'sha-512', value: parsed.fingerprint512 },
      { algorithm: 'sha-1', value: parsed.fingerprint },
    ]);
    expect(certificate.fingerprints(['sha-384'])[0]?.value).toMatch(/^([0-9A-F]{2}:){47}[0-9A-F]{2}$/);
  });

  it('of an unknown hash are refused', async () => {
    const certificate = await Certificate.generate();
    expect(() => certificate.fingerprints(['sha-3' as 'sha-1'])).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_UNSUPPORTED_HASH' }),
    );
  });
});

describe('importing', () => {
  it('keeps a chain', async () => {
    const [leaf, issuer] = [await Certificate.generate(), await Certificate.generate()];
    const pem = leaf.toPEM().certificate + issuer.toPEM().certificate + leaf.toPEM().privateKey;
    const read = await Certificate.fromPEM(pem);
    expect(read.chain).toEqual([leaf.der, issuer.der]);
    expect(read.toPEM().certificate).toBe(leaf.toPEM().certificate + issuer.toPEM().certificate);
  });

  it('copies the bytes it is given', async () => {
    const certificate = await Certificate.generate();
    const given = { certificate: certificate.der.slice(), privateKey: certificate.privateKey.slice() };
    const read = await Certificate.fromDER(given);
    given.certificate.fill(0);
    given.privateKey.fill(0);
    expect(read.der).toEqual(certificate.der);
    expect(read.privateKey).toEqual(certificate.privateKey);
  });

  it('refuses a key of another certificate', async () => {
    const [a, b] = [await Certificate.generate(), await Certificate.generate()];
    await expect(Certificate.fromDER({ certificate: a.der, privateKey: b.privateKey })).rejects.toMatchObject({
      code: 'CERTIFICATE_KEY_MISMATCH',
    });
  });

  it('refuses a key of another kind', async () => {
    const [a, b] = [await Certificate.generate(), await Certificate.generate({ algorithm: { name: 'Ed25519' } })];
    await expect(Certificate.fromDER({ certificate: a.der, privateKey: b.privateKey })).rejects.toMatchObject({
      code: 'CERTIFICATE_BAD_PRIVATE_KEY',
    });
  });

  it('refuses a certificate that is cut short or damaged in its structure', async () => {
    const { der, privateKey } = await Certificate.generate();
    for (const certificate of [
      new Uint8Array(0),
      der.subarray(0, 100),
      der.subarray(0, der.length - 1),
      Uint8Array.of(1, 2, 3),
    ]) {
      await expect(Certificate.fromDER({ certificate, privateKey })).rejects.toMatchObject({
        code: 'CERTIFICATE_BAD_CERTIFICATE',
      });
    }
    await expect(Certificate.fromDER({ certificate: [], privateKey })).rejects.toMatchObject({
      code: 'CERTIFICATE_BAD_CERTIFICATE',
    });
  });

  it('refuses bytes that are no private key', async () => {
    const { der, privateKey } = await Certificate.generate();
    for (const bytes of [new Uint8Array(0), privateKey.subarray(0, 40), der]) {
      await expect(Certificate.fromDER({ certificate: der, privateKey: bytes })).rejects.toMatchObject({
        code: 'CERTIFICATE_BAD_PRIVATE_KEY',
      });
    }
  });

  it('rejects with a code of its own whatever bit of the certificate is flipped, or reads it', async () => {
    const { der, privateKey } = await Certificate.generate();
    for (let bit = 0; bit < der.length * 8; bit += 13) {
      const damaged = der.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const outcome = await Certificate.fromDER({ certificate: damaged, privateKey }).then(
        () => 'read',
        (error: { code?: string }) => error.code,
      );
      expect(outcome).toMatch(/^(read|CERTIFICATE_[A-Z_]+)$/);
    }
  });

  it.each([
    ['', 'no CERTIFICATE'],
    ['-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----', 'not base64'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', '0 PRIVATE KEY blocks'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END PRIVATE KEY-----', 'no CERTIFICATE'],
  ])('refuses the text %j', async (pem, why) => {
    await expect(Certificate.fromPEM(pem)).rejects.toMatchObject({
      code: 'CERTIFICATE_BAD_PEM',
      message: expect.stringContaining(why),
    });
  });

  it('tells how to convert a key in an older format', async () => {
    const certificate = await Certificate.generate();
    const key = createPrivateKey({ key: Buffer.from(certificate.privateKey), format: 'der', type: 'pkcs8' });
    const pem = certificate.toPEM().certificate + key.export({ format: 'pem', type: 'sec1' });
    await expect(Certificate.fromPEM(pem)).rejects.toMatchObject({
      code: 'CERTIFICATE_BAD_PEM',
      message: expect.stringContaining('openssl pkcs8'),
    });
  });
});
