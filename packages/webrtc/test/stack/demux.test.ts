import type { Path } from '@kaon/interface/core/v1';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { protocolOf } from '../../src/stack/demux.ts';
import { EarlyRecords } from '../../src/stack/early-records.ts';

describe('protocolOf (RFC 7983 §7)', () => {
  it('tells by the first byte', () => {
    const ranges: [number, number, string][] = [
      [0, 3, 'stun'],
      [4, 19, 'unknown'],
      [20, 63, 'dtls'],
      [64, 79, 'turn-channel'],
      [80, 127, 'unknown'],
      [128, 191, 'rtp'],
      [192, 255, 'unknown'],
    ];
    for (const [first, last, protocol] of ranges)
      for (const byte of [first, last]) expect([byte, protocolOf(Uint8Array.of(byte, 0))]).toEqual([byte, protocol]);
    expect(protocolOf(new Uint8Array(0))).toBe('unknown');
  });
});

describe('EarlyRecords', () => {
  const path = (port: number): Path => ({
    protocol: 'udp',
    local: transportAddress('192.0.2.1', 1),
    remote: transportAddress('192.0.2.2', port),
  });

  it('gives out, once and in order, what came on a path that is known by now', () => {
    const early = new EarlyRecords();
    for (const port of [1, 2, 1]) early.hold(Uint8Array.of(port), path(port));
    const known = (one: Path): boolean => one.remote.port === 1;
    expect(early.take(known)).toHaveLength(2);
    expect(early.take(known)).toHaveLength(0);
    expect(early.take(() => true).map(({ bytes }) => bytes[0])).toEqual([2]);
  });

  it('keeps few and short ones, the newest', () => {
    const early = new EarlyRecords();
    early.hold(new Uint8Array(5000), path(1));
    for (let i = 0; i < 100; i++) early.hold(Uint8Array.of(i), path(1));
    expect(early.take(() => true).map(({ bytes }) => bytes[0])).toEqual([92, 93, 94, 95, 96, 97, 98, 99]);
    early.hold(Uint8Array.of(1), path(1));
    early.clear();
    expect(early.take(() => true)).toEqual([]);
  });
});
