import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { UnknownRequests } from '../../src/mux/index.ts';
import { binding, check } from './stun.ts';

const X = transportAddress('198.51.100.7', 4000);
const Y = transportAddress('198.51.100.8', 4000);

describe('a request to an unknown fragment', () => {
  it('is reported once, with both fragments, and kept for who takes the first', () => {
    const unknown = new UnknownRequests<string>();
    const bytes = check('libp2p+webrtc+v1/abcd', 1, 'browser');
    expect(unknown.add(bytes, X, 'eth0', 0)).toEqual({
      localUsernameFragment: 'libp2p+webrtc+v1/abcd',
      remoteUsernameFragment: 'browser',
      username: 'libp2p+webrtc+v1/abcd:browser',
      remote: X,
      source: 'eth0',
      bytes,
    });
    const again = check('libp2p+webrtc+v1/abcd', 2, 'browser');
    expect(unknown.add(again, X, 'eth0', 50)).toBeUndefined();
    expect(unknown.add(bytes, Y, 'eth0', 60)).toBeUndefined();
    expect(unknown.size).toBe(1);
    expect(unknown.take('libp2p+webrtc+v1/abcd', 70).map((one) => [one.remote, one.bytes])).toEqual([
      [X, again],
      [Y, bytes],
    ]);
    expect(unknown.take('libp2p+webrtc+v1/abcd', 70)).toEqual([]);
  });

  it('is forgotten in time, and reported again then', () => {
    const unknown = new UnknownRequests<string>({ lifetime: 100 });
    expect(unknown.add(check('aaaa'), X, '', 0)).toBeDefined();
    expect(unknown.add(check('aaaa'), X, '', 99)).toBeUndefined();
    expect(unknown.add(check('aaaa'), X, '', 100)).toBeDefined();
    expect(unknown.take('aaaa', 200)).toEqual([]);
    expect(unknown.size).toBe(0);
  });

  it('is ignored beyond so many in a second', () => {
    const unknown = new UnknownRequests<string>({ maxPerSecond: 10 });
    const reported = (from: number, now: number): number => {
      let count = 0;
      for (let i = 0; i < 100; i++) if (unknown.add(check(`frag${from + i}`), X, '', now) !== undefined) count++;
      return count;
    };
    expect(reported(0, 0)).toBe(10);
    expect(reported(100, 500)).toBe(5);
    expect(reported(200, 5000)).toBe(10);
    expect(unknown.size).toBe(25);
  });

  it('is ignored when its address has a quarter of what is kept', () => {
    const unknown = new UnknownRequests<string>({ maxHeld: 40, lifetime: 100 });
    const add = (name: string, remote: typeof X, now: number): boolean =>
      unknown.add(check(name), remote, '', now) !== undefined;
    for (let i = 0; i < 50; i++) add(`frag${i}`, X, 0);
    expect(unknown.size).toBe(10);
    expect(add('other', Y, 0)).toBe(true);
    unknown.take('frag3', 0);
    expect([add('new1', X, 0), add('new2', X, 0)]).toEqual([true, false]);
    expect(add('new3', X, 100)).toBe(true);
    expect(unknown.size).toBe(1);
  });

  it('is ignored when enough are kept, and when many come for one fragment', () => {
    const unknown = new UnknownRequests<string>({ maxHeld: 3 });
    for (let i = 0; i < 10; i++) unknown.add(check(`frag${i}`), X, '', 0);
    expect(unknown.size).toBe(3);
    for (let port = 1; port < 100; port++) unknown.add(check('frag0'), transportAddress('203.0.113.1', port), '', 0);
    expect(unknown.take('frag0', 0)).toHaveLength(4);
    unknown.clear();
    expect(unknown.size).toBe(0);
  });

  it('without a USERNAME, or with one that no connection could have, is nothing', () => {
    const unknown = new UnknownRequests<string>();
    expect(unknown.add(binding('request', 1), X, '', 0)).toBeUndefined();
    for (const fragment of ['abc', 'ab_cd', 'abcd=', '"abcd"', 'x'.repeat(257)]) {
      expect(unknown.add(check(fragment), X, '', 0)).toBeUndefined();
    }
    expect(unknown.size).toBe(0);
  });
});
