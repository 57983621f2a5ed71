import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import { attribute, decodeMessage, defaultCrypto, encodeMessage, type StunMessage, shortTermKey } from '@kaon/stun';
import { isMalformed, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { A4, A6, B4, B6, connect, type Story, type StoryOptions, statesOf, story } from '../helpers.ts';
import { tcpStory } from '../tcp.ts';

const RENOMINATING: StoryOptions = { a: { renomination: true }, b: { renomination: true } };
const back = ({ protocol, local, remote }: Path): Path => ({ protocol, local: remote, remote: local });

/** NOMINATIONs that side a sends. */
function nominations(s: Story): number[] {
  const seen: number[] = [];
  s.pair.tap(({ from, bytes }) => {
    const message = decodeMessage(bytes);
    if (from !== 'a' || isMalformed(message) || message.class !== 'request') return undefined;
    const value = attribute(message, 'nomination')?.nomination;
    if (value !== undefined && !seen.includes(value)) seen.push(value);
    return undefined;
  });
  return seen;
}

/** IPv6 begins to work after 20 s. */
function improving(options: StoryOptions): Story & { readonly now6: () => void } {
  let works = false;
  const s = story({
    aBases: [A6, A4],
    bBases: [B6, B4],
    route: (path) => (path.local.family === 'IPv6' && !works ? undefined : back(path)),
    ...options,
  });
  return {
    ...s,
    now6: () => {
      works = true;
    },
  };
}

const onIpv6 = (s: Story): boolean =>
  s.a.selectedPair?.path.local.family === 'IPv6' && s.b.selectedPair?.path.local.family === 'IPv6';

describe('renomination (draft-thatcher-ice-renomination)', () => {
  it('moves to a better pair once that works, and both sides say which', () => {
    const s = improving(RENOMINATING);
    const sent = nominations(s);
    connect(s);
    expect(s.a.selectedPair!.path.local).toEqual(A4);
    s.pair.advance(10_000);
    s.now6();
    s.pair.run({ until: () => onIpv6(s), timeout: 30_000 });
    s.pair.advance(60_000);
    expect(sent).toEqual([1, 2]);
    expect(s.a.stats().selectedPairChanges).toBe(2);
    expect(s.b.stats().selectedPairChanges).toBe(2);
    expect(s.a.selectedPair!.path).toEqual(back(s.b.selectedPair!.path));
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
  });

  it.each([
    ['the option is off', {}],
    ['only the controlled side has it', { b: { renomination: true } }],
  ] as const)('does not when %s', (_, options) => {
    const s = improving(options);
    const sent = nominations(s);
    connect(s);
    s.now6();
    s.pair.advance(60_000);
    expect(s.a.selectedPair!.path.local).toEqual(A4);
    expect(sent).toEqual([]);
  });

  it('does not when the peer did not agree to it', () => {
    const s = improving(RENOMINATING);
    const sent = nominations(s);
    s.a.setRemoteRenomination(false, s.pair.now);
    connect(s);
    s.now6();
    s.pair.advance(60_000);
    expect(s.a.stats().selectedPairChanges).toBe(1);
    expect(sent).toEqual([]);
  });

  it('takes a peer along that does not have the option but understands it', () => {
    const s = improving({ a: { renomination: true } });
    connect(s);
    s.pair.advance(5000);
    s.now6();
    s.pair.run({ until: () => onIpv6(s), timeout: 30_000 });
  });

  it('goes from TCP to UDP', () => {
    let udp = false;
    const s = tcpStory(['active'], ['passive'], { ...RENOMINATING, udp: () => udp });
    connect(s);
    expect(s.a.selectedPair!.path.protocol).toBe('tcp');
    udp = true;
    const onUdp = (): boolean => [s.a, s.b].every(({ selectedPair }) => selectedPair!.path.protocol === 'udp');
    s.pair.run({ until: onUdp, timeout: 30_000 });
    // A better pair than the selected one is checked to the end without renomination as well, and not taken.
    udp = false;
    const t = tcpStory(['active'], ['passive'], { udp: () => udp });
    connect(t);
    udp = true;
    t.pair.advance(30_000);
    expect(t.a.selectedPair!.path.protocol).toBe('tcp');
    t.connections.reset(t);
    expect(t.a.selectedPair?.path.protocol).toBe('udp');
  });

  it('takes a new interface that is better, and a cheaper one before all (draft-thatcher-ice-network-cost)', () => {
    const cellular = transportAddress('192.0.2.50', 5050);
    const wifi = transportAddress('192.0.2.51', 5051);
    for (const renomination of [true, false]) {
      const s = story({ a: { renomination }, aBases: [], bBases: [B4] });
      s.a.addLocalBase({ address: cellular, networkCost: 900 }, s.pair.now);
      connect(s);
      s.pair.advance(5000);
      s.a.addLocalBase({ address: wifi, networkCost: 10 }, s.pair.now);
      s.pair.advance(5000);
      const expected: TransportAddress = renomination ? wifi : cellular;
      expect(s.a.selectedPair!.path.local).toEqual(expected);
      expect(s.b.selectedPair!.path.remote).toEqual(expected);
    }
  });

  it('does not chase every change of a network: at most once a second', () => {
    const s = improving(RENOMINATING);
    connect(s);
    s.now6();
    const start = s.pair.now;
    s.pair.run({ until: () => onIpv6(s), timeout: 30_000 });
    expect(s.pair.now - start).toBeGreaterThanOrEqual(1000);
  });

  it('survives loss: both sides end up on one pair', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const s = improving({ ...RENOMINATING, seed, netem: { delay: 30, loss: 0.3 } });
      connect(s);
      s.pair.advance(3000);
      s.now6();
      s.pair.run({ until: () => onIpv6(s), timeout: 120_000 });
    }
  });
});

