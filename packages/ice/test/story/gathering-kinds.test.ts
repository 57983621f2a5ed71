import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { type AgentOptions, type Candidate, formatCandidate, type LocalBase, parseCandidate } from '../../src/index.ts';
import { newAgent } from '../helpers.ts';
import { Net, stunServer } from '../net.ts';

const LAN = transportAddress('192.168.1.10', 5001);
const LAN_LISTENER = transportAddress('192.168.1.10', 5001);
const LAN_ACTIVE = transportAddress('192.168.1.10', 9);
const LAN2 = transportAddress('10.0.0.10', 5002);
const LAN6 = transportAddress('fd00::10', 5001);
const STUN = transportAddress('203.0.113.1', 3478);
const NAT = { type: 'port-restricted', addresses: ['198.51.100.9'] } as const;
const NAME = '1f4712db-ea17-4bcf-a596-105139dfd8bf.local';
const RELAY = transportAddress('203.0.113.5', 49160);

/** An agent with these bases and one STUN server, behind a NAT or not; its candidates once it has gathered. */
function gather(bases: readonly LocalBase[], options: Partial<AgentOptions> = {}, behindNat = true) {
  const net = new Net();
  const agent = newAgent(options);
  const node = net.join(agent, [], behindNat ? NAT : undefined);
  for (const base of bases) {
    net.place(node, base.address);
    agent.addLocalBase(base, net.now);
  }
  net.server(STUN, stunServer);
  agent.addStunServer({ address: STUN, url: 'stun:one' }, net.now);
  agent.endOfLocalCandidates(net.now);
  net.run(() => agent.gatheringState === 'complete');
  const candidates = (): Candidate[] =>
    node.events.flatMap((event) => (event.type === 'candidate' ? [event.candidate] : []));
  return { net, agent, node, candidates, types: () => candidates().map(({ type }) => type) };
}

const places = (candidates: readonly Candidate[]) =>
  candidates.map(({ type, address, port }) => `${type} ${address} ${port}`);

describe('TCP bases (RFC 6544)', () => {
  const TCP: readonly LocalBase[] = [
    { address: LAN },
    { address: LAN_ACTIVE, protocol: 'tcp', tcpType: 'active' },
    { address: LAN_LISTENER, protocol: 'tcp', tcpType: 'passive' },
    { address: transportAddress('192.168.1.10', 5002), protocol: 'tcp', tcpType: 'so' },
  ];

  it('become host candidates with their type, active ones with port 9', () => {
    const { candidates } = gather(TCP);
    const lines = candidates()
      .filter(({ protocol }) => protocol === 'tcp')
      .map((candidate) => formatCandidate(candidate).replace(/^\S+ 1 tcp \d+ | ufrag.*/g, ''));
    expect(lines).toEqual([
      '192.168.1.10 9 typ host tcptype active',
      '192.168.1.10 5001 typ host tcptype passive',
      '192.168.1.10 5002 typ host tcptype so',
    ]);
  });

  it('are less preferred than UDP, reflexive too, and more than a relay; active before passive before so', () => {
    const { agent, net, candidates } = gather(TCP);
    agent.addLocalCandidate(relay('udp'), RELAY, net.now);
    net.advance(1);
    const order = [...candidates()].sort((a, b) => b.priority - a.priority);
    expect(order.map(({ protocol, type, tcpType }) => `${protocol} ${type} ${tcpType ?? ''}`.trim())).toEqual([
      'udp host',
      'udp srflx',
      'tcp host active',
      'tcp host passive',
      'tcp host so',
      'udp relay',
    ]);
    expect(new Set(order.map(({ priority }) => priority)).size).toBe(order.length);
  });

  it('have foundations apart from those of UDP (RFC 8445 §5.1.1.3)', () => {
    const { candidates } = gather(TCP);
    const of = (wanted: string) =>
      new Set(
        candidates().flatMap(({ protocol, foundation, type }) =>
          protocol === wanted && type === 'host' ? [foundation] : [],
        ),
      );
    expect(of('tcp').size).toBe(1);
    expect([...of('tcp')].filter((each) => of('udp').has(each))).toEqual([]);
  });

  it('ask no STUN server', () => {
    const { net } = gather(TCP);
    expect(net.sent.map(({ path }) => `${path.protocol} ${path.local.port}`)).toEqual(['udp 5001']);
  });

  it('share an address and port with a UDP base, and go without it', () => {
    const { agent, net } = gather(TCP);
    agent.removeLocalBase(LAN_LISTENER, net.now, 'tcp');
    const left = agent.stats().localCandidates.map(({ candidate }) => `${candidate.protocol} ${candidate.port}`);
    expect(left).toContain('udp 5001');
    expect(left).not.toContain('tcp 5001');
  });

  it('are reported anew after a restart', () => {
    const { agent, net, node } = gather(TCP);
    node.events.length = 0;
    agent.restart(net.now);
    net.advance(1);
    const again = node.events.flatMap((event) => (event.type === 'candidate' ? [event.candidate] : []));
    expect(again.map(({ tcpType }) => tcpType)).toEqual(expect.arrayContaining(['active', 'passive', 'so']));
    for (const each of again) expect(each.usernameFragment).toBe(agent.localCredentials.usernameFragment);
  });

  it('must say who opens connections, and only they', () => {
    const agent = newAgent();
    expect(() => agent.addLocalBase({ address: LAN, protocol: 'tcp' }, 0)).toThrow(/tcpType/);
    expect(() => agent.addLocalBase({ address: LAN, tcpType: 'active' }, 0)).toThrow(/tcpType/);
  });
});

