import { attribute, encodeMessage, parseMessage, type StunMessage } from '@kaon/stun';
import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Consent } from '../../src/agent/consent.ts';
import { context, generation, local, remote } from './parts.ts';

function setUp(options = {}) {
  const ctx = context(options);
  const current = generation();
  const pair = current.checklist.add(local(5000), remote(6000), 'controlling')!;
  const consent = new Consent(ctx);
  const sent = (): StunMessage[] => {
    const messages: StunMessage[] = [];
    for (const slot = new Slot(1200); ctx.outbox.poll(slot, 0); slot.reset())
      messages.push(parseMessage(slot.bytes.slice()));
    return messages;
  };
  /** Drives to `end`, giving what was sent. */
  const until = (from: number, end: number): StunMessage[] => {
    const messages: StunMessage[] = [];
    for (let now = from; now <= end; now = Math.max(now, consent.pollTimeout(now))) {
      consent.handleTimeout(now);
      messages.push(...sent());
      if (consent.pollTimeout(now) > end) break;
    }
    return messages;
  };
  const answer = (
    request: StunMessage,
    now: number,
    { cls = 'success' as 'success' | 'error', mac = current.remoteMac, path = pair.path } = {},
  ) => {
    const bytes = encodeMessage(
      { class: cls, method: 1, transactionId: request.transactionId, attributes: [] },
      { integrity: mac },
    );
    const message = parseMessage(bytes);
    expect(consent.has(message)).toBe(true);
    consent.handleResponse(message, bytes, path, now);
  };
  consent.start(pair, current, 0);
  return { ctx, pair, current, consent, until, answer };
}

describe('Consent', () => {
  it('asks with a request that nominates nothing', () => {
    const { until } = setUp();
    const [request] = until(0, 6000);
    expect(request?.class).toBe('request');
    expect(attribute(request!, 'username')?.username).toBe('theirs:ours');
    expect(attribute(request!, 'use-candidate')).toBeUndefined();
  });

  it('repeats an unanswered request twice, with the same transaction, then asks with a new one', () => {
    const { until } = setUp();
    const requests = until(0, 9000).map(({ transactionId }) => String(transactionId));
    expect(requests.slice(0, 3)).toEqual([requests[0], requests[0], requests[0]]);
    expect(requests[3]).not.toBe(requests[0]);
  });

  it('is renewed by an answer to any of its open requests', () => {
    const { consent, until, answer } = setUp();
    const requests = until(0, 14_000);
    expect(consent.suspect(14_000)).toBe(true);
    answer(requests[0]!, 14_000);
    expect(consent.suspect(14_000)).toBe(false);
    expect(consent.expired(43_999)).toBe(false);
    expect(consent.expired(44_000)).toBe(true);
  });

  it('is not renewed by an error, a wrong password or another path', () => {
    const { consent, current, pair, until, answer } = setUp();
    const [request] = until(0, 6000);
    answer(request!, 6000, { cls: 'error' });
    answer(request!, 6000, { mac: current.localMac });
    answer(request!, 6000, { path: { ...pair.path, remote: { ...pair.path.remote, port: 1 } } });
    expect(consent.expired(30_000)).toBe(true);
    expect(pair.counters.responsesReceived).toBe(0);
  });

  it('measures round trips of requests that were not repeated', () => {
    const { pair, consent, until, answer } = setUp();
    const at = consent.pollTimeout(0);
    const [request] = until(0, at);
    answer(request!, at + 40);
    expect(pair.counters.currentRoundTripTime).toBeCloseTo(40);
    expect(pair.counters.responsesReceived).toBe(1);
  });

  it('stops for good', () => {
    const { consent, until } = setUp();
    consent.stop();
    expect(until(0, 60_000)).toEqual([]);
    expect(consent.pollTimeout(0)).toBe(Number.POSITIVE_INFINITY);
    expect([consent.suspect(1e9), consent.expired(1e9)]).toEqual([false, false]);
  });
});
