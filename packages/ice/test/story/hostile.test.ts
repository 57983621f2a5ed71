import { type Attribute, attribute, decodeMessage, defaultCrypto, encodeMessage, shortTermKey } from '@kaon/stun';
import { seededRandom } from '@kaon/testing';
import { isMalformed, Slot, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import type { Agent } from '../../src/index.ts';
import { A4, B4, connect, newAgent, story } from '../helpers.ts';

const PEER = { usernameFragment: 'peer', password: 'p'.repeat(22) };
const path = (port: number, address = '203.0.113.66') =>
  ({ protocol: 'udp', local: A4, remote: transportAddress(address, port) }) as const;

/** A check as the peer would send it, with whatever is wrong in it. */
function check(
  agent: Agent,
  {
    username = `${agent.localCredentials.usernameFragment}:${PEER.usernameFragment}`,
    password = agent.localCredentials.password,
    extra = [] as Attribute[],
    drop = '',
    id = 1,
  } = {},
): Uint8Array {
  const random = seededRandom(id);
  const attributes: Attribute[] = [
    { type: 'username', username },
    { type: 'priority', priority: 1862270975 },
    { type: 'ice-controlled', tieBreaker: 1n },
    ...extra,
  ];
  return encodeMessage(
    {
      class: 'request',
      method: 1,
      transactionId: random.bytes(12),
      attributes: attributes.filter(({ type }) => type !== drop),
    },
    { integrity: password === '' ? undefined : defaultCrypto.mac('SHA-1', shortTermKey(password)), fingerprint: true },
  );
}

function ready(options = {}): Agent {
  const agent = newAgent(options);
  agent.addLocalBase({ address: A4 }, 0);
  agent.setRemoteCredentials(PEER, 0);
  while (agent.pollEvent() !== undefined);
  return agent;
}

/** What the agent sends now, decoded. */
function sent(agent: Agent, now = 1) {
  const slot = new Slot(1500);
  const messages = [];
  for (; agent.pollTransmit(slot, now); slot.reset()) {
    const message = decodeMessage(slot.bytes.slice());
    if (!isMalformed(message)) messages.push(message);
  }
  return messages;
}

describe('forged checks', () => {
  it.each([
    ['without integrity', { password: '' }, 'integrity'],
    ['with the wrong password', { password: 'q'.repeat(24) }, 'integrity'],
    ['for another fragment of ours', { username: 'nobody:peer' }, 'username'],
    ['from another fragment of the peer', { username: undefined as string | undefined, theirs: 'someone' }, 'username'],
    ['without a colon', { username: 'peer' }, 'username'],
    ['with no fragment behind the colon', { theirs: '' }, 'username'],
    ['without USERNAME', { drop: 'username' }, 'username'],
  ] as const)('%s change nothing and are not answered', (_, wrong, reason) => {
    const agent = ready();
    const ours = agent.localCredentials.usernameFragment;
    const username = 'theirs' in wrong ? `${ours}:${wrong.theirs}` : 'username' in wrong ? wrong.username : undefined;
    const bytes = check(agent, {
      ...('password' in wrong ? { password: wrong.password } : {}),
      ...('drop' in wrong ? { drop: wrong.drop } : {}),
      ...(username === undefined ? {} : { username }),
    });
    agent.handleDatagram(bytes, path(1), 1);
    expect(sent(agent)).toEqual([]);
    expect(agent.pollEvent()).toBeUndefined();
    const { dropped, pairs, remoteCandidates } = agent.stats();
    expect(dropped[reason]).toBe(1);
    expect(pairs).toEqual([]);
    expect(remoteCandidates).toEqual([]);
  });

  it('are told from true ones: the same check with the right password is answered', () => {
    const agent = ready();
    agent.handleDatagram(check(agent), path(1), 1);
    const [answer] = sent(agent);
    expect(answer?.class).toBe('success');
    expect(attribute(answer!, 'xor-mapped-address')?.address).toEqual(path(1).remote);
    expect(agent.stats().remoteCandidates).toEqual([expect.objectContaining({ type: 'prflx', priority: 1862270975 })]);
  });

  it('on a socket without a candidate are dropped', () => {
    const agent = ready({ candidateTypes: ['relay'] });
    agent.handleDatagram(check(agent), path(1), 1);
    expect(sent(agent)).toEqual([]);
    expect(agent.stats().dropped.base).toBe(1);
  });
});

describe('odd but authentic checks', () => {
  it('with an unknown attribute that must be understood get 420 and its type (RFC 8489 §6.3.1)', () => {
    const agent = ready();
    const extra: Attribute[] = [{ type: 'unknown', attributeType: 0x7ff0, value: new Uint8Array(4) }];
    agent.handleDatagram(check(agent, { extra }), path(1), 1);
    const [answer] = sent(agent);
    expect(attribute(answer!, 'error-code')?.code).toBe(420);
    expect(attribute(answer!, 'unknown-attributes')?.types).toEqual([0x7ff0]);
    expect(agent.stats().pairs).toEqual([]);
  });

  it('without PRIORITY get 400', () => {
    const agent = ready();
    agent.handleDatagram(check(agent, { drop: 'priority' }), path(1), 1);
    expect(attribute(sent(agent)[0]!, 'error-code')?.code).toBe(400);
    expect(agent.stats().pairs).toEqual([]);
  });
});

describe('a flood', () => {
  it('of checks from random addresses without the password leaves nothing behind', () => {
    const agent = ready();
    const random = seededRandom(1);
    for (let i = 0; i < 2000; i++) {
      agent.handleDatagram(check(agent, { password: 'q'.repeat(24) }), path(random.integer(1, 65535)), 1);
    }
    expect(sent(agent)).toEqual([]);
    expect(agent.stats()).toMatchObject({ remoteCandidates: [], pairs: [] });
  });

  it('of checks from random addresses with the password stays within the limits', () => {
    const agent = ready();
    for (let i = 0; i < 2000; i++) agent.handleDatagram(check(agent, { id: i }), path(1 + i), 1);
    const { pairs, remoteCandidates, dropped } = agent.stats();
    expect(pairs.length).toBe(100);
    expect(remoteCandidates.length).toBe(100);
    expect(dropped.limit).toBe(1900);
    expect(sent(agent).length).toBeLessThanOrEqual(256);
  });

  it('of events that nobody polls is bounded', () => {
    const agent = newAgent();
    for (let i = 0; i < 3000; i++) agent.stunServerFailed(`stun:${i}`, 'no such host', 0);
    let count = 0;
    while (agent.pollEvent() !== undefined) count++;
    expect(count).toBe(1024);
  });

  it('of candidates from the peer stays within the limits', () => {
    const agent = ready();
    for (let i = 0; i < 500; i++) {
      agent.addRemoteCandidate(
        {
          foundation: '1',
          component: 1,
          protocol: 'udp',
          priority: i + 1,
          address: '203.0.113.5',
          port: i + 1,
          type: 'host',
        },
        0,
      );
    }
    expect(agent.stats().remoteCandidates).toHaveLength(100);
    expect(agent.stats().pairs).toHaveLength(100);
  });
});

describe('any bytes', () => {
  it('are taken without a throw and without an effect: every prefix and bit flip of a check and of its answer', () => {
    const s = story();
    const seen: { from: 'a' | 'b'; bytes: Uint8Array }[] = [];
    s.pair.tap(({ from, bytes }) => {
      seen.push({ from, bytes: bytes.slice() });
      return undefined;
    });
    connect(s);
    s.pair.run({ until: s.settled });
    const before = s.a.stats();
    const route = { protocol: 'udp', local: A4, remote: B4 } as const;
    for (const { from, bytes } of seen) {
      if (from !== 'b') continue;
      for (let end = 0; end < bytes.length; end++) s.a.handleDatagram(bytes.slice(0, end), route, s.pair.now);
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        s.a.handleDatagram(flipped, route, s.pair.now);
      }
    }
    const after = s.a.stats();
    expect(after.state).toBe('completed');
    expect(after.remoteCandidates).toEqual(before.remoteCandidates);
    expect(after.pairs.map(({ state, nominated }) => ({ state, nominated }))).toEqual([
      { state: 'succeeded', nominated: true },
    ]);
  });
});

