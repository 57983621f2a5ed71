import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Sha256 } from '../src/browser/sha256.ts';
import { formatBytes, formatRate } from '../src/format.ts';
import { control, readControl } from '../src/protocol.ts';
import { pattern } from './helpers/memory.ts';

describe('the SHA-256 of the page', () => {
  it('is that of FIPS 180-4 (the examples of NIST)', () => {
    expect(hash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(hash('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')).toBe(
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    );
  });

  it('does not depend on how the bytes are cut, at any length', () => {
    for (let length = 0; length <= 200; length++) {
      const bytes = pattern(length);
      const expected = createHash('sha256').update(bytes).digest('hex');
      for (const cut of [0, 1, 55, 63, 64, 65, 130]) {
        const running = new Sha256();
        running.update(bytes.subarray(0, cut));
        running.update(bytes.subarray(cut));
        expect(running.digest(), `${length} bytes cut at ${cut}`).toBe(expected);
      }
    }
  });
});

function hash(text: string): string {
  const running = new Sha256();
  running.update(new TextEncoder().encode(text));
  return running.digest();
}

describe('control messages', () => {
  it('survive the way', () => {
    const messages = [
      { type: 'chat', text: 'hi' },
      { type: 'files', files: [{ name: 'a', size: 1 }] },
      { type: 'fetch', name: 'a' },
      { type: 'ping', id: 1 },
      { type: 'pong', id: 1 },
    ] as const;
    for (const message of messages) expect(readControl(control(message))).toEqual(message);
  });

  it.each([
    'no JSON',
    'null',
    '7',
    '{}',
    '{"type":"chat"}',
    '{"type":"chat","text":{"toString":1}}',
    '{"type":"fetch","name":7}',
    '{"type":"files","files":[{}]}',
    '{"type":"stats","stats":null}',
    '{"type":"constructor"}',
    new ArrayBuffer(3),
  ])('are nothing else: %s', (data) => {
    expect(readControl(data)).toBeUndefined();
  });
});

it('sizes and rates are readable', () => {
  expect([0, 1, 999, 1000, 999_949, 999_950, 20_000_000, 1.35e9].map(formatBytes)).toEqual([
    '0 bytes',
    '1 byte',
    '999 bytes',
    '1.0 kB',
    '999.9 kB',
    '1.0 MB',
    '20.0 MB',
    '1.35 GB',
  ]);
  expect([formatRate(35_700_000, 1000), formatRate(0, 0)]).toEqual(['35.7 MB/s', '0 bytes/s']);
});