describe('names for addresses (draft-ietf-mmusic-mdns-ice-candidates §3.1)', () => {
  const NAMED: LocalBase = { address: LAN, name: NAME };

  it('stand in the host candidate, and the address stands nowhere', () => {
    const { candidates } = gather([NAMED, { address: LAN_ACTIVE, protocol: 'tcp', tcpType: 'active', name: NAME }]);
    expect(places(candidates())).toEqual([`host ${NAME} 5001`, `host ${NAME} 9`, expect.stringMatching(/^srflx /)]);
    for (const candidate of candidates()) expect(formatCandidate(candidate)).not.toContain(LAN.address);
    expect(candidates()[2]).toMatchObject({ relatedAddress: '0.0.0.0', relatedPort: 9 });
    expect(parseCandidate(formatCandidate(candidates()[0]!)).address).toBe(NAME);
  });

  it('do not keep an IPv6 address from being hidden as such', () => {
    const { agent, net, candidates } = gather([{ address: LAN6, name: NAME }]);
    const address = '2001:db8::99';
    agent.addLocalCandidate({ ...relay('udp'), address, relatedAddress: LAN6.address, relatedPort: 1 }, RELAY, net.now);
    net.advance(1);
    expect(candidates().at(-1)).toMatchObject({ relatedAddress: '::', relatedPort: 9 });
  });

  it('make a public address worth a reflexive candidate: the peer may not be able to resolve the name', () => {
    const { candidates } = gather([NAMED], {}, false);
    expect(places(candidates())).toEqual([`host ${NAME} 5001`, 'srflx 192.168.1.10 5001']);
    expect(candidates()[1]).toMatchObject({ relatedAddress: '0.0.0.0', relatedPort: 9 });
  });

  it('hide the address where a relayed candidate would say it', () => {
    const { agent, net, candidates } = gather([NAMED, { address: LAN2 }]);
    for (const related of [LAN, LAN2]) {
      const about = { relatedAddress: related.address, relatedPort: related.port, port: related.port };
      agent.addLocalCandidate({ ...relay('udp'), ...about }, { ...RELAY, port: related.port }, net.now);
    }
    net.advance(1);
    const said = candidates().filter(({ type }) => type === 'relay');
    expect(said.map(({ relatedAddress, relatedPort }) => `${relatedAddress} ${relatedPort}`)).toEqual([
      '0.0.0.0 9',
      '10.0.0.10 5002',
    ]);
  });

  it('must fit a candidate line', () => {
    for (const name of ['', 'a b.local', 'x'.repeat(256)]) {
      expect(() => newAgent().addLocalBase({ address: LAN, name }, 0)).toThrow(/name/);
    }
  });

  it('do not keep two agents apart that know what they stand for', () => {
    const net = new Net();
    const [a, b] = [newAgent({ seed: 1 }), newAgent({ seed: 2, role: 'controlled' })];
    const [atA, atB] = [net.join(a, []), net.join(b, [])];
    const addresses = { a: transportAddress('192.0.2.1', 1), b: transportAddress('192.0.2.2', 2) };
    net.place(atA, addresses.a);
    net.place(atB, addresses.b);
    a.addLocalBase({ address: addresses.a, name: 'a.local' }, net.now);
    b.addLocalBase({ address: addresses.b, name: 'b.local' }, net.now);
    a.setRemoteCredentials(b.localCredentials, net.now);
    b.setRemoteCredentials(a.localCredentials, net.now);
    const resolved = (candidate: Candidate): Candidate => ({
      ...candidate,
      address: candidate.address === 'a.local' ? addresses.a.address : addresses.b.address,
    });
    atA.onEvent = (event, now) => event.type === 'candidate' && b.addRemoteCandidate(resolved(event.candidate), now);
    atB.onEvent = (event, now) => event.type === 'candidate' && a.addRemoteCandidate(resolved(event.candidate), now);
    net.run(() => a.selectedPair !== undefined && b.selectedPair !== undefined);
    expect(a.selectedPair?.local).toMatchObject({ type: 'host', address: 'a.local' });
    expect(a.selectedPair?.path.local).toEqual(addresses.a);
  });
});

