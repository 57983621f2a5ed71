import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANNEL_MAX, CHANNEL_MIN, decodeChannelData, encodeChannelData, isChannelData } from '../src/index.ts';

const octets = fc.uint8Array({ maxLength: 100 });

describe('ChannelData', () => {
  it('is number, length, data', () => {
    expect([...encodeChannelData(0x4001, Uint8Array.of(1, 2, 3))]).toEqual([0x40, 1, 0, 3, 1, 2, 3]);
  });

  it('is padded for streams, which the length does not count', () => {
    expect([...encodeChannelData(0x4fff, Uint8Array.of(1, 2, 3), true)]).toEqual([0x4f, 0xff, 0, 3, 1, 2, 3, 0]);
    expect(encodeChannelData(0x4000, new Uint8Array(8), true).length).toBe(12);
  });

  it('comes back as it went, padded or not', () => {
    const channel = fc.integer({ min: CHANNEL_MIN, max: CHANNEL_MAX });
    fc.assert(
      fc.property(channel, octets, fc.boolean(), (channel, data, padded) => {
        expect(decodeChannelData(encodeChannelData(channel, data, padded))).toEqual({
          channel,
          data: new Uint8Array(data),
        });
      }),
    );
  });

  it('of any bytes is read without throwing', () => {
    fc.assert(
      fc.property(octets, (bytes) => {
        const decoded = decodeChannelData(bytes);
        if (isMalformed(decoded)) return;
        expect(isChannelData(bytes)).toBe(true);
        expect(decoded.data.length).toBeLessThanOrEqual(bytes.length - 4);
      }),
    );
  });

  it('cut short is malformed, every prefix of it', () => {
    const whole = encodeChannelData(0x4000, new Uint8Array(9));
    for (let length = 0; length < whole.length; length++) {
      expect(isMalformed(decodeChannelData(whole.subarray(0, length)))).toBe(true);
    }
  });

  it('has numbers from 0x4000 to 0x4fff only', () => {
    expect(isMalformed(decodeChannelData(Uint8Array.of(0x50, 0, 0, 0)))).toBe(true);
    expect(isMalformed(decodeChannelData(Uint8Array.of(0x3f, 0xff, 0, 0)))).toBe(true);
    expect([isChannelData(new Uint8Array(0)), isChannelData(Uint8Array.of(0x4f))]).toEqual([false, true]);
    for (const number of [0x3fff, 0x5000, 16384.5, Number.NaN]) {
      expect(() => encodeChannelData(number, new Uint8Array(0))).toThrow(RangeError);
    }
    expect(() => encodeChannelData(0x4000, new Uint8Array(65_536))).toThrow(RangeError);
  });
});