describe('the controlled side', () => {
  /** A request of side a in a story, as it would have been with other attributes. */
  function forge(s: Story, message: StunMessage, nomination: number | undefined, useCandidate: boolean): Uint8Array {
    const integrity = defaultCrypto.mac('SHA-1', shortTermKey(s.b.localCredentials.password));
    const kept = message.attributes.filter(({ type }) => type !== 'use-candidate' && type !== 'nomination');
    const added = [
      ...(useCandidate ? [{ type: 'use-candidate' } as const] : []),
      ...(nomination === undefined ? [] : [{ type: 'nomination', nomination } as const]),
    ];
    return encodeMessage({ ...message, attributes: [...kept, ...added] }, { integrity, fingerprint: true });
  }

  function rewriting(nominationOf: (at: number) => number | undefined, useCandidate = false): Story {
    const s = story({ aBases: [A4, A6], bBases: [B4, B6] });
    let at = 0;
    s.pair.tap(({ from, bytes }) => {
      const message = decodeMessage(bytes);
      if (from !== 'a' || isMalformed(message) || message.class !== 'request') return undefined;
      if (attribute(message, 'use-candidate') === undefined) return undefined;
      return forge(s, message, nominationOf(at++), useCandidate);
    });
    return s;
  }

  it('follows a NOMINATION without USE-CANDIDATE, as libwebrtc sends it', () => {
    const s = rewriting(() => 1);
    connect(s);
    expect(s.b.selectedPair).toBeDefined();
  });

  it('takes a NOMINATION of 0 for none', () => {
    const s = rewriting(() => 0);
    s.exchangeCredentials();
    s.pair.advance(10_000);
    expect(s.b.selectedPair).toBeUndefined();
    const t = rewriting(() => 0, true);
    connect(t);
  });

  it('follows the greater of two, in whatever order they come, and a worse pair too', () => {
    const s = story({ aBases: [A4, A6], bBases: [B4, B6] });
    connect(s);
    const mac = defaultCrypto.mac('SHA-1', shortTermKey(s.b.localCredentials.password));
    let id = 0;
    const nominate = (nomination: number, remote: TransportAddress, local: TransportAddress): void => {
      const username = `${s.b.localCredentials.usernameFragment}:${s.a.localCredentials.usernameFragment}`;
      const request = encodeMessage(
        {
          class: 'request',
          method: 1,
          transactionId: new Uint8Array(12).fill(++id),
          attributes: [
            { type: 'username', username },
            { type: 'priority', priority: 1 },
            { type: 'ice-controlling', tieBreaker: 1n },
            { type: 'nomination', nomination },
          ],
        },
        { integrity: mac, fingerprint: true },
      );
      s.b.handleDatagram(request, { protocol: 'udp', local, remote }, s.pair.now);
      s.pair.advance(100);
    };
    // Both pairs have to be valid for this.
    s.pair.advance(2000);
    nominate(5, A4, B4);
    expect(s.b.selectedPair!.path.local).toEqual(B4);
    nominate(4, A6, B6);
    expect(s.b.selectedPair!.path.local).toEqual(B4);
    nominate(6, A6, B6);
    expect(s.b.selectedPair!.path.local).toEqual(B6);
    nominate(0xffff_ffff, A4, B4);
    nominate(7, A6, B6);
    expect(s.b.selectedPair!.path.local).toEqual(B4);
  });

  it('counts anew after a restart', () => {
    const s = story({ ...RENOMINATING });
    const sent = nominations(s);
    connect(s);
    s.a.restart(s.pair.now);
    s.b.restart(s.pair.now);
    s.exchangeCredentials();
    const before = s.a.stats().selectedPairChanges;
    for (const [from, to] of [
      [s.a, s.b],
      [s.b, s.a],
    ] as const) {
      for (const { candidate } of from.stats().localCandidates) to.addRemoteCandidate(candidate, s.pair.now);
    }
    s.pair.run({ until: () => s.a.stats().selectedPairChanges > before && s.b.stats().selectedPairChanges > before });
    expect(sent).toEqual([1]);
  });
});

