import { describe, expect, it } from 'vitest';
import { Checklist } from '../../src/agent/checklist.ts';
import type { LocalCandidate } from '../../src/agent/local-candidates.ts';
import type { RemoteCandidate } from '../../src/agent/remote-candidates.ts';
import type { TcpType } from '../../src/index.ts';
import { local, remote } from './parts.ts';

describe('Checklist', () => {
  it('orders pairs by priority', () => {
    const list = new Checklist(100);
    for (const priority of [5, 9, 7])
      list.add(local(5000), remote(priority, priority, String(priority)), 'controlling');
    expect(list.pairs.map((pair) => pair.remote.candidate.priority)).toEqual([9, 7, 5]);
  });

  it('keeps one pair per path, with the better local candidate (RFC 8445 §6.1.2.4)', () => {
    const list = new Checklist(100);
    const target = remote(6000);
    const pair = list.add(local(5000, 'srflx'), target, 'controlling');
    expect(list.add(local(5000, 'host'), target, 'controlling')).toBeUndefined();
    expect(list.add(local(5000, 'relay'), target, 'controlling')).toBeUndefined();
    expect(list.pairs).toEqual([pair]);
    expect(pair?.local.candidate.type).toBe('host');
  });

  it('finds a pair by its path', () => {
    const list = new Checklist(100);
    const pair = list.add(local(5000), remote(6000), 'controlling')!;
    expect(list.find({ ...pair.path })).toBe(pair);
    expect(list.find({ ...pair.path, remote: { ...pair.path.remote, port: 1 } })).toBeUndefined();
    list.remove(pair);
    expect(list.find(pair.path)).toBeUndefined();
  });

  describe('freezes pairs of one foundation behind the first (RFC 8445 §6.1.2.6)', () => {
    function three(): Checklist {
      const list = new Checklist(100);
      list.add(local(5000), remote(6000, 30, 'x'), 'controlling');
      list.add(local(5000), remote(6001, 20, 'x'), 'controlling');
      list.add(local(5000), remote(6002, 10, 'y'), 'controlling');
      return list;
    }

    it('so that one of each foundation is checked first', () => {
      const list = three();
      expect(list.pairs.map(({ state }) => state)).toEqual(['waiting', 'frozen', 'waiting']);
      const order: number[] = [];
      for (let pair = list.nextOrdinary(); pair !== undefined; pair = list.nextOrdinary()) {
        order.push(pair.path.remote.port);
        pair.state = 'in-progress';
      }
      expect(order).toEqual([6000, 6002]);
    });

    it('until the first has worked', () => {
      const list = three();
      const [first, second] = list.pairs;
      first!.state = 'succeeded';
      list.unfreeze(first!.foundation);
      expect(second!.state).toBe('waiting');
      expect(list.add(local(5000), remote(6003, 5, 'x'), 'controlling')?.state).toBe('waiting');
    });

    it('or has failed (RFC 8445 §6.1.4.2)', () => {
      const list = three();
      const [first, second, third] = list.pairs;
      first!.state = 'in-progress';
      third!.state = 'in-progress';
      expect(list.nextOrdinary()).toBeUndefined();
      first!.fail();
      expect(list.nextOrdinary()).toBe(second);
    });
  });

  it('takes triggered pairs in their order, each once', () => {
    const list = new Checklist(100);
    const a = list.add(local(5000), remote(6000, 1, 'a'), 'controlling')!;
    const b = list.add(local(5000), remote(6001, 2, 'b'), 'controlling')!;
    list.trigger(a);
    list.trigger(b);
    list.trigger(a);
    expect(list.hasTriggered).toBe(true);
    expect(list.nextOrdinary()).toBeUndefined();
    expect([list.nextTriggered(), list.nextTriggered(), list.nextTriggered()]).toEqual([a, b, undefined]);
  });

  it('forgets a triggered pair that was removed', () => {
    const list = new Checklist(100);
    const pair = list.add(local(5000), remote(6000), 'controlling')!;
    list.trigger(pair);
    list.remove(pair);
    expect(list.nextTriggered()).toBeUndefined();
  });

  describe('above its limit', () => {
    it('gives up the worst pair that nothing is known of (RFC 8445 §6.1.2.5)', () => {
      const list = new Checklist(2);
      list.add(local(5000), remote(6000, 10, 'a'), 'controlling');
      list.add(local(5000), remote(6001, 20, 'b'), 'controlling');
      expect(list.add(local(5000), remote(6002, 5, 'c'), 'controlling')).toBeUndefined();
      expect(list.add(local(5000), remote(6003, 30, 'd'), 'controlling')).toBeDefined();
      expect(list.pairs.map(({ path }) => path.remote.port)).toEqual([6003, 6001]);
    });

    it('gives up failed pairs for any other, and never one that works or is being checked', () => {
      const list = new Checklist(2);
      const a = list.add(local(5000), remote(6000, 10, 'a'), 'controlling')!;
      const b = list.add(local(5000), remote(6001, 20, 'b'), 'controlling')!;
      a.state = 'in-progress';
      b.becomeValid(b.local, 0);
      expect(list.add(local(5000), remote(6002, 50, 'c'), 'controlling')).toBeUndefined();
      a.fail();
      expect(list.add(local(5000), remote(6003, 1, 'd'), 'controlling')).toBeDefined();
      expect(list.pairs).not.toContain(a);
    });
  });

  it('computes priorities anew with the role', () => {
    const list = new Checklist(100);
    const pair = list.add(local(5000), remote(6000), 'controlling')!;
    const before = pair.priority;
    list.reprioritise('controlled');
    expect(pair.priority).toBe(before - 1n);
  });

  it('once concluded gives up checks, except those that the peer nominated', () => {
    const list = new Checklist(100);
    const [a, b, c, best] = [1, 2, 3, 9].map(
      (n) => list.add(local(5000), remote(6000 + n, n, String(n)), 'controlled')!,
    );
    a!.state = 'in-progress';
    b!.state = 'in-progress';
    b!.nominateOnSuccess = true;
    expect(list.conclude(best!)).toEqual([a]);
    expect(list.nextOrdinary()).toBeUndefined();
    expect(list.pending).toBe(true);
    b!.fail();
    expect(list.pending).toBe(false);
    list.trigger(c!);
    expect(list.pending).toBe(true);
    list.reopen();
    expect(list.nextOrdinary()).toBe(best);
    best!.state = 'in-progress';
    expect(list.conclude(c!)).toEqual([]);
  });

  it('removes the pairs of a base', () => {
    const list = new Checklist(100);
    const gone = list.add(local(5000), remote(6000), 'controlling');
    const kept = list.add(local(5001), remote(6000), 'controlling');
    expect(list.removeBase(local(5000).base, 'udp')).toEqual([gone]);
    expect(list.pairs).toEqual([kept]);
    expect(list.removeBase(local(5001).base, 'tcp')).toEqual([]);
  });

  it('once concluded still checks the pairs of new bases, and on request all', () => {
    const list = new Checklist(100);
    const old = list.add(local(5000), remote(6000), 'controlling')!;
    list.conclude(old);
    const late = list.add(local(5001), remote(6001, 1, '2'), 'controlling')!;
    expect(list.pending).toBe(true);
    expect(list.nextOrdinary()).toBe(late);
    late.state = 'succeeded';
    expect(list.nextOrdinary()).toBeUndefined();
    list.recheck(late);
    expect(list.nextOrdinary()).toBe(old);
  });

  it('keeps UDP and TCP at one address apart, and pairs TCP by who opens (RFC 6544 §6.2)', () => {
    const list = new Checklist(100);
    const overTcp = (tcpType: TcpType): LocalCandidate => {
      const made = local(5000);
      return { ...made, candidate: { ...made.candidate, protocol: 'tcp', tcpType }, protocol: 'tcp', tcpType };
    };
    const remoteTcp = (tcpType: TcpType): RemoteCandidate => {
      const made = remote(6000);
      return { ...made, candidate: { ...made.candidate, protocol: 'tcp', tcpType } };
    };
    const types = ['active', 'passive', 'so'] as const;
    const paired = types.flatMap((ours) =>
      types
        .filter((theirs) => new Checklist(9).add(overTcp(ours), remoteTcp(theirs), 'controlling') !== undefined)
        .map((theirs) => `${ours}-${theirs}`),
    );
    expect(paired).toEqual(['active-passive', 'passive-active', 'so-so']);
    const udp = list.add(local(5000), remote(6000), 'controlling')!;
    const tcp = list.add(overTcp('active'), remoteTcp('passive'), 'controlling')!;
    expect(list.find(udp.path)).toBe(udp);
    expect(list.find({ ...udp.path, protocol: 'tcp' })).toBe(tcp);
    expect(list.add(local(5000), remoteTcp('passive'), 'controlling')).toBeUndefined();
  });
});
