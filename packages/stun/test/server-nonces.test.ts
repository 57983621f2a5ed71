import { seededRandom } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { nonceFeatures, ServerNonces } from '../src/index.ts';

const CLIENT = transportAddress('192.0.2.1', 5000);
const make = (lifetime?: number, seed = 1): ServerNonces => new ServerNonces(seededRandom(seed), lifetime);

describe('ServerNonces', () => {
  it.each([true, false])(
    'recognises its own, for the same client and time (announcing algorithms: %s)',
    (announces) => {
      const nonces = make(60_000);
      const nonce = nonces.issue(CLIENT, 5000.5, announces);
      expect(nonces.isFresh(nonce, CLIENT, 5000.5)).toBe(true);
      expect(nonces.isFresh(nonce, CLIENT, 65_000)).toBe(true);
      expect(nonces.isFresh(nonce, CLIENT, 65_001)).toBe(false);
      expect(nonces.isFresh(nonce, { ...CLIENT, port: 5001 }, 5001)).toBe(true);
      expect(nonces.isFresh(nonce, { ...CLIENT, address: '192.0.2.2' }, 5001)).toBe(false);
      expect(make(60_000, 2).isFresh(nonce, CLIENT, 5001)).toBe(false);
      for (let i = 0; i < nonce.length; i++) {
        const changed = `${nonce.slice(0, i)}${nonce[i] === 'A' ? 'B' : 'A'}${nonce.slice(i + 1)}`;
        expect(nonces.isFresh(changed, CLIENT, 5001)).toBe(false);
        expect(nonces.isFresh(nonce.slice(0, i), CLIENT, 5001)).toBe(false);
      }
    },
  );

  it('announces password algorithms, or is short', () => {
    const nonces = make();
    expect(nonceFeatures(nonces.issue(CLIENT, 1)).passwordAlgorithms).toBe(true);
    const short = nonces.issue(CLIENT, 2 ** 40, false);
    expect(nonceFeatures(short).passwordAlgorithms).toBe(false);
    expect(short.length).toBeLessThanOrEqual(20);
  });

  it('lives ten minutes by default, and always some time', () => {
    const nonces = make();
    const nonce = nonces.issue(CLIENT, 0);
    expect([nonces.isFresh(nonce, CLIENT, 600_000), nonces.isFresh(nonce, CLIENT, 600_001)]).toEqual([true, false]);
    expect(() => make(0)).toThrow(expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }));
  });
});
