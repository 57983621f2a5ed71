import { type Attribute, attribute, encodeMessage, parseMessage } from '@kaon/stun';
import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Generation } from '../../src/agent/generation.ts';
import { Responder } from '../../src/agent/responder.ts';
import { A4, B4 } from '../helpers.ts';
import { context, generation, local, OURS, THEIRS } from './parts.ts';

function setUp(options = {}) {
  const ctx = context({ tieBreaker: 5n, ...options });
  const base = local(5000);
  ctx.locals.add(base);
  const path = { protocol: 'udp', local: base.base, remote: B4 } as const;
  const current = generation();
  const responder = new Responder(ctx);
  const ask = (
    attributes: readonly Attribute[],
    generations: readonly Generation[] = [current],
    mac = current.localMac,
  ) => {
    const bytes = encodeMessage(
      { class: 'request', method: 1, transactionId: new Uint8Array(12), attributes },
      { integrity: mac, fingerprint: true },
    );
    const accepted = responder.handleRequest(parseMessage(bytes), bytes, path, generations, 0);
    const slot = new Slot(1200);
    return { accepted, answer: ctx.outbox.poll(slot, 0) ? parseMessage(slot.bytes.slice()) : undefined };
  };
  return { ctx, ask, current };
}

const request = (...more: Attribute[]): Attribute[] => [
  { type: 'username', username: `${OURS.usernameFragment}:${THEIRS.usernameFragment}` },
  { type: 'priority', priority: 77 },
  ...more,
];

describe('Responder', () => {
  it('answers an authentic check with where it came from', () => {
    const { ask, current } = setUp();
    const { accepted, answer } = ask(request({ type: 'use-candidate' }));
    expect(accepted).toEqual({ generation: current, priority: 77, useCandidate: true, remoteFragment: 'theirs' });
    expect(answer?.class).toBe('success');
    expect(attribute(answer!, 'xor-mapped-address')?.address).toEqual(B4);
  });

  it('refuses a peer that is in our role with 487 when our number is larger', () => {
    const { ctx, ask } = setUp();
    const { accepted, answer } = ask(request({ type: 'ice-controlling', tieBreaker: 4n }));
    expect(accepted).toBeUndefined();
    expect(attribute(answer!, 'error-code')?.code).toBe(487);
    expect(ctx.role.role).toBe('controlling');
  });

  it('gives in when the peer’s number is larger', () => {
    const { ctx, ask } = setUp();
    const { accepted, answer } = ask(request({ type: 'ice-controlling', tieBreaker: 6n }));
    expect(accepted).toBeDefined();
    expect(answer?.class).toBe('success');
    expect(ctx.role.role).toBe('controlled');
    expect(ctx.events).toEqual([{ type: 'role', role: 'controlled' }]);
  });

  it('answers checks of an earlier generation, without a quarrel over roles', () => {
    const { ctx, ask, current } = setUp();
    const next = new Generation({ usernameFragment: 'next', password: 'n'.repeat(22) }, ctx.crypto, ctx.options);
    const { accepted, answer } = ask(request({ type: 'ice-controlling', tieBreaker: 9n }), [next, current]);
    expect(accepted?.generation).toBe(current);
    expect(answer?.class).toBe('success');
    expect(ctx.role.role).toBe('controlling');
    expect(ask(request(), [next]).answer).toBeUndefined();
    expect(ctx.counters.dropped.username).toBe(1);
  });

  it('does not answer where no candidate is', () => {
    const { ctx, ask } = setUp();
    ctx.locals.removeBase(local(5000).base);
    expect(ask(request())).toEqual({ accepted: undefined, answer: undefined });
    expect(ctx.counters.dropped.base).toBe(1);
    expect(ctx.locals.forBase(A4)).toBeUndefined();
  });
});
