import { createHmac } from 'node:crypto';
import { portableCrypto } from '@kaon/dtls';
import { describe, expect, it } from 'vitest';
import { prf } from '../src/key-schedule/prf.ts';
import { hex } from './helpers/mangle.ts';

describe('RFC 5246 §5: the pseudorandom function', () => {
  it('gives the published vector for SHA-256', () => {
    // https://mailarchive.ietf.org/arch/msg/tls/fzVCzk-z3FShgGJ6DOXqM1ydxms/
    const secret = hex('9bbe436ba940f017b17652849a71db35');
    const seed = hex('a0ba9f936cda311827a6f796ffd5198c');
    const expected = hex(`
      e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af
      0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66`);
    expect(prf(portableCrypto, 'SHA-256', secret, 'test label', seed, 100)).toEqual(expected);
  });

  it.each([
    ['SHA-256', 'sha256'],
    ['SHA-384', 'sha384'],
  ] as const)('is P_hash with %s at every length', (name, algorithm) => {
    const secret = hex('00112233');
    const seed = hex('445566');
    const labelled = Buffer.concat([Buffer.from('label'), seed]);
    const mac = (data: Uint8Array): Buffer => createHmac(algorithm, secret).update(data).digest();
    let a: Buffer = labelled;
    const blocks: Buffer[] = [];
    for (let i = 0; i < 4; i++) {
      a = mac(a);
      blocks.push(mac(Buffer.concat([a, labelled])));
    }
    const all = Buffer.concat(blocks);
    for (let length = 0; length <= 4 * 32; length++) {
      expect(Buffer.from(prf(portableCrypto, name, secret, 'label', seed, length))).toEqual(all.subarray(0, length));
    }
  });
});
