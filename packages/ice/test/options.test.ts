// Long because each option of the agent has its test here.
import type { TransportAddress } from '@kaon/interface/core/v1';
import { decodeMessage, defaultCrypto } from '@kaon/stun';
import { seededRandom } from '@kaon/testing';
import { isMalformed, Slot, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Agent, type AgentOptions, parseCandidate } from '../src/index.ts';
import { A4, A6, B4, B6, connect, newAgent, story } from './helpers.ts';
import { Net, stunServer } from './net.ts';
import { tcpStory } from './tcp.ts';

const PEER = { usernameFragment: 'peer', password: 'p'.repeat(22) };
const STUN = transportAddress('203.0.113.1', 3478);

/** An agent that checks `count` pairs nobody answers; gives the instants of its first transmissions. */
function paceOf(options: Partial<AgentOptions>, count: number): number[] {
  const net = new Net();
  const agent = newAgent(options);
  net.join(agent, [A4]);
  agent.setRemoteCredentials(PEER, net.now);
  for (let i = 0; i < count; i++) {
    agent.addRemoteCandidate(
      parseCandidate(`candidate:${i} 1 udp ${1000 + i} 203.0.113.${i + 1} 5000 typ host`),
      net.now,
    );
  }
  const start = net.now;
  net.advance(450);
  return net.sent.map(({ now }) => now - start);
}

describe('role', () => {
  it('is what the agent begins with', () => {
    expect(newAgent({ role: 'controlled' }).role).toBe('controlled');
  });
});

describe('random', () => {
  it('is the source of credentials', () => {
    expect(newAgent({ seed: 1 }).localCredentials).toEqual(newAgent({ seed: 1 }).localCredentials);
    expect(newAgent({ seed: 1 }).localCredentials).not.toEqual(newAgent({ seed: 2 }).localCredentials);
  });
});

describe('crypto', () => {
  it('makes the message integrity', () => {
    const keys: string[] = [];
    const crypto: AgentOptions['crypto'] = {
      mac(hash, key) {
        keys.push(`${hash} ${String.fromCharCode(...key)}`);
        return defaultCrypto.mac(hash, key);
      },
    };
    const agent = newAgent({ crypto });
    agent.setRemoteCredentials(PEER, 0);
    expect(keys).toEqual([`SHA-1 ${agent.localCredentials.password}`, `SHA-1 ${PEER.password}`]);
  });

  it('is keyed once per password, not per message', () => {
    let keyed = 0;
    const crypto: AgentOptions['crypto'] = {
      mac(hash, key) {
        keyed++;
        return defaultCrypto.mac(hash, key);
      },
    };
    const s = story({ a: { crypto } });
    connect(s);
    s.pair.advance(60_000);
    expect(keyed).toBe(2);
  });
});

describe('trace', () => {
  it('tells what happens, addresses under pii and secrets nowhere', () => {
    const events: { name: string; data?: { pii?: unknown } | undefined }[] = [];
    const s = story({ a: { trace: (event) => void events.push(event) } });
    connect(s);
    s.pair.advance(10_000);
    const names = new Set(events.map(({ name }) => name));
    expect(names).toEqual(
      new Set(['ice:state', 'ice:check-sent', 'ice:check-succeeded', 'ice:selected', 'ice:consent-sent']),
    );
    const text = JSON.stringify(events.map(({ data }) => ({ ...data, pii: undefined })));
    expect(text).not.toContain(B4.address);
    expect(JSON.stringify(events)).toContain(B4.address);
    expect(JSON.stringify(events)).not.toContain(s.a.localCredentials.password);
  });
});

describe('localCredentials', () => {
  it('are used and signalled', () => {
    const s = story({ a: { localCredentials: PEER } });
    expect(s.a.localCredentials).toEqual(PEER);
    connect(s);
    expect(s.pair.a.of('candidate')[0]!.candidate.usernameFragment).toBe('peer');
  });

  it('are refused when bad', () => {
    const localCredentials = { usernameFragment: 'x', password: 'y' };
    expect(() => newAgent({ localCredentials })).toThrowError(expect.objectContaining({ code: 'ICE_BAD_CREDENTIALS' }));
  });
});

describe('tieBreaker', () => {
  it('settles a role conflict', () => {
    const s = story({ a: { tieBreaker: 1n }, b: { role: 'controlling', tieBreaker: 2n } });
    connect(s);
    expect([s.a.role, s.b.role]).toEqual(['controlled', 'controlling']);
  });
});

