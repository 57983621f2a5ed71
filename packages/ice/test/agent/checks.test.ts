import type { Attribute, StunClass, StunMessage } from '@kaon/stun';
import { attribute, decodeMessage, encodeMessage, parseMessage, verifyFingerprint, verifyIntegrity } from '@kaon/stun';
import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Checks } from '../../src/agent/checks.ts';
import type { Generation } from '../../src/agent/generation.ts';
import type { CandidatePair } from '../../src/agent/pair.ts';
import { candidatePriority } from '../../src/priority.ts';
import { context, generation, local, remote } from './parts.ts';

function setUp(options = {}) {
  const ctx = context(options);
  const current = generation();
  const ours = local(5000);
  ctx.locals.add(ours);
  const pair = current.checklist.add(ours, remote(6000), ctx.role.role)!;
  const checks = new Checks(ctx);
  const slot = new Slot(1200);
  /** The next datagram, decoded. */
  const sent = (now = 0): { message: StunMessage; bytes: Uint8Array } | undefined => {
    slot.reset();
    if (!ctx.outbox.poll(slot, now)) return undefined;
    const bytes = slot.bytes.slice();
    return { message: parseMessage(bytes), bytes };
  };
  return { ctx, current, pair, checks, sent };
}

/** An answer of the peer, under its password unless another is given. */
function answer(
  current: Generation,
  transactionId: Uint8Array,
  cls: StunClass,
  attributes: Attribute[],
  integrity = current.remoteMac,
): { message: StunMessage; bytes: Uint8Array } {
  const bytes = encodeMessage({ class: cls, method: 1, transactionId, attributes }, { integrity, fingerprint: true });
  return { message: parseMessage(bytes), bytes };
}

const mapped = (pair: CandidatePair, port = pair.path.local.port): Attribute => ({
  type: 'xor-mapped-address',
  address: { ...pair.path.local, port },
});

