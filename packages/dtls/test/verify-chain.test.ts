import { rootCertificates } from 'node:tls';
import { Certificate, type CertificateErrorCode, verifyChain } from '@kaon/dtls/certificate';
import { describe, expect, it } from 'vitest';
import { chainReader } from '../src/certificate/chain-certificate.ts';
import { decodePem, encodePem } from '../src/certificate/pem.ts';
import { fromBase64 } from './helpers/identity.ts';
import { CHAINS } from './vectors/chains.ts';

type Name = keyof typeof CHAINS;
const DAY = 86_400_000;
const BEGIN = Date.UTC(2026, 10, 22);
const der = (name: Name): Uint8Array => fromBase64(CHAINS[name]);

/** The code of the refusal, or `trusted`. */
async function verdict(
  chain: readonly Name[],
  { roots = ['root'] as readonly Name[], name = 'turn.example.org', now = BEGIN } = {},
): Promise<CertificateErrorCode | 'trusted'> {
  const error = await verifyChain(chain.map(der), { name, now, roots: roots.map(der) });
  return error?.code ?? 'trusted';
}

describe('verifyChain', () => {
  it.each<[string, readonly Name[]]>([
    ['through an intermediate', ['leaf', 'intermediate']],
    ['with the root in it', ['leaf', 'intermediate', 'root']],
    ['out of order, with others in between', ['leaf', 'otherRoot', 'loopA', 'intermediate']],
    ['with an impostor of the root, of the same name', ['leaf', 'impostor', 'intermediate']],
    ['through an authority for one level', ['underShort', 'short']],
    ['within the names of its authority', ['underLimited', 'limited']],
  ])('trusts a chain %s', async (_, chain) => {
    expect(await verdict(chain)).toBe('trusted');
  });

  it.each<[string, readonly Name[], CertificateErrorCode]>([
    ['whose root is not trusted', ['leaf', 'intermediate'], 'CERTIFICATE_UNKNOWN_ISSUER'],
    ['that is self-signed', ['selfSigned'], 'CERTIFICATE_SELF_SIGNED'],
  ])('refuses a chain %s', async (_, chain, code) => {
    expect(await verdict(chain, { roots: ['otherRoot'] })).toBe(code);
    expect(await verdict(chain, { roots: [] })).toBe(code);
  });

  it.each<[string, readonly Name[], CertificateErrorCode]>([
    ['without its intermediate', ['leaf'], 'CERTIFICATE_UNKNOWN_ISSUER'],
    ['signed by an impostor of the root', ['byImpostor'], 'CERTIFICATE_UNKNOWN_ISSUER'],
    ['signed by an impostor that it brings along', ['byImpostor', 'impostor'], 'CERTIFICATE_UNKNOWN_ISSUER'],
    ['that goes round in circles', ['underLoop', 'loopA', 'loopB'], 'CERTIFICATE_UNKNOWN_ISSUER'],
    ['issued by one that is no authority', ['underLeaf', 'leaf', 'intermediate'], 'CERTIFICATE_UNFIT'],
    ['issued by one that may not sign certificates', ['underNoSign', 'noSign'], 'CERTIFICATE_UNFIT'],
    ['longer than an authority allows', ['underBelowShort', 'belowShort', 'short'], 'CERTIFICATE_UNFIT'],
    ['whose authority is for clients', ['underClientsOnly', 'clientsOnly'], 'CERTIFICATE_UNFIT'],
    ['that is for clients', ['forClients'], 'CERTIFICATE_UNFIT'],
    ['that is for signing certificates', ['forSigning'], 'CERTIFICATE_UNFIT'],
    ['with a critical extension that is not known', ['strange'], 'CERTIFICATE_UNFIT'],
    ['with a SHA-1 signature', ['weak'], 'CERTIFICATE_UNFIT'],
    ['with an RSA key of 1024 bits', ['shortRsa'], 'CERTIFICATE_UNFIT'],
    ['outside the names of its authority', ['outsideLimited', 'limited'], 'CERTIFICATE_UNFIT'],
    ['among the names its authority excludes', ['excludedLimited', 'limited'], 'CERTIFICATE_UNFIT'],
    ['outside the addresses of its authority', ['addressLimited', 'limited'], 'CERTIFICATE_UNFIT'],
    ['whose name is only a common name', ['commonNameOnly'], 'CERTIFICATE_WRONG_NAME'],
  ])('refuses a chain %s', async (_, chain, code) => {
    expect(await verdict(chain)).toBe(code);
  });

  it.each<[Name, Name]>([
    ['underRsa', 'rsaRoot'],
    ['underPss', 'rsaRoot'],
    ['underP384', 'p384Root'],
  ])('verifies the signature of %s by %s', async (leaf, root) => {
    expect(await verdict([leaf], { roots: [root] })).toBe('trusted');
    const forged = der(leaf);
    forged[forged.length - 1]! ^= 1;
    const options = { name: 'turn.example.org', now: BEGIN, roots: [der(root)] };
    expect((await verifyChain([forged], options))?.code).toBe('CERTIFICATE_UNKNOWN_ISSUER');
  });

  it('trusts a certificate that is among the roots itself, for its names and dates', async () => {
    expect(await verdict(['selfSigned'], { roots: ['selfSigned'] })).toBe('trusted');
    expect(await verdict(['leaf'], { roots: ['leaf'] })).toBe('trusted');
    expect(await verdict(['selfSigned'], { roots: ['selfSigned'], name: 'else.example.org' })).toBe(
      'CERTIFICATE_WRONG_NAME',
    );
    expect(await verdict(['selfSigned'], { roots: ['selfSigned'], now: BEGIN + 3000 * DAY })).toBe(
      'CERTIFICATE_EXPIRED',
    );
  });

  it('looks at the dates of every certificate', async () => {
    expect(await verdict(['direct'], { name: 'direct.example.org', now: BEGIN + 2990 * DAY })).toBe('trusted');
    expect(await verdict(['direct'], { name: 'direct.example.org', now: BEGIN + 3001 * DAY })).toBe(
      'CERTIFICATE_EXPIRED',
    );
    expect(await verdict(['direct'], { name: 'direct.example.org', now: BEGIN - 2 * DAY })).toBe(
      'CERTIFICATE_NOT_YET_VALID',
    );
    expect(await verdict(['underBrief', 'brief'], { now: BEGIN + 990 * DAY })).toBe('trusted');
    expect(await verdict(['underBrief', 'brief'], { now: BEGIN + 1001 * DAY })).toBe('CERTIFICATE_EXPIRED');
  });

  it('takes the time of the machine when none is given', async () => {
    const certificate = await Certificate.generate();
    const error = await verifyChain(certificate.chain, { name: 'a.example', roots: [certificate.der] });
    expect(error?.code).toBe('CERTIFICATE_WRONG_NAME');
  });

  it.each([
    ['turn.example.org', 'trusted'],
    ['TURN.Example.ORG.', 'trusted'],
    ['a.wild.example.org', 'trusted'],
    ['wild.example.org', 'CERTIFICATE_WRONG_NAME'],
    ['a.b.wild.example.org', 'CERTIFICATE_WRONG_NAME'],
    ['.wild.example.org', 'CERTIFICATE_WRONG_NAME'],
    ['example.org', 'CERTIFICATE_WRONG_NAME'],
    ['x.turn.example.org', 'CERTIFICATE_WRONG_NAME'],
    ['192.0.2.1', 'trusted'],
    ['192.0.2.2', 'CERTIFICATE_WRONG_NAME'],
    ['2001:db8::1', 'trusted'],
    ['2001:DB8:0::1', 'trusted'],
    ['2001:db8::2', 'CERTIFICATE_WRONG_NAME'],
    ['', 'CERTIFICATE_WRONG_NAME'],
  ])('answers for %s: %s', async (name, expected) => {
    expect(await verdict(['leaf', 'intermediate'], { name })).toBe(expected);
  });

  it('says what is wrong', async () => {
    const message = async (chain: readonly Name[], options: { name: string; now: number }): Promise<unknown> =>
      (await verifyChain(chain.map(der), { ...options, roots: [der('root')] }))?.message;
    expect(await message(['leaf', 'intermediate'], { name: 'x.example', now: BEGIN })).toBe(
      'The certificate is for turn.example.org, *.wild.example.org, 2 addresses and not for x.example.',
    );
    expect(await message(['underBrief', 'brief'], { name: 'turn.example.org', now: BEGIN + 2000 * DAY })).toBe(
      'The certificate of Brief has expired on 2029-08-17.',
    );
    expect(await message(['selfSigned'], { name: 'turn.example.org', now: BEGIN })).toBe(
      'The certificate is self-signed and not trusted.',
    );
  });

  it('takes roots in PEM, several in one text, and frozen lists of them', async () => {
    const roots = Object.freeze([
      encodePem('CERTIFICATE', der('otherRoot')) + encodePem('CERTIFICATE', der('root')),
      ...rootCertificates,
    ]);
    const options = { name: 'turn.example.org', now: BEGIN, roots };
    for (let i = 0; i < 2; i++) expect(await verifyChain([der('leaf'), der('intermediate')], options)).toBeUndefined();
    await expect(verifyChain([der('leaf')], { ...options, roots: ['nothing'] })).rejects.toMatchObject({
      code: 'CERTIFICATE_BAD_PEM',
    });
  });

  it('can read every root of the platform', async () => {
    const read = await chainReader();
    const roots = rootCertificates.flatMap((pem) => decodePem(pem).map(({ bytes }) => read(bytes)));
    expect(roots.length).toBe(rootCertificates.length);
    for (const root of roots) expect(root?.obstacle).toBeUndefined();
    expect(roots.every((root) => root?.isAuthority === true || root?.version === 0)).toBe(true);
  });
});