describe('candidateTypes', () => {
  it('keep other local candidates from being signalled and used', () => {
    const net = new Net();
    const agent = newAgent({ candidateTypes: ['relay'] });
    const node = net.join(agent, [A4]);
    net.server(STUN, stunServer);
    agent.addStunServer({ address: STUN, url: 'stun:one' }, net.now);
    const relayed = transportAddress('203.0.113.50', 50_000);
    agent.addLocalCandidate(
      {
        foundation: 'r',
        component: 1,
        protocol: 'udp',
        priority: 0,
        address: relayed.address,
        port: relayed.port,
        type: 'relay',
      },
      relayed,
      net.now,
    );
    agent.setRemoteCredentials(PEER, net.now);
    agent.addRemoteCandidate(parseCandidate('candidate:1 1 udp 1000 203.0.113.7 5000 typ host'), net.now);
    net.advance(100);
    const types = node.events.flatMap((event) => (event.type === 'candidate' ? [event.candidate.type] : []));
    expect(types).toEqual(['relay']);
    expect(net.sent.map(({ path }) => path.local)).toEqual([relayed]);
  });

  it('can leave out relayed ones', () => {
    const agent = newAgent({ candidateTypes: ['host', 'srflx'] });
    agent.addLocalCandidate(parseCandidate('candidate:1 1 udp 1000 203.0.113.50 50000 typ relay'), STUN, 0);
    expect(agent.stats().localCandidates).toEqual([]);
  });

  it('with srflx alone hide the host address and still send from it', () => {
    const net = new Net();
    const lan = transportAddress('192.168.1.10', 5001);
    const agent = newAgent({ candidateTypes: ['srflx'] });
    const node = net.join(agent, [lan], { addresses: ['198.51.100.9'] });
    net.server(STUN, stunServer);
    agent.addStunServer({ address: STUN, url: 'stun:one' }, net.now);
    agent.setRemoteCredentials(PEER, net.now);
    agent.addRemoteCandidate(parseCandidate('candidate:1 1 udp 1000 203.0.113.7 5000 typ host'), net.now);
    net.advance(100);
    expect(node.events.filter(({ type }) => type === 'candidate')).toEqual([
      { type: 'candidate', candidate: expect.objectContaining({ type: 'srflx', relatedAddress: '0.0.0.0' }) },
    ]);
    expect(net.sent.at(-1)!.path).toMatchObject({ local: lan, remote: { address: '203.0.113.7' } });
  });
});

describe('families', () => {
  it('keep the other family out', () => {
    const s = story({ aBases: [A4, A6], bBases: [B4, B6], a: { families: ['IPv6'] } });
    connect(s);
    expect(s.a.selectedPair!.path.local).toEqual(A6);
    expect(s.a.stats().localCandidates).toHaveLength(1);
    expect(s.a.stats().ignoredCandidates).toBe(1);
  });
});

describe('networkTypes and interfaceFilter', () => {
  it('keep networks out', () => {
    const agent = newAgent({ networkTypes: ['wifi', 'unknown'], interfaceFilter: (name) => name !== 'docker0' });
    agent.addLocalBase({ address: transportAddress('192.0.2.1', 1), networkName: 'eth0', networkType: 'ethernet' }, 0);
    agent.addLocalBase({ address: transportAddress('192.0.2.2', 2), networkName: 'wlan0', networkType: 'wifi' }, 0);
    agent.addLocalBase({ address: transportAddress('192.0.2.3', 3), networkName: 'docker0' }, 0);
    agent.addLocalBase({ address: transportAddress('192.0.2.4', 4) }, 0);
    const { localCandidates } = agent.stats();
    expect(localCandidates.map(({ candidate }) => candidate.port)).toEqual([2, 4]);
    expect(localCandidates[0]?.networkType).toBe('wifi');
  });
});

