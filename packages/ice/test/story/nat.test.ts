import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { A4, B4, newAgent } from '../helpers.ts';
import { Net, stunServer } from '../net.ts';

const LAN_A = transportAddress('192.168.1.10', 5001);
const LAN_B = transportAddress('10.0.0.20', 5002);
const STUN = transportAddress('203.0.113.1', 3478);

type NatType = 'full-cone' | 'address-restricted' | 'port-restricted' | 'symmetric' | 'none';

function setUp(natA: NatType, natB: NatType, withStun = true) {
  const net = new Net({ delay: 20 });
  net.server(STUN, stunServer);
  const a = newAgent({ seed: 1 });
  const b = newAgent({ seed: 2, role: 'controlled' });
  const nodeA = net.join(
    a,
    [natA === 'none' ? A4 : LAN_A],
    natA === 'none' ? undefined : { type: natA, addresses: ['198.51.100.91'] },
  );
  const nodeB = net.join(
    b,
    [natB === 'none' ? B4 : LAN_B],
    natB === 'none' ? undefined : { type: natB, addresses: ['198.51.100.92'] },
  );
  for (const agent of [a, b]) {
    if (withStun) agent.addStunServer({ address: STUN, url: 'stun:one' }, net.now);
    agent.endOfLocalCandidates(net.now);
  }
  net.signal(nodeA, nodeB);
  return { net, a, b, connected: () => a.state === 'completed' && b.state === 'completed' };
}

describe('behind NATs', () => {
  it.each([
    ['port-restricted', 'port-restricted'],
    ['full-cone', 'symmetric'],
    ['address-restricted', 'symmetric'],
    ['symmetric', 'none'],
    ['none', 'port-restricted'],
    ['none', 'symmetric'],
  ] as const)('%s and %s connect', (natA, natB) => {
    const { net, a, b, connected } = setUp(natA, natB);
    net.run(connected);
    expect(a.selectedPair?.path.local).toEqual(natA === 'none' ? A4 : LAN_A);
    expect(b.selectedPair?.path.local).toEqual(natB === 'none' ? B4 : LAN_B);
  });

  it('a symmetric one shows a peer-reflexive candidate to the open side, and to itself', () => {
    const { net, a, b, connected } = setUp('symmetric', 'none');
    net.run(connected);
    expect(b.selectedPair?.remote).toMatchObject({ type: 'prflx', address: '198.51.100.91' });
    expect(a.selectedPair?.local).toMatchObject({ type: 'prflx', address: '198.51.100.91' });
    expect(a.selectedPair?.local.port).toBe(b.selectedPair?.remote.port);
  });

  it('a host connects without any STUN server when the other side is open', () => {
    const { net, a, b, connected } = setUp('port-restricted', 'none', false);
    net.run(connected);
    expect(b.selectedPair?.remote.type).toBe('prflx');
    expect(a.selectedPair?.remote).toMatchObject({ type: 'host', address: B4.address });
  });

  it('symmetric on both sides fails, and not before its time (RFC 8863)', () => {
    const { net, a } = setUp('symmetric', 'symmetric');
    const start = net.now;
    net.run(() => a.state === 'failed', 120_000);
    expect(net.now - start).toBeGreaterThanOrEqual(39_500);
  });

  it('keeps the reflexive binding alive until a pair is selected (RFC 8445 §5.1.1.4)', () => {
    const net = new Net({ delay: 20 });
    net.server(STUN, stunServer);
    const a = newAgent({ seed: 1 });
    net.join(a, [LAN_A], { type: 'port-restricted', addresses: ['198.51.100.91'], mappingTimeout: 30_000 });
    a.addStunServer({ address: STUN, url: 'stun:one' }, net.now);
    a.endOfLocalCandidates(net.now);
    net.advance(61_000);
    expect(net.sent.filter(({ path }) => path.remote === STUN)).toHaveLength(1 + 4);
  });
});
