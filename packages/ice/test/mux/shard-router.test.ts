import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { ShardRouter, shardOf, shardPrefix } from '../../src/mux/index.ts';
import { binding, check } from './stun.ts';

const X = transportAddress('198.51.100.7', 4000);
const Y = transportAddress('198.51.100.7', 4001);
const DATA = Uint8Array.of(23, 254, 253, 1);

describe('the shard of a fragment', () => {
  it('is the one whose prefix it has', () => {
    for (const index of [0, 1, 63, 64, 4095]) {
      expect(shardPrefix(index)).toMatch(/^[A-Za-z0-9+/]{4}$/);
      expect(shardOf(`${shardPrefix(index)}abcd`, 4096)).toBe(index);
    }
  });

  it('is some shard, always the same one, for every other', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 100; i++) {
      const shard = shardOf(`libp2p+webrtc+v1/${i}`, 4);
      expect(shardOf(`libp2p+webrtc+v1/${i}`, 4)).toBe(shard);
      seen.add(shard);
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3]);
    for (const odd of ['', '+', '+/', '+/A', '+/AA', '+/::x', `${shardPrefix(9)}abcd`]) {
      expect(shardOf(odd, 4)).toBeLessThan(4);
    }
  });

  it('has a number that exists', () => {
    for (const bad of [-1, 4096, 0.5]) {
      expect(() => shardPrefix(bad)).toThrowError(expect.objectContaining({ code: 'ICE_BAD_OPTION' }));
    }
    expect(() => new ShardRouter(0)).toThrowError(expect.objectContaining({ code: 'ICE_BAD_OPTION' }));
    expect(() => new ShardRouter(2).prefer(X, 2, 0)).toThrowError(expect.objectContaining({ code: 'ICE_BAD_OPTION' }));
  });
});

describe('a datagram', () => {
  it('goes to the shard that its fragment names, and what follows goes there, too', () => {
    const router = new ShardRouter(3);
    expect(router.route(DATA, X, 0)).toBeUndefined();
    expect(router.route(check(`${shardPrefix(2)}abcd`), X, 0)).toBe(2);
    expect(router.route(DATA, X, 0)).toBe(2);
    expect(router.route(check(`${shardPrefix(1)}abcd`), X, 0)).toBe(1);
    expect(router.route(DATA, X, 0)).toBe(2);
  });

  it('that answers a question goes to who asked, or to any when that is not known here', () => {
    const router = new ShardRouter(3);
    const request = check('peer', 5);
    router.sent(request, 0, request.length, X, 1, 0);
    expect(router.route(binding('success', 5), X, 0)).toBe(1);
    expect(router.route(binding('success', 6), Y, 0)).toBe('any');
    expect(router.route(binding('success', 6), X, 0)).toBe(1);
    expect(router.route(binding('request', 6), Y, 0)).toBeUndefined();
  });

  it('is not diverted by a choice without an answer', () => {
    const router = new ShardRouter(2);
    router.prefer(X, 0, 0, true);
    router.prefer(Y, 0, 0, true);
    router.prefer(X, 1, 0);
    expect([router.route(DATA, X, 0), router.route(DATA, Y, 0)]).toEqual([0, 0]);
    router.prefer(X, 1, 0, true);
    expect([router.route(DATA, X, 0), router.route(DATA, Y, 0)]).toEqual([1, 0]);
    router.remove(1);
    expect(router.route(DATA, X, 0)).toBe(0);
  });

  it('from an address without STUN for a minute is nobody’s', () => {
    const router = new ShardRouter(2, { maxAddresses: 3 });
    router.prefer(X, 0, 0, true);
    router.prefer(Y, 0, 0, true);
    for (const now of [15_000, 30_000, 45_000, 60_000]) router.route(binding('indication', now), X, now);
    expect([router.route(DATA, X, 60_000), router.route(DATA, Y, 60_000)]).toEqual([0, undefined]);
    const short = new ShardRouter(2, { addressLifetime: 5 });
    short.prefer(X, 1, 0);
    short.route(check('abcd'), Y, 5);
    expect(short.route(DATA, X, 5)).toBeUndefined();
  });

  it('of a flood leaves the addresses that were chosen', () => {
    const router = new ShardRouter(1, { maxAddresses: 100 });
    for (let port = 1; port <= 50; port++) router.prefer(transportAddress('192.0.2.1', port), 0, 0, true);
    for (let port = 1; port <= 5000; port++) router.route(check('abcd'), transportAddress('203.0.113.1', port), 1);
    expect(router.tables.addresses).toBe(100);
    for (let port = 1; port <= 50; port++) expect(router.route(DATA, transportAddress('192.0.2.1', port), 2)).toBe(0);
  });
});