describe('addressFilter', () => {
  it('keeps addresses of both sides out', () => {
    const seen: string[] = [];
    const agent = newAgent({
      addressFilter: ({ address }, side) => {
        seen.push(`${side} ${address}`);
        return address.startsWith('192.');
      },
    });
    agent.addLocalBase({ address: A4 }, 0);
    agent.addLocalBase({ address: A6 }, 0);
    agent.addRemoteCandidate(parseCandidate('candidate:1 1 udp 1000 10.0.0.7 5000 typ host'), 0);
    agent.addRemoteCandidate(parseCandidate('candidate:1 1 udp 1000 192.168.0.7 5000 typ host'), 0);
    expect(seen).toEqual([`local ${A4.address}`, `local ${A6.address}`, 'remote 10.0.0.7', 'remote 192.168.0.7']);
    expect(agent.stats().localCandidates).toHaveLength(1);
    expect(agent.stats().remoteCandidates).toHaveLength(1);
  });

  it('that throws refuses, and throws at nobody', () => {
    const bug = (): never => {
      throw new Error('a bug of the application');
    };
    const s = story({ signalling: 'none', a: { addressFilter: (_, side) => side === 'local' || bug() } });
    s.exchangeCredentials();
    s.b.addRemoteCandidate(s.a.stats().localCandidates[0]!.candidate, s.pair.now);
    s.pair.advance(1000);
    expect(s.a.stats().remoteCandidates).toEqual([]);
    const agent = newAgent({ interfaceFilter: bug });
    agent.addLocalBase({ address: A4, networkName: 'eth0' }, 0);
    expect(agent.stats().localCandidates).toEqual([]);
  });

  it('holds for peer-reflexive candidates too', () => {
    const s = story({ signalling: 'none', a: { addressFilter: (_, side) => side === 'local' } });
    s.exchangeCredentials();
    s.b.addRemoteCandidate(s.a.stats().localCandidates[0]!.candidate, s.pair.now);
    s.pair.advance(1000);
    expect(s.a.stats().remoteCandidates).toEqual([]);
    expect(s.a.stats().pairs).toEqual([]);
  });
});

describe('pacing and burst', () => {
  it('send five checks at once and then one every 50 ms', () => {
    expect(paceOf({}, 10)).toEqual([0, 0, 0, 0, 0, 50, 100, 150, 200, 250]);
  });

  it('can be the letter of the RFC', () => {
    expect(paceOf({ burst: 1 }, 4)).toEqual([0, 50, 100, 150]);
  });

  it('can be slower', () => {
    expect(paceOf({ burst: 2, pacing: 200 }, 4)).toEqual([0, 0, 200, 400]);
  });

  it('stretch the retransmission timeout with the number of pairs (RFC 8445 §14.3)', () => {
    const net = new Net();
    const agent = newAgent({ burst: 100, pacing: 100 });
    net.join(agent, [A4]);
    agent.setRemoteCredentials(PEER, net.now);
    for (let i = 0; i < 20; i++) {
      agent.addRemoteCandidate(
        parseCandidate(`candidate:${i} 1 udp ${1000 + i} 203.0.113.${i + 1} 5000 typ host`),
        net.now,
      );
    }
    net.advance(1999);
    expect(net.sent).toHaveLength(20);
    net.advance(2);
    expect(net.sent).toHaveLength(40);
  });
});

describe('gatheringTimeout', () => {
  it.each([
    [undefined, 10_000],
    [3000, 3000],
  ])('of %s ends the wait for a server after %i ms', (gatheringTimeout, expected) => {
    const net = new Net();
    const agent = newAgent({ gatheringTimeout });
    net.join(agent, [A4]);
    agent.addStunServer({ address: STUN, url: 'stun:dead' }, net.now);
    agent.endOfLocalCandidates(net.now);
    const start = net.now;
    net.run(() => agent.gatheringState === 'complete');
    expect(net.now - start).toBe(expected);
  });
});

describe('maxCandidatePairs', () => {
  it('bounds the check list, the best staying', () => {
    const agent = newAgent({ maxCandidatePairs: 3 });
    agent.addLocalBase({ address: A4 }, 0);
    agent.addLocalBase({ address: { ...A4, port: 5009 } }, 0);
    for (let i = 1; i <= 3; i++) {
      agent.addRemoteCandidate(parseCandidate(`candidate:${i} 1 udp ${i * 1000} 203.0.113.${i} 5000 typ host`), 0);
    }
    const { pairs } = agent.stats();
    expect(pairs.map(({ remote }) => remote.priority)).toEqual([3000, 3000, 2000]);
  });
});