describe('hostile chains', () => {
  const options = { name: 'turn.example.org', now: BEGIN, roots: [der('root')] };

  it('refuses none, too many, too long ones and what is no certificate', async () => {
    const code = async (chain: readonly Uint8Array[]): Promise<unknown> => (await verifyChain(chain, options))?.code;
    expect(await code([])).toBe('CERTIFICATE_BAD_CERTIFICATE');
    expect(await code([new Uint8Array(0)])).toBe('CERTIFICATE_BAD_CERTIFICATE');
    expect(await code([new Uint8Array(65_537)])).toBe('CERTIFICATE_BAD_CERTIFICATE');
    expect(await code(Array.from({ length: 17 }, () => der('leaf')))).toBe('CERTIFICATE_BAD_CERTIFICATE');
    // Sequences in sequences, as deep as they go.
    const deep = new Uint8Array(60_000).fill(0x30);
    for (let i = 1; i < deep.length; i += 2) deep[i] = 0x80;
    expect(await code([deep])).toBe('CERTIFICATE_BAD_CERTIFICATE');
  });

  it('is not kept busy by certificates that all might be the issuer', async () => {
    const copies = Array.from({ length: 15 }, () => der('loopA'));
    expect((await verifyChain([der('underLoop'), ...copies], options))?.code).toBe('CERTIFICATE_UNKNOWN_ISSUER');
  });

  it('ignores what it cannot read behind the first', async () => {
    const chain = [der('leaf'), Uint8Array.of(1), der('intermediate')];
    expect(await verifyChain(chain, options)).toBeUndefined();
  });

  it('never trusts a certificate of which one bit was changed, and never rejects', async () => {
    const good = der('direct');
    const of = { ...options, name: 'direct.example.org' };
    // What is signed: the first element within the outer SEQUENCE. The rest may be written in several ways.
    const signed = 8 + good[6]! * 256 + good[7]!;
    for (let byte = 0; byte < good.length; byte++) {
      const bad = good.slice();
      bad[byte]! ^= 1 << (byte % 8);
      const error = await verifyChain([bad], of);
      if (byte < signed) expect(error, `byte ${byte}`).toBeDefined();
    }
    for (let length = 0; length < good.length; length += 7)
      expect(await verifyChain([good.subarray(0, length)], of)).toBeDefined();
  });
});
