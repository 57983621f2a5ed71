import { describe, expect, it } from 'vitest';
import { fecGroups } from '../../src/fec/index.ts';
import { repairable } from './media.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('FEC groups', () => {
  it('cover every packet, with at least one in each, in ascending order', () => {
    for (const pattern of ['bursty', 'random'] as const) {
      for (let mediaCount = 1; mediaCount <= 48; mediaCount++) {
        for (let fecCount = 1; fecCount <= mediaCount; fecCount++) {
          const groups = fecGroups(mediaCount, fecCount, pattern);
          expect(groups.length).toBe(fecCount);
          expect(new Set(groups.flat()).size).toBe(mediaCount);
          for (const group of groups) {
            expect(group.length).toBeGreaterThan(0);
            expect(group).toEqual([...new Set(group)].sort((a, b) => a - b));
          }
        }
      }
    }
  });

  it('bursty: any run of as many losses as there are FEC packets is repaired', () => {
    for (let fecCount = 1; fecCount <= 10; fecCount++) {
      const groups = fecGroups(20, fecCount, 'bursty');
      for (let start = 0; start + fecCount <= 20; start++) {
        const lost = new Set(range(fecCount).map((i) => start + i));
        expect(repairable(groups, lost)).toEqual(lost);
      }
    }
  });

  it('random: any two losses are repaired while there are different sets for all', () => {
    for (const [mediaCount, fecCount] of [
      [3, 2],
      [6, 3],
      [8, 4],
      [15, 5],
      [18, 6],
    ] as const) {
      const groups = fecGroups(mediaCount, fecCount, 'random');
      for (let a = 0; a < mediaCount; a++) {
        for (let b = 0; b < a; b++) {
          const lost = new Set([a, b]);
          expect(repairable(groups, lost), `${mediaCount}/${fecCount}: ${a}, ${b}`).toEqual(lost);
        }
      }
    }
  });

  it('random: with two FEC packets, every third packet is in both', () => {
    expect(fecGroups(6, 2, 'random')).toEqual([
      [0, 2, 3, 5],
      [1, 2, 4, 5],
    ]);
  });

  it('random: a packet outlives the loss of a FEC packet oftener than with bursty ones', () => {
    const outlived = (pattern: 'random' | 'bursty'): number => {
      const groups = fecGroups(12, 4, pattern);
      let count = 0;
      for (const lostGroup of range(4)) {
        const left = groups.filter((_, i) => i !== lostGroup);
        for (const lost of range(12)) count += repairable(left, new Set([lost])).size;
      }
      return count;
    };
    expect(outlived('random')).toBeGreaterThan(outlived('bursty'));
  });

  it('refuses more FEC packets than media packets, and none', () => {
    for (const [mediaCount, fecCount] of [
      [0, 0],
      [3, 0],
      [3, 4],
      [3, 1.5],
    ] as const) {
      expect(() => fecGroups(mediaCount, fecCount, 'random')).toThrow(
        expect.objectContaining({ code: 'RTP_BAD_OPTION' }),
      );
    }
  });
});