describe('nominationDelay', () => {
  /** The time from the first valid pair to its nomination, while a better pair does not answer. */
  function delayOf(type: 'host' | 'srflx' | 'relay', options: Partial<AgentOptions> = {}): number {
    const s = story({ signalling: 'none', netem: { delay: 1 }, a: options });
    s.exchangeCredentials();
    s.a.addRemoteCandidate(parseCandidate('candidate:9 1 udp 2130706431 203.0.113.99 9 typ host'), s.pair.now);
    s.a.addRemoteCandidate(parseCandidate(`candidate:1 1 udp 1000 ${B4.address} ${B4.port} typ ${type}`), s.pair.now);
    let valid = 0;
    s.pair.run({
      until: () => {
        if (valid === 0 && s.a.stats().pairs.some((pair) => pair.valid)) valid = s.pair.now;
        return s.a.selectedPair !== undefined;
      },
    });
    // The nominating check takes a round trip of 2 ms.
    return s.pair.now - valid - 2;
  }

  it('is none for host candidates, and little for others', () => {
    expect(delayOf('host')).toBe(0);
    expect(delayOf('srflx')).toBe(100);
    expect(delayOf('relay')).toBe(500);
  });

  it('can be set by type', () => {
    expect(delayOf('relay', { nominationDelay: { relay: 1234 } })).toBe(1234);
    expect(delayOf('host', { nominationDelay: { host: 20 } })).toBe(20);
  });

  it('of tcp is how long UDP has to be there first', () => {
    for (const tcp of [0, 300]) {
      const s = tcpStory(['active'], ['passive'], { udp: () => false, a: { nominationDelay: { tcp } } });
      const start = s.pair.now;
      connect(s);
      // Two checks of a round trip each.
      expect(s.pair.now - start).toBe(20 + tcp);
    }
  });

  it('does not matter when no better pair is left', () => {
    const s = story({ a: { nominationDelay: { host: 5000 } } });
    const start = s.pair.now;
    connect(s);
    expect(s.pair.now - start).toBe(20);
  });
});

describe('patience', () => {
  it.each([1000, 60_000])('of %i ms is how long an agent waits for candidates', (patience) => {
    const net = new Net();
    const agent = newAgent({ patience });
    net.join(agent, [A4]);
    agent.setRemoteCredentials(PEER, net.now);
    const start = net.now;
    net.run(() => agent.state === 'failed', 70_000);
    expect(net.now - start).toBe(patience);
  });
});

describe('consentInterval', () => {
  it('is the mean pause between checks', () => {
    const s = story({ a: { consentInterval: 1000 } });
    connect(s);
    s.pair.advance(100_000);
    const sent = s.a.stats().pairs[0]!.consentRequestsSent;
    expect(sent).toBeGreaterThan(85);
    expect(sent).toBeLessThan(120);
  });

  it('of Infinity means no checks, no expiry, and keepalives instead', () => {
    const s = story({ a: { consentInterval: Number.POSITIVE_INFINITY } });
    connect(s);
    let indications = 0;
    s.pair.tap(({ from, bytes }) => {
      const message = decodeMessage(bytes);
      if (from === 'a' && !isMalformed(message) && message.class === 'indication') indications++;
      return undefined;
    });
    s.pair.advance(61_000);
    expect(indications).toBe(4);
    s.pair.cut();
    s.pair.advance(120_000);
    expect(s.a.state).toBe('completed');
    expect(s.a.stats().pairs[0]!.consentRequestsSent).toBe(0);
  });
});

describe('keepaliveInterval', () => {
  it.each([
    [2000, 29],
    [20_000, 2],
  ])('of %i ms spaces keepalives, which data makes needless', (keepaliveInterval, expected) => {
    for (const busy of [false, true]) {
      const s = story({ a: { consentInterval: Number.POSITIVE_INFINITY, keepaliveInterval } });
      connect(s);
      let indications = 0;
      s.pair.tap(({ from, bytes }) => {
        const message = decodeMessage(bytes);
        if (from === 'a' && !isMalformed(message) && message.class === 'indication') indications++;
        return undefined;
      });
      for (let t = 0; t < 59_900; t += 100) {
        s.pair.advance(100);
        if (busy) s.a.sentData(s.pair.now);
      }
      expect(indications).toBe(busy ? 0 : expected);
    }
  });
});