describe('network cost', () => {
  it('is told in checks and by candidates, and the cheaper way is nominated', () => {
    const dear = transportAddress('198.51.100.50', 5050);
    const cheap = transportAddress('198.51.100.51', 5051);
    for (const signalled of [true, false]) {
      const s = story({ aBases: [A4], bBases: [], signalling: signalled ? 'trickle' : 'none' });
      s.b.addLocalBase({ address: dear, networkCost: 900 }, s.pair.now);
      s.b.addLocalBase({ address: cheap, networkCost: 910 }, s.pair.now);
      s.b.addRemoteCandidate(s.a.stats().localCandidates[0]!.candidate, s.pair.now);
      s.exchangeCredentials();
      s.pair.run({ until: s.connected });
      expect(s.a.selectedPair!.path.remote).toEqual(dear);
      expect(s.a.selectedPair!.remote.type).toBe(signalled ? 'host' : 'prflx');
    }
    const t = story({ aBases: [A4], bBases: [], a: { renomination: true } });
    t.b.addLocalBase({ address: dear, networkCost: 900 }, t.pair.now);
    connect(t);
    t.b.addLocalBase({ address: cheap, networkCost: 10 }, t.pair.now);
    t.pair.run({ until: () => t.b.selectedPair!.path.local.port === cheap.port, timeout: 10_000 });
  });

  it('is not said where there is none', () => {
    const s = story();
    let said = 0;
    s.pair.tap(({ bytes }) => {
      const message = decodeMessage(bytes);
      if (!isMalformed(message) && attribute(message, 'goog-network-info') !== undefined) said++;
      return undefined;
    });
    connect(s);
    expect(said).toBe(0);
    const t = story({ aBases: [] });
    t.a.addLocalBase({ address: A4, networkCost: 50 }, t.pair.now);
    const costs = new Set<string>();
    t.pair.tap(({ from, bytes }) => {
      const message = decodeMessage(bytes);
      const info = isMalformed(message) ? undefined : attribute(message, 'goog-network-info');
      if (info !== undefined) costs.add(`${from} ${info.networkId} ${info.networkCost}`);
      return undefined;
    });
    connect(t);
    expect([...costs]).toEqual(['a 1 50']);
  });

  it('of a relay whose network is not known is that of the cheapest base: a relay wins nothing by it', () => {
    const relay = transportAddress('203.0.113.200', 49_200);
    const s = story({ aBases: [] });
    s.a.addLocalBase({ address: A4, networkCost: 10 }, s.pair.now);
    s.a.addLocalCandidate(
      {
        foundation: 'r',
        component: 1,
        protocol: 'udp',
        priority: 0,
        address: relay.address,
        port: relay.port,
        type: 'relay',
      },
      relay,
      s.pair.now,
    );
    connect(s);
    s.pair.advance(5000);
    expect(s.a.stats().pairs.filter(({ valid }) => valid)).toHaveLength(2);
    expect(s.a.selectedPair!.local.type).toBe('host');
  });
});
