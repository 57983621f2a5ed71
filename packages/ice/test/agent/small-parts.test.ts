import type { TransportAddress } from '@kaon/interface/core/v1';
import { ClientTransaction } from '@kaon/stun';
import { seededRandom } from '@kaon/testing';
import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { type StateInputs, stateOf } from '../../src/agent/connection-state.ts';
import { LocalCandidates } from '../../src/agent/local-candidates.ts';
import { Outbox } from '../../src/agent/outbox.ts';
import { Pacer } from '../../src/agent/pacer.ts';
import { CandidatePair } from '../../src/agent/pair.ts';
import { mayPair, RemoteCandidates } from '../../src/agent/remote-candidates.ts';
import { RoleKeeper } from '../../src/agent/role.ts';
import { A4, A6, B4, B6 } from '../helpers.ts';
import { context, local, remote } from './parts.ts';

const PATH = { protocol: 'udp', local: A4, remote: B4 } as const;

describe('Outbox', () => {
  it('gives datagrams in order, each with its path', () => {
    const outbox = new Outbox();
    const other = { ...PATH, remote: A4 };
    outbox.push(Uint8Array.of(1), PATH);
    outbox.push(Uint8Array.of(2), other);
    const slot = new Slot(100);
    expect(outbox.poll(slot, 0) && slot.path).toBe(PATH);
    slot.reset();
    expect(outbox.poll(slot, 0) && slot.path).toBe(other);
    expect(slot.bytes).toEqual(Uint8Array.of(2));
    expect(outbox.poll(slot, 0)).toBe(false);
  });

  it('drops what does not fit a slot, and goes on', () => {
    const outbox = new Outbox();
    outbox.push(new Uint8Array(200), PATH);
    outbox.push(Uint8Array.of(2), PATH);
    const slot = new Slot(100);
    expect(outbox.poll(slot, 0)).toBe(true);
    expect(slot.bytes).toEqual(Uint8Array.of(2));
  });

  it('leaves out transactions that ended meanwhile', () => {
    const outbox = new Outbox();
    const transactionId = new Uint8Array(12);
    const transaction = new ClientTransaction({ request: Uint8Array.of(1), transactionId, now: 0 });
    outbox.pushTransaction(transaction, PATH);
    transaction.handleResponse({ class: 'success', method: 1, transactionId, attributes: [] });
    expect(outbox.poll(new Slot(100), 0)).toBe(false);
  });

  it('is bounded', () => {
    const outbox = new Outbox();
    for (let i = 0; i < 1000; i++) outbox.push(new Uint8Array(1), PATH);
    expect(outbox.length).toBe(256);
  });
});