describe('address rewriting', () => {
  const EXTERNAL = '203.0.113.9';

  it('says the external address in place of the host', () => {
    const { candidates } = gather([{ address: LAN }, { address: LAN_LISTENER, protocol: 'tcp', tcpType: 'passive' }], {
      addressRewrites: [{ external: EXTERNAL }],
      candidateTypes: ['host'],
    });
    expect(places(candidates())).toEqual([`host ${EXTERNAL} 5001`, `host ${EXTERNAL} 5001`]);
  });

  it('names the replaced address nowhere', () => {
    const { candidates } = gather([{ address: LAN }], { addressRewrites: [{ external: EXTERNAL }] });
    expect(places(candidates())).toEqual([`host ${EXTERNAL} 5001`, expect.stringMatching(/^srflx /)]);
    for (const candidate of candidates()) expect(formatCandidate(candidate)).not.toContain(LAN.address);
  });

  it('says the port of a forwarding', () => {
    const { candidates } = gather([{ address: LAN }], {
      addressRewrites: [{ external: EXTERNAL, externalPort: 40_000 }],
      candidateTypes: ['host'],
    });
    expect(places(candidates())).toEqual([`host ${EXTERNAL} 40000`]);
  });

  it('adds the external address to the host, with a lower priority than any base has', () => {
    const { candidates } = gather([{ address: LAN }, { address: LAN2 }], {
      addressRewrites: [{ external: EXTERNAL, local: LAN.address, mode: 'append' }],
      candidateTypes: ['host'],
    });
    const order = [...candidates()].sort((a, b) => b.priority - a.priority);
    expect(places(order)).toEqual([`host ${LAN.address} 5001`, `host ${LAN2.address} 5002`, `host ${EXTERNAL} 5001`]);
  });

  it('adds a reflexive candidate beside those of STUN servers', () => {
    const { candidates } = gather([{ address: LAN }], { addressRewrites: [{ external: EXTERNAL, type: 'srflx' }] });
    expect(places(candidates())).toEqual([
      `host ${LAN.address} 5001`,
      `srflx ${EXTERNAL} 5001`,
      expect.stringMatching(/^srflx 198\.51\.100\.9 /),
    ]);
    expect(candidates()[1]).toMatchObject({ relatedAddress: LAN.address, relatedPort: 5001 });
    expect(new Set(candidates().map(({ priority }) => priority)).size).toBe(3);
    expect(new Set(candidates().map(({ foundation }) => foundation)).size).toBe(3);
  });

  it('puts a reflexive candidate in the place of what STUN servers say, and asks none', () => {
    const { candidates, net } = gather([{ address: LAN }, { address: LAN2 }], {
      addressRewrites: [{ external: EXTERNAL, local: LAN.address, type: 'srflx', mode: 'replace' }],
    });
    expect(places(candidates()).filter((place) => place.startsWith('srflx'))).toEqual([
      `srflx ${EXTERNAL} 5001`,
      expect.stringMatching(/^srflx 198\.51\.100\.9 /),
    ]);
    expect(net.sent.map(({ path }) => path.local)).toEqual([LAN2]);
  });

  it('maps passive TCP bases and leaves active ones alone', () => {
    const bases = [
      { address: LAN_ACTIVE, protocol: 'tcp', tcpType: 'active' },
      { address: LAN_LISTENER, protocol: 'tcp', tcpType: 'passive' },
    ] as const;
    const { candidates } = gather(bases, { addressRewrites: [{ external: EXTERNAL, type: 'srflx' }] });
    expect(candidates().filter(({ type }) => type === 'srflx')).toEqual([
      expect.objectContaining({ address: EXTERNAL, port: 5001, protocol: 'tcp', tcpType: 'passive' }),
    ]);
  });

  it('is said again after a restart', () => {
    const { agent, net, node } = gather([{ address: LAN }], {
      addressRewrites: [
        { external: EXTERNAL },
        { external: EXTERNAL, externalPort: 7, type: 'srflx', mode: 'replace' },
      ],
    });
    node.events.length = 0;
    agent.restart(net.now);
    net.advance(1);
    const again = node.events.flatMap((event) => (event.type === 'candidate' ? [event.candidate] : []));
    expect(places(again)).toEqual([`host ${EXTERNAL} 5001`, `srflx ${EXTERNAL} 7`]);
    for (const each of again) expect(each.usernameFragment).toBe(agent.localCredentials.usernameFragment);
  });

  it('goes with its base', () => {
    const { agent, net } = gather([{ address: LAN }], { addressRewrites: [{ external: EXTERNAL, type: 'srflx' }] });
    agent.removeLocalBase(LAN, net.now);
    expect(agent.stats().localCandidates).toEqual([]);
  });
});

