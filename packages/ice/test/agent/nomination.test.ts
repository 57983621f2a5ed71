import { describe, expect, it } from 'vitest';
import { Checklist } from '../../src/agent/checklist.ts';
import { follows, Nomination } from '../../src/agent/nomination.ts';
import type { CandidatePair } from '../../src/agent/pair.ts';
import { local, remote } from './parts.ts';

const DELAY = { host: 0, prflx: 50, srflx: 100, relay: 500, tcp: 500 };

function listOf(...kinds: ('host' | 'srflx' | 'relay')[]): { list: Checklist; pairs: CandidatePair[] } {
  const list = new Checklist(100);
  const pairs = kinds.map(
    (kind, i) => list.add(local(5000), remote(6000 + i, 1000 - i, String(i), kind), 'controlling')!,
  );
  return { list, pairs };
}

describe('Nomination', () => {
  it('takes a valid pair at once when no better one is open', () => {
    const { list, pairs } = listOf('relay', 'host');
    const nomination = new Nomination(DELAY);
    expect(nomination.next(list, 0)).toBeUndefined();
    pairs[0]!.becomeValid(pairs[0]!.local, 0);
    expect(nomination.next(list, 0)).toBe(pairs[0]);
  });

  it('waits for better ones as long as the pair is worth', () => {
    const { list, pairs } = listOf('host', 'srflx', 'relay');
    const nomination = new Nomination(DELAY);
    pairs[2]!.becomeValid(pairs[2]!.local, 10);
    expect(nomination.next(list, 10)).toBeUndefined();
    expect(nomination.pollTimeout(list)).toBe(510);
    pairs[1]!.becomeValid(pairs[1]!.local, 20);
    expect(nomination.pollTimeout(list)).toBe(120);
    expect(nomination.next(list, 119)).toBeUndefined();
    expect(nomination.next(list, 120)).toBe(pairs[1]);
  });

  it('does not wait for what has failed', () => {
    const { list, pairs } = listOf('host', 'relay');
    const nomination = new Nomination(DELAY);
    pairs[1]!.becomeValid(pairs[1]!.local, 0);
    expect(nomination.next(list, 0)).toBeUndefined();
    pairs[0]!.fail();
    expect(nomination.next(list, 0)).toBe(pairs[1]);
  });

  it('nominates one pair at a time', () => {
    const { list, pairs } = listOf('host', 'host');
    const nomination = new Nomination(DELAY);
    for (const pair of pairs) pair.becomeValid(pair.local, 0);
    nomination.started(pairs[0]!);
    expect(nomination.next(list, 1000)).toBeUndefined();
    expect(nomination.pollTimeout(list)).toBe(Number.POSITIVE_INFINITY);
    pairs[0]!.fail();
    nomination.ended(pairs[0]!);
    expect(nomination.next(list, 1000)).toBe(pairs[1]);
  });
});

describe('the controlled side', () => {
  it('follows to a better pair (aggressive nomination), not to a worse one, and to any when its own is silent', () => {
    const { pairs } = listOf('host', 'host');
    const [better, worse] = pairs as [CandidatePair, CandidatePair];
    expect(follows(worse, undefined, false)).toBe(true);
    expect(follows(better, worse, false)).toBe(true);
    expect(follows(worse, better, false)).toBe(false);
    expect(follows(worse, better, true)).toBe(true);
  });
});