describe('a check', () => {
  it('says what RFC 8445 §7.1 asks for', () => {
    const { ctx, current, pair, checks, sent } = setUp();
    checks.start(pair, current, true, 0);
    const { message, bytes } = sent()!;
    expect(attribute(message, 'username')?.username).toBe('theirs:ours');
    expect(attribute(message, 'priority')?.priority).toBe(candidatePriority('prflx', pair.local.preference));
    expect(attribute(message, 'ice-controlling')?.tieBreaker).toBe(ctx.role.tieBreaker);
    expect(attribute(message, 'use-candidate')).toBeDefined();
    expect(verifyIntegrity(bytes, current.remoteMac!)).toBe(true);
    expect(verifyFingerprint(bytes)).toBe(true);
  });

  it('of the controlled side says so, and nominates nothing', () => {
    const { current, pair, checks, sent } = setUp({ role: 'controlled' });
    checks.start(pair, current, false, 0);
    const { message } = sent()!;
    expect(attribute(message, 'ice-controlled')).toBeDefined();
    expect(attribute(message, 'use-candidate')).toBeUndefined();
    expect(pair.state).toBe('in-progress');
  });

  it('makes its pair valid when it is answered, and measures the round trip', () => {
    const { current, pair, checks, sent } = setUp();
    checks.start(pair, current, false, 0);
    const { message } = sent(100)!;
    const reply = answer(current, message.transactionId, 'success', [mapped(pair)]);
    expect(checks.handleResponse(reply.message, reply.bytes, pair.path, 125)).toMatchObject({ result: 'succeeded' });
    expect(pair.state).toBe('succeeded');
    expect(pair.validLocal).toBe(pair.local);
    expect(pair.counters).toMatchObject({ requestsSent: 1, responsesReceived: 1, currentRoundTripTime: 25 });
    expect(checks.size).toBe(0);
  });

  it('finds a peer-reflexive candidate in the answer (RFC 8445 §7.2.5.3.1)', () => {
    const { ctx, current, pair, checks, sent } = setUp();
    checks.start(pair, current, false, 0);
    const reply = answer(current, sent()!.message.transactionId, 'success', [mapped(pair, 7777)]);
    checks.handleResponse(reply.message, reply.bytes, pair.path, 1);
    expect(pair.validLocal?.candidate).toMatchObject({
      type: 'prflx',
      port: 7777,
      relatedPort: 5000,
      priority: candidatePriority('prflx', pair.local.preference),
    });
    expect(ctx.locals.all).toHaveLength(2);
    expect(ctx.events).toEqual([]);
  });

  it('fails when the answer comes from elsewhere (RFC 8445 §7.2.5.2.1)', () => {
    const { current, pair, checks, sent } = setUp();
    checks.start(pair, current, false, 0);
    const reply = answer(current, sent()!.message.transactionId, 'success', [mapped(pair)]);
    const elsewhere = { ...pair.path, remote: { ...pair.path.remote, port: 1 } };
    expect(checks.handleResponse(reply.message, reply.bytes, elsewhere, 1)).toMatchObject({ result: 'failed' });
    expect(pair.state).toBe('failed');
  });

  it('takes no answer without the peer’s password', () => {
    const { ctx, current, pair, checks, sent } = setUp();
    checks.start(pair, current, false, 0);
    const reply = answer(current, sent()!.message.transactionId, 'success', [mapped(pair)], current.localMac);
    expect(checks.handleResponse(reply.message, reply.bytes, pair.path, 1)).toBeUndefined();
    expect(ctx.counters.dropped.integrity).toBe(1);
    expect([pair.state, checks.size]).toEqual(['in-progress', 1]);
  });

  it('takes no answer to what was not asked', () => {
    const { ctx, current, pair, checks } = setUp();
    const reply = answer(current, new Uint8Array(12), 'success', [mapped(pair)]);
    expect(checks.handleResponse(reply.message, reply.bytes, pair.path, 1)).toBeUndefined();
    expect(ctx.counters.dropped.transaction).toBe(1);
  });

  it.each([
    ['an error', 'error', [{ type: 'error-code', code: 400, reason: 'no' }]],
    ['an error without a code', 'error', []],
    ['a success without an address', 'success', []],
  ] as const)('fails at %s', (_, cls, attributes) => {
    const { current, pair, checks, sent } = setUp();
    checks.start(pair, current, false, 0);
    const reply = answer(current, sent()!.message.transactionId, cls, [...attributes]);
    expect(checks.handleResponse(reply.message, reply.bytes, pair.path, 1)).toMatchObject({ result: 'failed' });
    expect(pair.state).toBe('failed');
  });

  it('changes the role at a 487 and is queued again (RFC 8445 §7.2.5.1)', () => {
    const { ctx, current, pair, checks, sent } = setUp();
    const before = ctx.role.tieBreaker;
    checks.start(pair, current, false, 0);
    const reply = answer(current, sent()!.message.transactionId, 'error', [
      { type: 'error-code', code: 487, reason: '' },
    ]);
    expect(checks.handleResponse(reply.message, reply.bytes, pair.path, 1)).toMatchObject({ result: 'role-conflict' });
    expect(ctx.events).toEqual([{ type: 'role', role: 'controlled' }]);
    expect(ctx.role.tieBreaker).not.toBe(before);
    expect(current.checklist.nextTriggered()).toBe(pair);
  });

  it('is repeated and given up as RFC 8489 §6.2.1 says', () => {
    const { current, pair, checks, sent } = setUp();
    checks.start(pair, current, false, 0);
    const times: number[] = [];
    for (let now = 0; checks.size > 0; now = checks.pollTimeout()) {
      for (const outcome of checks.handleTimeout(now)) expect(outcome.result).toBe('timed-out');
      if (sent(now) !== undefined) times.push(now);
    }
    expect(times).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(pair.state).toBe('failed');
  });

  it('that nominates is given up sooner', () => {
    const { current, pair, checks } = setUp();
    checks.start(pair, current, true, 0);
    let now = 0;
    for (; checks.size > 0; now = checks.pollTimeout()) checks.handleTimeout(now);
    expect(checks.handleTimeout(11_500)).toEqual([]);
    expect(pair.state).toBe('failed');
  });

  it('is sent again at once when the peer’s check has come, once per Ta', () => {
    const { current, pair, checks, sent } = setUp();
    checks.start(pair, current, false, 0);
    const first = sent()!.bytes;
    checks.resend(pair, 49);
    expect(sent()).toBeUndefined();
    checks.resend(pair, 50);
    expect(sent()!.bytes).toEqual(first);
    checks.resend(pair, 60);
    expect(sent()).toBeUndefined();
  });

  it('is sent again without delay, the first time, where a relay or a NAT may have dropped it', () => {
    const { ctx, current, checks, sent } = setUp();
    const pair = current.checklist.add(local(5001), remote(6001, 1, '2', 'relay'), ctx.role.role)!;
    checks.start(pair, current, false, 0);
    const first = sent()!.bytes;
    checks.resend(pair, 3);
    expect(sent()!.bytes).toEqual(first);
    checks.resend(pair, 10);
    expect(sent()).toBeUndefined();
    checks.resend(pair, 53);
    expect(sent()!.bytes).toEqual(first);
    // A nomination goes where the way is open.
    checks.cancel(pair);
    checks.start(pair, current, true, 100);
    sent();
    checks.resend(pair, 103);
    expect(sent()).toBeUndefined();
  });

  it('that was cancelled has no answer', () => {
    const { current, pair, checks, sent } = setUp();
    checks.start(pair, current, false, 0);
    const { message } = sent()!;
    checks.cancel(pair);
    expect(checks.has(message)).toBe(false);
    expect(checks.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('is a request that decodes', () => {
    const { current, pair, checks, sent } = setUp();
    checks.start(pair, current, false, 0);
    expect(decodeMessage(sent()!.bytes)).toMatchObject({ class: 'request', method: 1 });
  });
});