describe('relayed candidates from elsewhere', () => {
  it('are preferred by what carries them: UDP, DTLS, TCP, TLS', () => {
    const { agent, net, candidates } = gather([{ address: LAN }]);
    const kinds = ['tls', 'tcp', 'udp', 'dtls'] as const;
    kinds.forEach((kind, at) => {
      const port = 49160 + at;
      agent.addLocalCandidate({ ...relay(kind), port }, { ...RELAY, port }, net.now);
    });
    net.advance(1);
    const relays = candidates().filter(({ type }) => type === 'relay');
    expect([...relays].sort((a, b) => b.priority - a.priority).map(({ relayProtocol }) => relayProtocol)).toEqual([
      'udp',
      'dtls',
      'tcp',
      'tls',
    ]);
    expect(new Set(relays.map(({ foundation }) => foundation)).size).toBe(4);
    for (const each of relays) expect(formatCandidate(each)).not.toMatch(/relayprotocol/i);
  });

  it('cost what the network costs that they are reached through, and say so, as reflexive ones do', () => {
    const { agent, net, candidates } = gather([{ address: LAN, networkType: 'wifi', networkCost: 10 }]);
    const via = { ...LAN, port: 6000 };
    agent.addLocalCandidate(relay('udp'), RELAY, net.now, via);
    net.advance(1);
    expect(candidates().map(({ type, extensions }) => [type, extensions])).toEqual([
      ['host', [['network-cost', '10']]],
      ['srflx', [['network-cost', '10']]],
      ['relay', [['network-cost', '10']]],
    ]);
    const { localCandidates } = agent.stats();
    expect(localCandidates.map(({ networkType }) => networkType)).toEqual(['wifi', 'wifi', 'wifi']);
  });

  it('of the family that the server is asked over go first', () => {
    const { agent, net, candidates } = gather([{ address: LAN }]);
    const address = '2001:db8::99';
    agent.addLocalCandidate({ ...relay('udp'), address }, transportAddress(address, RELAY.port), net.now, LAN);
    agent.addLocalCandidate(relay('udp'), RELAY, net.now, LAN);
    net.advance(1);
    const [crossed, own] = candidates().filter(({ type }) => type === 'relay');
    expect(crossed!.address).toBe(address);
    expect(own!.priority).toBeGreaterThan(crossed!.priority);
  });

  it('are reported anew after a restart, and gone with their base', () => {
    const { agent, net, node } = gather([{ address: LAN }]);
    agent.addLocalCandidate(relay('tcp'), RELAY, net.now);
    net.advance(1);
    node.events.length = 0;
    agent.restart(net.now);
    net.advance(1);
    const { usernameFragment } = agent.localCredentials;
    const anew = expect.objectContaining({ type: 'relay', relayProtocol: 'tcp', usernameFragment });
    expect(node.events).toContainEqual({ type: 'candidate', candidate: anew });
    agent.removeLocalBase(RELAY, net.now);
    expect(agent.stats().localCandidates.map(({ candidate }) => candidate.type)).not.toContain('relay');
  });
});

describe('a quiet STUN server', () => {
  it('is used, and says nothing when it does not answer', () => {
    const net = new Net();
    const agent = newAgent();
    const node = net.join(agent, [LAN], NAT);
    const dead = transportAddress('203.0.113.99', 3478);
    net.server(STUN, stunServer);
    agent.addStunServer({ address: STUN, url: 'turn:alive', quiet: true }, net.now);
    agent.addStunServer({ address: dead, url: 'turn:dead', quiet: true }, net.now);
    agent.endOfLocalCandidates(net.now);
    net.run(() => agent.gatheringState === 'complete');
    expect(node.events).toContainEqual({
      type: 'candidate',
      candidate: expect.objectContaining({ type: 'srflx', url: 'turn:alive' }),
    });
    expect(node.events.filter(({ type }) => type === 'candidate-error')).toEqual([]);
  });
});

/** A relayed candidate as a TURN client's driver makes it. */
function relay(relayProtocol: 'udp' | 'dtls' | 'tcp' | 'tls'): Candidate {
  const { address, port } = RELAY;
  const related = { relatedAddress: '198.51.100.9', relatedPort: 7000 };
  const url = `turn:${relayProtocol}.example`;
  return {
    foundation: '',
    component: 1,
    protocol: 'udp',
    priority: 0,
    address,
    port,
    type: 'relay',
    ...related,
    url,
    relayProtocol,
  };
}
