import { encodeMessage } from '@kaon/stun';
import type { NatTableOptions } from '@kaon/testing';
import { Slot, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { type Candidate, parseCandidate } from '../../src/index.ts';
import { A4, A6, newAgent } from '../helpers.ts';
import { Net, type Server, stunServer } from '../net.ts';

const LAN = transportAddress('192.168.1.10', 5001);
const LAN2 = transportAddress('192.168.2.10', 5001);
const STUN1 = transportAddress('203.0.113.1', 3478);
const STUN2 = transportAddress('203.0.113.2', 3478);
const STUN6 = transportAddress('2001:db8:ffff::1', 3478);
const NAT = { type: 'port-restricted', addresses: ['198.51.100.9'] } as const;

function setUp(options = {}, nat: NatTableOptions | 'none' = NAT, bases = [LAN]) {
  const net = new Net();
  const agent = newAgent(options);
  const node = net.join(agent, bases, nat === 'none' ? undefined : nat);
  const candidates = (): Candidate[] =>
    node.events.flatMap((event) => (event.type === 'candidate' ? [event.candidate] : []));
  const errors = () => node.events.filter((event) => event.type === 'candidate-error');
  return { net, agent, node, candidates, errors };
}

describe('gathering', () => {
  it('contacts nobody when no server was named', () => {
    const { net, agent, candidates } = setUp();
    agent.endOfLocalCandidates(net.now);
    net.advance(60_000);
    expect(net.sent).toEqual([]);
    expect(candidates().map(({ type }) => type)).toEqual(['host']);
    expect(agent.gatheringState).toBe('complete');
  });

  it('asks every server from every base of its family', () => {
    const { net, agent } = setUp({}, 'none', [LAN, LAN2, A6]);
    for (const address of [STUN1, STUN2, STUN6]) {
      net.server(address, stunServer);
      agent.addStunServer({ address, url: `stun:${address.address}` }, net.now);
    }
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    const asked = net.sent.map(({ path }) => `${path.local.address} ${path.remote.address}`).sort();
    expect(asked).toEqual(
      [
        `${LAN.address} ${STUN1.address}`,
        `${LAN.address} ${STUN2.address}`,
        `${LAN2.address} ${STUN1.address}`,
        `${LAN2.address} ${STUN2.address}`,
        `${A6.address} ${STUN6.address}`,
      ].sort(),
    );
  });

  it('uses the answers of two servers: a symmetric NAT shows two addresses', () => {
    const { net, agent, candidates } = setUp({}, { type: 'symmetric', addresses: ['198.51.100.9'] });
    net.server(STUN1, stunServer);
    net.server(STUN2, stunServer);
    agent.addStunServer({ address: STUN1, url: 'stun:one' }, net.now);
    agent.addStunServer({ address: STUN2, url: 'stun:two' }, net.now);
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    const reflexive = candidates().filter(({ type }) => type === 'srflx');
    expect(reflexive.map(({ url }) => url)).toEqual(['stun:one', 'stun:two']);
    expect(new Set(reflexive.map(({ port }) => port)).size).toBe(2);
    expect(new Set(reflexive.map(({ foundation }) => foundation)).size).toBe(2);
    expect(new Set(reflexive.map(({ priority }) => priority)).size).toBe(2);
    expect(reflexive[0]).toMatchObject({ relatedAddress: LAN.address, relatedPort: LAN.port, address: '198.51.100.9' });
  });

  it('reports one reflexive candidate when two servers agree (RFC 8445 §5.1.3)', () => {
    const { net, agent, candidates } = setUp();
    for (const address of [STUN1, STUN2]) {
      net.server(address, stunServer);
      agent.addStunServer({ address, url: `stun:${address.address}` }, net.now);
    }
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    expect(candidates().map(({ type }) => type)).toEqual(['host', 'srflx']);
  });

  it('reports no reflexive candidate without a NAT', () => {
    const { net, agent, candidates } = setUp({}, 'none');
    net.server(STUN1, stunServer);
    agent.addStunServer({ address: STUN1, url: 'stun:one' }, net.now);
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    expect(candidates().map(({ type }) => type)).toEqual(['host']);
  });

  it('goes on once reopened, until it is ended again', () => {
    const { net, agent, node, candidates } = setUp({}, 'none');
    agent.reopenLocalCandidates(net.now);
    expect(agent.gatheringState).toBe('gathering');
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    agent.reopenLocalCandidates(net.now);
    expect(agent.gatheringState).toBe('gathering');
    agent.addLocalBase({ address: LAN2 }, net.now);
    net.advance(1000);
    expect(agent.gatheringState).toBe('gathering');
    expect(candidates().map(({ address }) => address)).toEqual([LAN.address, LAN2.address]);
    agent.endOfLocalCandidates(net.now);
    expect(agent.gatheringState).toBe('complete');
    net.advance(1);
    const states = node.events.flatMap((event) => (event.type === 'gathering-state' ? [event.state] : []));
    expect(states).toEqual(['gathering', 'complete', 'gathering', 'complete']);
  });

  it('says 701 once for a server that does not answer, and completes', () => {
    const { net, agent, node, errors } = setUp({}, NAT, [LAN, LAN2]);
    net.server(STUN2, stunServer);
    agent.addStunServer({ address: STUN1, url: 'stun:dead' }, net.now);
    agent.addStunServer({ address: STUN2, url: 'stun:alive' }, net.now);
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete', 15_000);
    expect(errors()).toEqual([
      expect.objectContaining({ url: 'stun:dead', errorCode: 701, address: expect.any(String), port: LAN.port }),
    ]);
    expect(node.events.at(-1)).toEqual({ type: 'gathering-state', state: 'complete' });
  });

  it('says 701 for a name that could not be resolved', () => {
    const { net, agent, errors } = setUp();
    agent.stunServerFailed('stun:nowhere.example', 'no such host', net.now);
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    expect(errors()).toEqual([
      {
        type: 'candidate-error',
        url: 'stun:nowhere.example',
        address: '',
        port: 0,
        errorCode: 701,
        errorText: 'no such host',
      },
    ]);
  });

  it('reports what a server answers as an error', () => {
    const { net, agent, errors } = setUp();
    const refusing: Server = ({ transactionId }) =>
      encodeMessage({
        class: 'error',
        method: 1,
        transactionId,
        attributes: [{ type: 'error-code', code: 401, reason: 'Who?' }],
      });
    net.server(STUN1, refusing);
    agent.addStunServer({ address: STUN1, url: 'stun:one' }, net.now);
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    expect(errors()).toEqual([expect.objectContaining({ url: 'stun:one', errorCode: 401, errorText: 'Who?' })]);
  });

  it('repeats its question over a lossy network', () => {
    const net = new Net({ delay: 10, loss: 0.5 }, 3);
    const agent = newAgent();
    const node = net.join(agent, [LAN], NAT);
    net.server(STUN1, stunServer);
    agent.addStunServer({ address: STUN1, url: 'stun:one' }, net.now);
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    expect(node.events.some((event) => event.type === 'candidate' && event.candidate.type === 'srflx')).toBe(true);
    expect(net.sent.length).toBeGreaterThan(1);
  });

  it('believes an answer only from where it asked', () => {
    const { net, agent, candidates } = setUp({}, 'none', [A4]);
    net.server(STUN1, () => undefined);
    agent.addStunServer({ address: STUN1, url: 'stun:one' }, net.now);
    net.run(() => net.sent.length === 1);
    const transactionId = net.sent[0]!.bytes.slice(8, 20);
    const forged = encodeMessage({
      class: 'success',
      method: 1,
      transactionId,
      attributes: [{ type: 'xor-mapped-address', address: transportAddress('203.0.113.66', 666) }],
    });
    agent.handleDatagram(forged, { protocol: 'udp', local: A4, remote: STUN2 }, net.now);
    expect(agent.stats().dropped.transaction).toBe(1);
    agent.handleDatagram(forged, { protocol: 'udp', local: A4, remote: STUN1 }, net.now);
    net.advance(0);
    expect(candidates().map(({ type }) => type)).toEqual(['host', 'srflx']);
  });

  it('hides the address of a base that is not signalled', () => {
    const { net, agent, candidates } = setUp({}, NAT, []);
    net.server(STUN1, stunServer);
    agent.addStunServer({ address: STUN1, url: 'stun:one' }, net.now);
    agent.addLocalBase({ address: LAN, signal: false }, net.now);
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    expect(candidates()).toEqual([
      expect.objectContaining({ type: 'srflx', relatedAddress: '0.0.0.0', relatedPort: 9 }),
    ]);
  });

  it('asks anew after a restart, under the new fragment', () => {
    const { net, agent, node, candidates } = setUp();
    net.server(STUN1, stunServer);
    agent.addStunServer({ address: STUN1, url: 'stun:one' }, net.now);
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    node.events.length = 0;
    agent.restart(net.now);
    net.run(() => agent.gatheringState === 'complete');
    expect(candidates().map(({ type }) => type)).toEqual(['host', 'srflx']);
    for (const { usernameFragment } of candidates())
      expect(usernameFragment).toBe(agent.localCredentials.usernameFragment);
    expect(node.events.filter(({ type }) => type === 'gathering-state')).toEqual([
      { type: 'gathering-state', state: 'gathering' },
      { type: 'gathering-state', state: 'complete' },
    ]);
  });

  it('signals addresses in canonical form, and sends from them as they were given', () => {
    const agent = newAgent();
    const address = { address: '2001:DB8:0:0::A', family: 'IPv6', port: 5000 } as const;
    agent.addLocalBase({ address }, 0);
    agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'x'.repeat(22) }, 0);
    agent.addRemoteCandidate(parseCandidate('candidate:1 1 udp 1000 2001:db8::b 5000 typ host'), 0);
    const slot = new Slot(1200);
    expect(agent.pollTransmit(slot, 0)).toBe(true);
    expect(slot.path?.local).toBe(address);
    expect(agent.stats().localCandidates[0]?.candidate.address).toBe('2001:db8::a');
  });

  it('refuses a base that is no address of one interface', () => {
    const agent = newAgent();
    for (const address of ['0.0.0.0', '::', 'localhost', '192.0.2.256']) {
      const bad = { address: { address, family: 'IPv4', port: 5000 } } as const;
      expect(() => agent.addLocalBase(bad, 0)).toThrowError(expect.objectContaining({ code: 'ICE_BAD_ADDRESS' }));
    }
    expect(() => agent.addLocalBase({ address: { ...A4, port: 0 } }, 0)).toThrowError(
      expect.objectContaining({ code: 'ICE_BAD_ADDRESS' }),
    );
  });
});