describe('backupInterval', () => {
  /** How many checks of pairs that are not selected side a sends in 100 s. */
  function backupChecks(
    options: Partial<AgentOptions>,
    bases: { a: TransportAddress[]; b: TransportAddress[] },
  ): number {
    const s = story({ aBases: bases.a, bBases: bases.b, a: options, b: { backupInterval: Number.POSITIVE_INFINITY } });
    connect(s);
    s.pair.advance(1000);
    const count = (): number =>
      s.a
        .stats()
        .pairs.filter(({ selected }) => !selected)
        .reduce((sum, { requestsSent }) => sum + requestsSent, 0);
    const before = count();
    s.pair.advance(100_000);
    return count() - before;
  }

  it('is how often the pair that is next in line is checked', () => {
    const bases = { a: [A6, A4], b: [B6, B4] };
    expect(backupChecks({}, bases)).toBe(4);
    expect(backupChecks({ backupInterval: 10_000 }, bases)).toBe(10);
    expect(backupChecks({ backupInterval: Number.POSITIVE_INFINITY }, bases)).toBe(0);
  });

  it('is of one pair only, from another base where there is one', () => {
    const more = { ...B4, port: 7000 };
    expect(backupChecks({}, { a: [A6, A4], b: [B6, B4, more] })).toBe(4);
    const s = story({ aBases: [A4, A6], bBases: [B4, more, B6] });
    connect(s);
    s.pair.advance(1000);
    const { selected } = s.a.stats().pairs[0]!;
    expect(selected).toBe(true);
    const before = new Map(s.a.stats().pairs.map(({ id, requestsSent }) => [id, requestsSent]));
    s.pair.advance(60_000);
    const checked = s.a.stats().pairs.filter((pair) => !pair.selected && pair.requestsSent > before.get(pair.id)!);
    expect(checked.map(({ path }) => path.local)).toEqual([A4]);
  });
});

describe('lite', () => {
  it('only answers', () => {
    for (const lite of [true, false]) {
      const agent = newAgent({ lite });
      agent.addLocalBase({ address: A4 }, 0);
      agent.setRemoteCredentials(PEER, 0);
      agent.addRemoteCandidate(parseCandidate('candidate:1 1 udp 1000 198.51.100.1 5000 typ host'), 0);
      expect(agent.pollTransmit(new Slot(1200), 0)).toBe(!lite);
      expect(agent.role).toBe(lite ? 'controlled' : 'controlling');
    }
  });
});

describe('renomination', () => {
  it('takes a better pair that comes later', () => {
    for (const renomination of [true, false]) {
      const s = story({ aBases: [A4], bBases: [B4, B6], a: { renomination } });
      connect(s);
      s.a.addLocalBase({ address: A6 }, s.pair.now);
      s.pair.advance(5000);
      expect(s.a.selectedPair!.path.local).toEqual(renomination ? A6 : A4);
      expect(s.b.selectedPair!.path.local).toEqual(renomination ? B6 : B4);
    }
  });
});

describe('consentTimeout and disconnectedTimeout', () => {
  it('are how long the peer may be silent', () => {
    const s = story({ a: { consentInterval: 1000, consentTimeout: 8000, disconnectedTimeout: 2000 } });
    connect(s);
    s.pair.run({ until: s.settled });
    s.pair.cut();
    const start = s.pair.now;
    s.pair.run({ until: () => s.a.state === 'disconnected' });
    expect(s.pair.now - start).toBeLessThanOrEqual(3200);
    expect(s.pair.now - start).toBeGreaterThanOrEqual(2000);
    s.pair.run({ until: () => s.a.state === 'failed' });
    expect(s.pair.now - start).toBeLessThanOrEqual(8000);
    expect(s.pair.now - start).toBeGreaterThanOrEqual(6500);
  });
});

describe('values that cannot work', () => {
  it.each([
    { pacing: 0 },
    { pacing: Number.NaN },
    { burst: 0 },
    { burst: 1.5 },
    { gatheringTimeout: -1 },
    { maxCandidatePairs: 0 },
    { maxCandidatePairs: 2.5 },
    { patience: -1 },
    { consentInterval: 0 },
    { consentTimeout: 0 },
    { disconnectedTimeout: 0 },
    { keepaliveInterval: 0 },
    { backupInterval: 0 },
    { nominationDelay: { tcp: -1 } },
    { nominationDelay: { host: -1 } },
    { tieBreaker: -1n },
    { tieBreaker: 1n << 64n },
  ])('are refused: %o', (options) => {
    const make = (): Agent => new Agent({ role: 'controlling', random: seededRandom(1), ...options });
    expect(make).toThrowError(expect.objectContaining({ name: 'IceError', code: 'ICE_BAD_OPTION' }));
  });
});

describe('addressRewrites', () => {
  it('changes what is signalled of a base', () => {
    const signalled = (addressRewrites: AgentOptions['addressRewrites']): string[] => {
      const agent = newAgent({ addressRewrites });
      agent.addLocalBase({ address: A4 }, 0);
      return agent.stats().localCandidates.map(({ candidate }) => candidate.address);
    };
    expect(signalled(undefined)).toEqual([A4.address]);
    expect(signalled([{ external: '203.0.113.9' }])).toEqual(['203.0.113.9']);
    expect(() => newAgent({ addressRewrites: [{ external: 'nowhere' }] })).toThrow(/numeric/);
  });
});
