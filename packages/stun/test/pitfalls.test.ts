import { seededRandom } from '@kaon/testing';
import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  attribute,
  BindingClient,
  decodeMessage,
  defaultCrypto,
  encodeMessage,
  parseMessage,
  verifyIntegrity,
  verifyIntegritySha256,
} from '../src/index.ts';
import { sentOne } from './helpers/drive.ts';
import { bytes } from './helpers/hex.ts';
import { CLIENT, SERVER, TO_SERVER } from './helpers/paths.ts';

const header = (length: number): string =>
  `0111 ${length.toString(16).padStart(4, '0')} 2112a442 b7e7a701bc34d686fa87dfae`;

describe('what crashed other stacks', () => {
  it('a short XOR-MAPPED-ADDRESS is refused', () => {
    for (let length = 0; length < 8; length++) {
      const padded = (length + 3) & ~3;
      const value = '0001a147e112a643'.slice(0, 2 * length).padEnd(2 * padded, '0');
      const message = bytes(`${header(4 + padded)} 0020 000${length} ${value}`);
      expect(isMalformed(decodeMessage(message))).toBe(true);
    }
  });

  it('a reason phrase that is no UTF-8 is replaced', () => {
    const message = parseMessage(bytes(`${header(12)} 0009 0008 0000 04 01 55fffe80`));
    expect(attribute(message, 'error-code')).toEqual({ type: 'error-code', code: 401, reason: 'U\ufffd\ufffd\ufffd' });
  });

  it('a short MAC is refused', () => {
    const sha1 = defaultCrypto.mac('SHA-1', new Uint8Array(1));
    const sha256 = defaultCrypto.mac('SHA-256', new Uint8Array(1));
    for (let words = 0; words < 5; words++) {
      const length = (4 * words).toString(16).padStart(4, '0');
      for (const type of ['0008', '001c']) {
        if (type === '001c' && words === 4) continue;
        const message = bytes(`${header(4 + 4 * words)} ${type} ${length} ${'00'.repeat(4 * words)}`);
        expect(isMalformed(decodeMessage(message))).toBe(true);
        expect([verifyIntegrity(message, sha1), verifyIntegritySha256(message, sha256)]).toEqual([false, false]);
      }
    }
  });

  it('none of them ends a client, which waits on for the genuine response', () => {
    const client = new BindingClient({ local: CLIENT, server: SERVER, random: seededRandom(1), now: 0 });
    const asked = parseMessage(sentOne(client, 0));
    const genuine = encodeMessage({
      ...asked,
      class: 'success',
      attributes: [{ type: 'xor-mapped-address', address: CLIENT }],
    });
    for (let length = 0; length < genuine.length; length++) {
      client.handleDatagram(genuine.slice(0, length), TO_SERVER, 1);
      const short = genuine.slice(0, length & ~3);
      if (short.length >= 24) {
        short[3] = short.length - 20;
        short[23] = short.length - 24;
        client.handleDatagram(short, TO_SERVER, 1);
      }
    }
    expect(client.pollEvent()).toBeUndefined();
    client.handleDatagram(genuine, TO_SERVER, 1);
    expect(client.pollEvent()).toMatchObject({ type: 'mapped-address' });
  });

  it('a text attribute at its limit can be written again after replacing', () => {
    // 763 stray bytes would become 2289: as the nonce has to be sent back, it is refused instead.
    const nonce = bytes(`${header(768)} 0015 02fb ${'ff'.repeat(763)} 00`);
    expect(isMalformed(decodeMessage(nonce))).toBe(true);
    const short = decodeMessage(bytes(`${header(12)} 0015 0005 ffffffffff 000000`));
    expect(!isMalformed(short) && encodeMessage(short).length).toBe(20 + 4 + 16);
  });
});
