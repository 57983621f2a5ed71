import { decodeMessage, encodeMessage } from '@kaon/stun';
import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { connect, type Story, statesOf, story } from '../helpers.ts';

function completed(options: Parameters<typeof story>[0] = {}): Story {
  const s = story(options);
  connect(s);
  s.pair.run({ until: s.settled });
  return s;
}

/** Instants at which side a sent a request for the first time. */
function requests(s: Story): number[] {
  const seen = new Set<string>();
  const times: number[] = [];
  s.pair.tap(({ from, bytes, now }) => {
    const message = decodeMessage(bytes);
    if (from !== 'a' || isMalformed(message) || message.class !== 'request') return undefined;
    const id = String(message.transactionId);
    if (!seen.has(id)) times.push(now);
    seen.add(id);
    return undefined;
  });
  return times;
}

describe('consent (RFC 7675 §5.1)', () => {
  it('is asked for every 4 to 6 seconds, never at the same pace', () => {
    const s = completed();
    const times = requests(s);
    s.pair.advance(600_000);
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    expect(gaps.length).toBeGreaterThan(95);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(4000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(6000);
    expect(new Set(gaps.map((gap) => gap.toFixed(3))).size).toBeGreaterThan(90);
    expect(s.a.state).toBe('completed');
  });

  it('expires 30 s after the last answer: disconnected first, then failed, and nothing is sent any more', () => {
    const s = completed();
    s.pair.advance(20_000);
    let lastAnswer = 0;
    s.pair.tap(({ from, bytes, now }) => {
      const message = decodeMessage(bytes);
      if (from === 'b' && !isMalformed(message) && message.class === 'success') lastAnswer = now;
      return undefined;
    });
    s.pair.advance(10_000);
    s.pair.cut();
    const cutAt = s.pair.now;
    s.pair.run({ until: () => s.a.state === 'disconnected' });
    expect(s.pair.now - cutAt).toBeLessThanOrEqual(11_000);
    expect(s.a.selectedPair).toBeDefined();
    s.pair.run({ until: () => s.a.state === 'failed' });
    // The answer was 5 ms under way.
    expect(s.pair.now).toBeCloseTo(lastAnswer + 5 + 30_000);
    expect(s.a.selectedPair).toBeUndefined();
    expect(s.pair.a.last('state')).toMatchObject({ state: 'failed', error: { code: 'ICE_CONSENT_EXPIRED' } });
    s.pair.run({ until: () => s.b.state === 'failed' });
    const sent = s.pair.a.sent;
    s.pair.restore();
    s.pair.advance(60_000);
    expect(s.pair.a.sent).toBe(sent);
    expect(s.a.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('comes back when the network does in time', () => {
    const s = completed();
    s.pair.cut();
    s.pair.run({ until: () => s.a.state === 'disconnected' && s.b.state === 'disconnected' });
    s.pair.advance(10_000);
    s.pair.restore();
    s.pair.run({ until: s.settled, timeout: 10_000 });
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed', 'disconnected', 'completed']);
    s.pair.advance(60_000);
    expect(s.a.state).toBe('completed');
  });

  it('survives a lossy network without a word', () => {
    const s = completed();
    s.pair.setNetem({ loss: 0.1 });
    s.pair.advance(300_000);
    expect(statesOf(s.pair.a.events)).toEqual(['checking', 'completed']);
    expect(statesOf(s.pair.b.events)).toEqual(['checking', 'completed']);
  });

  it('is not given by forged answers', () => {
    const s = completed();
    // Every answer is replaced by one with the right transaction and no key.
    s.pair.tap(({ bytes }) => {
      const message = decodeMessage(bytes);
      if (isMalformed(message) || message.class !== 'success') return undefined;
      return encodeMessage({
        ...message,
        attributes: message.attributes.filter((each) => each.type === 'xor-mapped-address'),
      });
    });
    s.pair.run({ until: () => s.a.state === 'failed' });
    expect(s.a.stats().dropped.integrity).toBeGreaterThan(0);
  });

  it('is not given by answers from elsewhere', () => {
    let moved = false;
    const s = completed({
      route: (path) => {
        const back = { protocol: path.protocol, local: path.remote, remote: path.local };
        return moved ? { ...back, remote: { ...back.remote, port: 9999 } } : back;
      },
    });
    moved = true;
    s.pair.run({ until: () => s.a.state === 'failed' });
  });
});
