import { attribute, decodeMessage, defaultCrypto, encodeMessage, shortTermKey } from '@kaon/stun';
import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { A4, A6, B4, B6, connect, type Story, story } from '../helpers.ts';
import { nominates } from '../net.ts';

/** Has side a put USE-CANDIDATE into every check, as peers did by RFC 5245. */
function makeAggressive(s: Story): void {
  s.pair.tap(({ from, bytes }) => {
    const message = decodeMessage(bytes);
    if (from !== 'a' || isMalformed(message) || message.class !== 'request') return undefined;
    if (attribute(message, 'use-candidate') !== undefined) return undefined;
    const integrity = defaultCrypto.mac('SHA-1', shortTermKey(s.b.localCredentials.password));
    const attributes = [...message.attributes, { type: 'use-candidate' } as const];
    return encodeMessage({ ...message, attributes }, { integrity, fingerprint: true });
  });
}

describe('regular nomination', () => {
  it('is one check with USE-CANDIDATE, after a plain one has worked', () => {
    const s = story();
    const requests: boolean[] = [];
    s.pair.tap(({ from, bytes }) => {
      const message = decodeMessage(bytes);
      if (from === 'a' && !isMalformed(message) && message.class === 'request') requests.push(nominates(bytes));
      return undefined;
    });
    connect(s);
    expect(requests.filter((nominating) => nominating)).toHaveLength(1);
    expect(requests.at(-1)).toBe(true);
  });

  it('is never done by the controlled side', () => {
    const s = story({ netem: { delay: 20, loss: 0.2 } });
    let nominations = 0;
    s.pair.tap(({ from, bytes }) => {
      if (from === 'b' && nominates(bytes)) nominations++;
      return undefined;
    });
    connect(s);
    s.pair.advance(10_000);
    expect(nominations).toBe(0);
  });

  it('takes another pair when the nominated one stops working before it is confirmed', () => {
    let dead = false;
    const s = story({
      aBases: [A6, A4],
      bBases: [B6, B4],
      route: (path) =>
        dead && path.local.family === 'IPv6' ? undefined : { protocol: 'udp', local: path.remote, remote: path.local },
    });
    s.pair.tap(({ bytes }) => {
      dead ||= nominates(bytes);
      return undefined;
    });
    s.exchangeCredentials();
    s.pair.run({ until: s.connected, timeout: 12_000 });
    expect(s.a.selectedPair!.path.local).toEqual(A4);
    expect(s.b.selectedPair!.path.local).toEqual(B4);
  });

  it('keeps the choice when checks of other pairs succeed later', () => {
    const s = story({ aBases: [A4, A6], bBases: [B4, B6] });
    connect(s);
    const { path } = s.a.selectedPair!;
    s.pair.advance(30_000);
    expect(s.a.selectedPair!.path).toBe(path);
    expect(s.a.stats().selectedPairChanges).toBe(1);
    expect(s.b.stats().selectedPairChanges).toBe(1);
  });
});

describe('aggressive nomination by the peer', () => {
  it('is accepted; the best of the nominated pairs is used', () => {
    const s = story({ aBases: [A4, A6], bBases: [B4, B6] });
    makeAggressive(s);
    connect(s);
    s.pair.advance(1000);
    const best = [...s.b.stats().pairs].sort((x, y) => (x.priority > y.priority ? -1 : 1))[0]!;
    expect(best.selected).toBe(true);
    expect(s.b.selectedPair!.path.local).toEqual(B6);
    expect(s.b.stats().pairs.filter(({ nominated }) => nominated).length).toBeGreaterThan(1);
  });

  it('settles over a lossy network too', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const s = story({ seed, aBases: [A4, A6], bBases: [B4, B6], netem: { delay: 20, loss: 0.3 } });
      makeAggressive(s);
      connect(s);
    }
  });
});
