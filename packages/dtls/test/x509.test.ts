import { X509Certificate } from 'node:crypto';
import { subjectPublicKeyInfo } from '@kaon/dtls';
import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { DER_TAG, DerReader, toHex } from '../src/der.ts';
import { certificateOf } from './helpers/identity.ts';
import { hex, mangle } from './helpers/mangle.ts';

describe('subjectPublicKeyInfo', () => {
  it.each(['p256', 'p384', 'ed25519', 'rsa2048'] as const)('finds the key of a %s certificate', (name) => {
    const der = certificateOf(name);
    const expected = new X509Certificate(der).publicKey.export({ format: 'der', type: 'spki' });
    const spki = subjectPublicKeyInfo(der);
    if (isMalformed(spki)) throw new Error('malformed');
    expect(Buffer.from(spki)).toEqual(expected);
  });

  it('refuses every prefix and bytes behind the end, and takes any bit flip', () => {
    const der = certificateOf('p256');
    mangle(der, subjectPublicKeyInfo);
    for (let length = 0; length < der.length; length++) {
      expect(isMalformed(subjectPublicKeyInfo(der.subarray(0, length)))).toBe(true);
    }
    expect(isMalformed(subjectPublicKeyInfo(Uint8Array.from([...der, 0])))).toBe(true);
  });
});

describe('DerReader', () => {
  it('reads short and long lengths', () => {
    const reader = new DerReader(hex(`020105 0481${'80'}${'aa'.repeat(128)}`));
    expect(reader.peek()).toBe(DER_TAG.integer);
    expect(toHex(reader.content(DER_TAG.integer))).toBe('05');
    expect(reader.content(DER_TAG.octetString).length).toBe(128);
    expect(reader.done).toBe(true);
    expect(reader.failed).toBe(false);
  });

  it.each([
    ['nothing', ''],
    ['a tag alone', '02'],
    ['another tag', '040105'],
    ['content that is not there', '0205aa'],
    ['an indefinite length', '0280aa0000'],
    ['a length that could be shorter', '028105aaaaaaaaaa'],
    ['a length with a leading zero', '02820080aa'],
    ['a length of four bytes', '028401000000aa'],
    ['a length that is cut off', '0282'],
  ])('refuses %s, and stays refusing', (_, bytes) => {
    const reader = new DerReader(hex(bytes));
    expect(reader.content(DER_TAG.integer).length).toBe(0);
    expect(reader.failed).toBe(true);
    expect(reader.peek()).toBe(-1);
    expect(reader.inside(DER_TAG.sequence).failed).toBe(true);
  });
});