describe('Pacer', () => {
  it('lets a burst go, then one per interval', () => {
    const pacer = new Pacer(50, 2);
    expect([pacer.take(0), pacer.take(0), pacer.take(0)]).toEqual([true, true, false]);
    expect(pacer.next()).toBe(50);
    expect([pacer.take(49), pacer.take(50), pacer.take(50), pacer.take(99), pacer.take(100)]).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it('saves up no more than a burst', () => {
    const pacer = new Pacer(50, 2);
    pacer.take(0);
    expect([pacer.take(10_000), pacer.take(10_000), pacer.take(10_000)]).toEqual([true, true, false]);
    expect(pacer.next()).toBe(10_050);
  });

  it('keeps the promise of next() whatever the clock rounds', () => {
    for (let start = 0.1; start < 10_000; start += 33.333_333_7) {
      const pacer = new Pacer(50, 1);
      let now = start;
      for (let i = 0; i < 20; i++) {
        expect(pacer.take(now)).toBe(true);
        expect(pacer.take(now)).toBe(false);
        expect(pacer.next()).toBeGreaterThan(now);
        now = pacer.next();
      }
    }
  });

  it('counts what goes out of turn', () => {
    const pacer = new Pacer(50, 1);
    pacer.force(0);
    pacer.force(0);
    expect(pacer.take(0)).toBe(false);
    expect(pacer.take(50)).toBe(true);
  });
});

describe('RoleKeeper', () => {
  const request = (type: 'ice-controlling' | 'ice-controlled', tieBreaker: bigint) =>
    ({ class: 'request', method: 1, transactionId: new Uint8Array(12), attributes: [{ type, tieBreaker }] }) as const;

  it.each([
    ['controlling', 'ice-controlled', 5n, 'agree'],
    ['controlling', 'ice-controlling', 4n, 'refuse'],
    ['controlling', 'ice-controlling', 5n, 'refuse'],
    ['controlling', 'ice-controlling', 6n, 'switch'],
    ['controlled', 'ice-controlling', 9n, 'agree'],
    ['controlled', 'ice-controlled', 4n, 'switch'],
    ['controlled', 'ice-controlled', 5n, 'switch'],
    ['controlled', 'ice-controlled', 6n, 'refuse'],
  ] as const)('%s with tie-breaker 5 and a request with %s %i: %s (RFC 8445 §7.3.1.1)', (role, type, tie, verdict) => {
    expect(new RoleKeeper(role, seededRandom(1), 5n).judge(request(type, tie))).toBe(verdict);
  });

  it('changes once for several refusals, and its number with it (RFC 8445 §16.1)', () => {
    const keeper = new RoleKeeper('controlling', seededRandom(1), 5n);
    expect(keeper.refused('controlling')).toBe(true);
    expect(keeper.refused('controlling')).toBe(false);
    expect(keeper.role).toBe('controlled');
    expect(keeper.tieBreaker).not.toBe(5n);
    expect(keeper.attribute()).toEqual({ type: 'ice-controlled', tieBreaker: keeper.tieBreaker });
  });
});

describe('LocalCandidates', () => {
  it('knows each candidate of a base once', () => {
    const locals = new LocalCandidates();
    expect(locals.add(local(5000))).toBe(true);
    expect(locals.add(local(5000))).toBe(false);
    expect(locals.add(local(5001))).toBe(true);
    expect(locals.all).toHaveLength(2);
  });

  it('sends from the best candidate of a base', () => {
    const locals = new LocalCandidates();
    const srflx = { ...local(5000, 'srflx'), candidate: { ...local(5000, 'srflx').candidate, address: '203.0.113.9' } };
    locals.add(srflx);
    expect(locals.forBase(srflx.base)).toBe(srflx);
    const host = local(5000);
    locals.add(host);
    expect(locals.forBase(srflx.base)).toBe(host);
    expect(locals.at('203.0.113.9', 5000, srflx.base)).toBe(srflx);
    locals.removeBase(host.base);
    expect(locals.all).toEqual([]);
    expect(locals.forBase(host.base)).toBeUndefined();
  });

  it('gives the same foundation to what is likely to share its fate, and only to that (RFC 8445 §5.1.1.3)', () => {
    const locals = new LocalCandidates();
    const one = locals.foundation('srflx', '192.0.2.1', 'udp', 'server');
    expect(locals.foundation('srflx', '192.0.2.1', 'udp', 'server')).toBe(one);
    const others = [
      locals.foundation('host', '192.0.2.1', 'udp', 'server'),
      locals.foundation('srflx', '192.0.2.2', 'udp', 'server'),
      locals.foundation('srflx', '192.0.2.1', 'tcp', 'server'),
      locals.foundation('srflx', '192.0.2.1', 'udp', 'another'),
    ];
    expect(new Set([one, ...others]).size).toBe(5);
    for (const foundation of others) expect(foundation).toMatch(/^[A-Za-z0-9+/]{1,32}$/);
  });
});

describe('RemoteCandidates', () => {
  it('says why a candidate is not used', () => {
    const remotes = new RemoteCandidates(context({ families: ['IPv4'], maxCandidatePairs: 1 }).options);
    const { candidate } = remote(5000);
    expect(remotes.add({ ...candidate, protocol: 'tcp' }, true)).toBe('tcp');
    expect(remotes.add({ ...candidate, protocol: 'tcp', tcpType: 'passive' }, false)).toBe('tcp');
    expect(remotes.add({ ...candidate, component: 2 }, true)).toBe('component');
    expect(remotes.add({ ...candidate, address: 'x.local' }, true)).toBe('name');
    expect(remotes.add({ ...candidate, port: 0 }, true)).toBe('address');
    expect(remotes.add({ ...candidate, address: '2001:db8::1' }, true)).toBe('filtered');
    expect(typeof remotes.add(candidate, true)).toBe('object');
    expect(remotes.add(candidate, true)).toBe('duplicate');
    expect(remotes.add({ ...candidate, port: 1 }, true)).toBe('too-many');
  });

  it('keeps TCP candidates until there is a base for them, as many as others', () => {
    const remotes = new RemoteCandidates(context({ maxCandidatePairs: 2 }).options);
    const { candidate } = remote(5000);
    const passive = { ...candidate, protocol: 'tcp', tcpType: 'passive' } as const;
    for (let port = 1; port < 100; port++) expect(remotes.add({ ...passive, port }, false)).toBe('tcp');
    expect(remotes.takeParked().map(({ port }) => port)).toEqual([1, 2]);
    expect(remotes.takeParked()).toEqual([]);
    // Nobody connects to an active one: any port will do, and 0 is what some write.
    expect(typeof remotes.add({ ...passive, tcpType: 'active', port: 0 }, true)).toBe('object');
  });

  it('reads what a network costs, and no nonsense (draft-thatcher-ice-network-cost)', () => {
    const costs = ['10', '999', '60000', '-1', '1e3', '', '123456'].map((cost) => {
      const remotes = new RemoteCandidates(context().options);
      return remotes.add({ ...remote(5000).candidate, extensions: [['network-cost', cost]] }, false);
    });
    expect(costs.map((added) => typeof added === 'object' && added.networkCost)).toEqual([10, 999, 999, 0, 0, 0, 0]);
  });

  it('writes addresses in one way', () => {
    const remotes = new RemoteCandidates(context().options);
    const { candidate } = remote(5000);
    expect(remotes.add({ ...candidate, address: '2001:DB8:0:0::1' }, true)).toMatchObject({
      candidate: { address: '2001:db8::1' },
    });
    expect(remotes.add({ ...candidate, address: '2001:db8::1' }, true)).toBe('duplicate');
  });

  it('gives discovered candidates foundations of their own', () => {
    const remotes = new RemoteCandidates(context().options);
    const one = remotes.addReflexive({ protocol: 'udp', local: A4, remote: B4 }, undefined, 5, 'peer');
    const two = remotes.addReflexive({ protocol: 'tcp', local: A4, remote: B4 }, 'active', 5, 'peer');
    expect(one?.candidate).toMatchObject({ type: 'prflx', priority: 5, usernameFragment: 'peer' });
    expect(two?.candidate).toMatchObject({ protocol: 'tcp', tcpType: 'active' });
    expect(remotes.at(B4, 'udp')).toBe(one);
    expect(remotes.at(B4, 'tcp')).toBe(two);
    expect(one?.candidate.foundation).not.toBe(two?.candidate.foundation);
  });

  it('says which addresses may be paired (RFC 8445 §6.1.2.2)', () => {
    const link = { address: 'fe80::1%eth0', family: 'IPv6', port: 1 } as const;
    const may = (base: TransportAddress, address: TransportAddress): boolean =>
      mayPair({ ...local(1), base }, { ...remote(1), address });
    expect(may(A4, B4)).toBe(true);
    expect(may(A6, B6)).toBe(true);
    expect(may(A4, B6)).toBe(false);
    expect(may(A6, link)).toBe(false);
    expect(may(link, link)).toBe(true);
  });
});

describe('CandidatePair', () => {
  it('is of the kind of its less direct candidate', () => {
    const kind = (a: Parameters<typeof local>[1], b: Parameters<typeof remote>[3]): string =>
      new CandidatePair(1, local(1, a), remote(2, 1, '1', b), 'controlling').kind;
    expect(kind('host', 'host')).toBe('host');
    expect(kind('host', 'srflx')).toBe('srflx');
    expect(kind('relay', 'host')).toBe('relay');
    expect(kind('srflx', 'prflx')).toBe('srflx');
  });

  it('has the priority of the role', () => {
    const pair = new CandidatePair(1, local(1), remote(2), 'controlling');
    expect(pair.priority).toBe(pair.priorityAs('controlling'));
    expect(pair.priorityAs('controlled')).toBe(pair.priority - 1n);
  });

  it('keeps when it became valid, until it fails', () => {
    const pair = new CandidatePair(1, local(1), remote(2), 'controlling');
    pair.becomeValid(pair.local, 5);
    pair.becomeValid(pair.local, 9);
    expect([pair.valid, pair.validAt, pair.state]).toEqual([true, 5, 'succeeded']);
    pair.fail();
    expect([pair.valid, pair.validAt, pair.state]).toEqual([false, Number.POSITIVE_INFINITY, 'failed']);
  });
});

describe('stateOf', () => {
  const inputs: StateInputs = {
    closed: false,
    failed: false,
    selected: false,
    suspect: false,
    lost: false,
    recovering: false,
    restarting: false,
    restarted: false,
    hasRemoteCandidates: false,
    gatheringComplete: false,
    remoteEnded: false,
  };

  it.each([
    [{}, 'new'],
    [{ hasRemoteCandidates: true }, 'checking'],
    [{ restarted: true }, 'checking'],
    [{ selected: true, hasRemoteCandidates: true }, 'connected'],
    [{ selected: true, gatheringComplete: true }, 'connected'],
    [{ selected: true, remoteEnded: true }, 'connected'],
    [{ selected: true, gatheringComplete: true, remoteEnded: true }, 'completed'],
    [{ selected: true, gatheringComplete: true, remoteEnded: true, restarting: true }, 'connected'],
    [{ selected: true, gatheringComplete: true, remoteEnded: true, suspect: true }, 'disconnected'],
    [{ selected: true, suspect: true, restarting: true }, 'checking'],
    [{ lost: true, hasRemoteCandidates: true }, 'disconnected'],
    [{ failed: true, hasRemoteCandidates: true }, 'failed'],
    [{ closed: true, failed: true, selected: true }, 'closed'],
  ] as const)('of %o is %s', (some, state) => {
    expect(stateOf({ ...inputs, ...some })).toBe(state);
  });
});