describe('a peer that means harm', () => {
  const tcp = (port: number) =>
    ({
      protocol: 'tcp',
      local: { ...A4, port: 6001 },
      remote: transportAddress('203.0.113.66', port),
    }) as const;

  it('with many TCP connections does not fill memory', () => {
    const agent = ready({ maxCandidatePairs: 10 });
    agent.addLocalBase({ address: tcp(1).local, protocol: 'tcp', tcpType: 'passive' }, 0);
    for (let port = 1; port < 500; port++) agent.handleDatagram(check(agent, { id: port }), tcp(port), port);
    expect(agent.stats().remoteCandidates).toHaveLength(10);
    expect(agent.stats().pairs).toHaveLength(10);
    expect(agent.stats().dropped.limit).toBe(489);
  });

  it('with connections that open and break is no better off', () => {
    const agent = ready({ maxCandidatePairs: 10 });
    agent.addLocalBase({ address: tcp(1).local, protocol: 'tcp', tcpType: 'passive' }, 0);
    for (let port = 1; port < 500; port++) {
      agent.handleDatagram(check(agent, { id: port }), tcp(port), port);
      agent.pathFailed(tcp(port), port);
    }
    expect(agent.stats()).toMatchObject({ pairs: [], remoteCandidates: [] });
  });

  it('cannot reach a base over the other protocol', () => {
    const agent = ready();
    agent.handleDatagram(check(agent), { ...path(1), protocol: 'tcp' }, 1);
    expect(agent.stats().dropped.base).toBe(1);
    expect(sent(agent)).toEqual([]);
  });

  it('with TCP candidates by the thousand has few of them kept', () => {
    const agent = newAgent({ maxCandidatePairs: 10 });
    for (let port = 1; port < 5000; port++) {
      agent.addRemoteCandidate(
        {
          foundation: '1',
          component: 1,
          protocol: 'tcp',
          priority: port,
          address: '203.0.113.66',
          port,
          type: 'host',
          tcpType: 'passive',
        },
        0,
      );
    }
    agent.addLocalBase({ address: { ...A4, port: 9 }, protocol: 'tcp', tcpType: 'active' }, 0);
    expect(agent.stats().pairs).toHaveLength(10);
  });

  it('with a network cost beyond all bounds is the dearest, no more', () => {
    const agent = ready();
    const extra: Attribute[] = [{ type: 'goog-network-info', networkId: 0xffff, networkCost: 0xffff }];
    agent.handleDatagram(check(agent, { extra }), path(1), 1);
    expect(agent.stats().pairs).toHaveLength(1);
    expect(sent(agent).map(({ class: kind }) => kind)).toContain('success');
  });

  it('that nominates here and there all the time costs a challenge at a time, no more', () => {
    const agent = ready({ role: 'controlled' });
    const nominate = (port: number, id: number, now: number): void => {
      const extra: Attribute[] = [{ type: 'use-candidate' }, { type: 'ice-controlling', tieBreaker: 5n }];
      agent.handleDatagram(check(agent, { id, extra, drop: 'ice-controlled' }), path(port), now);
    };
    const mac = defaultCrypto.mac('SHA-1', shortTermKey(PEER.password));
    /** Answers all checks of the agent; how many there were. */
    const answer = (now: number): number => {
      const slot = new Slot(1500);
      const requests: { id: Uint8Array; path: NonNullable<typeof slot.path> }[] = [];
      for (; agent.pollTransmit(slot, now); slot.reset()) {
        const message = decodeMessage(slot.bytes.slice());
        if (!isMalformed(message) && message.class === 'request') {
          requests.push({ id: message.transactionId, path: slot.path! });
        }
      }
      for (const request of requests) {
        const attributes: Attribute[] = [{ type: 'xor-mapped-address', address: A4 }];
        const response = encodeMessage(
          { class: 'success', method: 1, transactionId: request.id, attributes },
          { integrity: mac, fingerprint: true },
        );
        agent.handleDatagram(response, request.path, now);
      }
      return requests.length;
    };
    for (let port = 1; port <= 5; port++) {
      nominate(port, port, port);
      answer(port);
    }
    expect(agent.selectedPair).toBeDefined();
    let requests = 0;
    for (let i = 0; i < 200; i++) {
      nominate(2 + (i % 4), 100 + i, 10 + i);
      requests += answer(10 + i);
    }
    expect(requests).toBeLessThan(210);
    expect(agent.stats().selectedPairChanges).toBe(1);
  });
});
