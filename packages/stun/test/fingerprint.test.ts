import { encodeUtf8 } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../src/fingerprint.ts';
import { encodeMessage, verifyFingerprint } from '../src/index.ts';
import { request } from './helpers/message.ts';
import { SAMPLE_REQUEST } from './vectors/rfc5769.ts';

it('crc32 of the usual check string', () => {
  expect(crc32(encodeUtf8('123456789'), 9)).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0), 0)).toBe(0);
});

describe('verifyFingerprint', () => {
  it('refuses a message without one, also when its last bytes look like one', () => {
    expect(verifyFingerprint(encodeMessage(request()))).toBe(false);
    expect(verifyFingerprint(new Uint8Array(8))).toBe(false);
    expect(verifyFingerprint(new Uint8Array(0))).toBe(false);
  });

  it('refuses one that is not the last attribute', () => {
    const signed = encodeMessage(request(), { fingerprint: true });
    const behind = new Uint8Array(signed.length + 4);
    behind.set(signed);
    behind.set([0x00, 0x25, 0, 0], signed.length);
    behind[3]! += 4;
    expect(verifyFingerprint(behind)).toBe(false);
  });

  it('sees every flipped bit', () => {
    for (let bit = 0; bit < SAMPLE_REQUEST.length * 8; bit++) {
      const damaged = SAMPLE_REQUEST.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(verifyFingerprint(damaged)).toBe(false);
    }
  });
});
