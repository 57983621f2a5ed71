import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactNtp, compactNtpToMilliseconds, ntpMiddle32, ntpTime, ntpToWallClock } from '../src/index.ts';

describe('NTP time', () => {
  it('counts from 1900', () => {
    expect(ntpTime(0)).toEqual({ seconds: 2_208_988_800, fraction: 0 });
    expect(ntpTime(1500)).toEqual({ seconds: 2_208_988_801, fraction: 2 ** 31 });
    expect(ntpTime(-2_208_988_800_000)).toEqual({ seconds: 0, fraction: 0 });
  });

  it('wraps in 2036, and is read across that', () => {
    const wrap = Date.UTC(2036, 1, 7, 6, 28, 16);
    expect(ntpTime(wrap)).toEqual({ seconds: 0, fraction: 0 });
    expect(ntpTime(wrap - 1000)).toEqual({ seconds: 0xffff_ffff, fraction: 0 });
    expect(ntpToWallClock(ntpTime(wrap + 5000))).toBe(wrap + 5000);
    expect(ntpToWallClock(ntpTime(wrap - 5000))).toBe(wrap - 5000);
  });

  it('never has a fraction of a whole second', () => {
    expect(ntpTime(999.999_999_999_9)).toEqual({ seconds: 2_208_988_801, fraction: 0 });
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (time) => {
        expect(Math.abs(ntpToWallClock(ntpTime(time)) - time)).toBeLessThan(0.001);
      }),
    );
  });

  it('has a middle, the one that a sender report has', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 4e12, noNaN: true }), (time) => {
        const { seconds, fraction } = ntpTime(time);
        expect(ntpMiddle32(time)).toBe((seconds % 65_536) * 65_536 + Math.floor(fraction / 65_536));
      }),
    );
  });

  it('counts intervals in 1/65536 s', () => {
    expect([compactNtp(1000), compactNtp(0), compactNtp(-5), compactNtp(1e12)]).toEqual([65_536, 0, 0, 0xffff_ffff]);
    expect(compactNtpToMilliseconds(32_768)).toBe(500);
  });
});
