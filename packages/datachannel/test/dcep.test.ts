import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeDcep, encodeAck, encodeOpen } from '../src/index.ts';

const label = 'chat';
const base = { label, protocol: 'p', priority: 256 };

describe('DATA_CHANNEL_OPEN (RFC 8832 §5.1)', () => {
  const vector = (type: number, parameter: number[]): number[] => [
    3,
    type,
    1,
    0,
    ...parameter,
    0,
    4,
    0,
    1,
    ...new TextEncoder().encode('chatp'),
  ];
  const cases = [
    ['reliable', 0x00, [0, 0, 0, 0], { ordered: true }],
    ['reliable unordered', 0x80, [0, 0, 0, 0], { ordered: false }],
    ['retransmissions', 0x01, [0, 0, 0, 3], { ordered: true, maxRetransmits: 3 }],
    ['retransmissions unordered', 0x81, [0, 0, 0, 0], { ordered: false, maxRetransmits: 0 }],
    ['lifetime', 0x02, [0, 0, 1, 0xf4], { ordered: true, maxPacketLifeTime: 500 }],
    ['lifetime unordered', 0x82, [0, 0, 0, 0], { ordered: false, maxPacketLifeTime: 0 }],
  ] as const;
  for (const [name, type, parameter, fields] of cases) {
    it(`carries ${name}`, () => {
      const encoded = encodeOpen({ ...base, ...fields });
      expect([...encoded]).toEqual(vector(type, [...parameter]));
      expect(decodeDcep(encoded)).toMatchObject({ type: 'open', ...base, ...fields });
    });
  }

  it('ignores the reliability parameter of a reliable channel', () => {
    const decoded = decodeDcep(Uint8Array.from(vector(0x00, [0, 0, 0, 9])));
    expect(decoded).toMatchObject({ ordered: true, maxRetransmits: undefined, maxPacketLifeTime: undefined });
  });

  it('refuses channel types it does not know', () => {
    for (const type of [0x03, 0x7f, 0x83, 0xff])
      expect(isMalformed(decodeDcep(Uint8Array.from(vector(type, [0, 0, 0, 0]))))).toBe(true);
  });

  it('refuses every prefix and bytes behind the end', () => {
    const whole = Uint8Array.from(vector(0x81, [0, 0, 0, 1]));
    for (let length = 0; length < whole.length; length++)
      expect(isMalformed(decodeDcep(whole.subarray(0, length)))).toBe(true);
    expect(isMalformed(decodeDcep(Uint8Array.of(...whole, 0)))).toBe(true);
  });

  it('returns for every single-bit flip', () => {
    const whole = Uint8Array.from(vector(0x82, [0, 0, 0, 1]));
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = whole.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const decoded = decodeDcep(flipped);
      expect(isMalformed(decoded) || decoded.type === 'open' || decoded.type === 'ack').toBe(true);
    }
  });
});

describe('DATA_CHANNEL_ACK (RFC 8832 §5.2)', () => {
  it('is one byte', () => {
    expect([...encodeAck()]).toEqual([2]);
    expect(decodeDcep(encodeAck())).toEqual({ type: 'ack' });
  });

  it('is refused with another type or without one', () => {
    for (const bytes of [[], [0], [1], [4], [0xff]]) expect(isMalformed(decodeDcep(Uint8Array.from(bytes)))).toBe(true);
  });
});
