import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { ClientTransaction, type ClientTransactionOptions, encodeMessage, METHOD, StunError } from '../src/index.ts';
import { TRANSACTION_ID } from './helpers/attributes.ts';
import { request, response } from './helpers/message.ts';

const asked = request();
const encoded = encodeMessage(asked);

function start(options: Partial<ClientTransactionOptions> = {}): ClientTransaction {
  return new ClientTransaction({ request: encoded, transactionId: TRANSACTION_ID, now: 1000, ...options });
}

/** Instants at which the request leaves, relative to the start, and when it is given up. */
function schedule(transaction: ClientTransaction): { sent: number[]; over: number } {
  const sent: number[] = [];
  const slot = new Slot(100);
  let now = 1000;
  for (;;) {
    if (transaction.pollTransmit(slot, now)) sent.push(now - 1000);
    slot.reset();
    const next = transaction.pollTimeout();
    if (next === Number.POSITIVE_INFINITY) return { sent, over: now - 1000 };
    expect(next).toBeGreaterThan(now);
    now = next;
    transaction.handleTimeout(now);
  }
}

describe('ClientTransaction', () => {
  it('sends and gives up at the times of RFC 8489 §6.2.1', () => {
    const transaction = start();
    expect(schedule(transaction)).toEqual({ sent: [0, 500, 1500, 3500, 7500, 15500, 31500], over: 39500 });
    expect(transaction.state).toBe('timed-out');
    expect(transaction.retransmissions).toBe(6);
    expect(transaction.rtt).toBeUndefined();
  });

  it('takes rto, rc and rm from its options', () => {
    expect(schedule(start({ rto: 100 }))).toEqual({ sent: [0, 100, 300, 700, 1500, 3100, 6300], over: 7900 });
    expect(schedule(start({ rc: 2 }))).toEqual({ sent: [0, 500], over: 8500 });
    expect(schedule(start({ rm: 1 })).over).toBe(32000);
    expect(schedule(start({ rc: 1, rm: 2 }))).toEqual({ sent: [0], over: 1000 });
  });

  it('sends once and waits Ti over a reliable transport', () => {
    expect(schedule(start({ reliable: true }))).toEqual({ sent: [0], over: 39500 });
  });

  it('ends with the response that has its transaction id', () => {
    const transaction = start();
    transaction.pollTransmit(new Slot(100), 1001);
    expect(transaction.handleResponse({ ...response('success', asked), transactionId: new Uint8Array(12) }, 1005)).toBe(
      false,
    );
    expect(transaction.handleResponse(asked, 1005)).toBe(false);
    expect(transaction.handleResponse({ ...asked, class: 'indication' }, 1005)).toBe(false);
    expect(transaction.state).toBe('pending');
    expect(transaction.handleResponse(response('success', asked), 1011)).toBe(true);
    expect([transaction.state, transaction.rtt, transaction.pollTimeout()]).toEqual([
      'succeeded',
      10,
      Number.POSITIVE_INFINITY,
    ]);
    expect(transaction.handleResponse(response('error', asked), 1012)).toBe(false);
    expect(transaction.pollTransmit(new Slot(100), 1012)).toBe(false);
    transaction.handleTimeout(1e9);
    expect(transaction.state).toBe('succeeded');
  });

  it('fails with an error response', () => {
    const transaction = start();
    expect(transaction.handleResponse(response('error', asked))).toBe(true);
    expect([transaction.state, transaction.rtt]).toEqual(['failed', undefined]);
  });

  it('measures no round trip when the request was sent more than once, or the time is not told', () => {
    const again = start();
    const slot = new Slot(100);
    again.pollTransmit(slot, 1000);
    again.handleTimeout(1500);
    slot.reset();
    again.pollTransmit(slot, 1500);
    again.handleResponse(response('success', asked), 1501);
    expect([again.state, again.retransmissions, again.rtt]).toEqual(['succeeded', 1, undefined]);
    const untold = start();
    untold.pollTransmit(new Slot(100), 1000);
    untold.handleResponse({ ...asked, class: 'success', method: METHOD.Binding });
    expect(untold.rtt).toBeUndefined();
  });

  it('keeps the request when it does not fit, and piles nothing up when nobody drains it', () => {
    const transaction = start();
    expect(transaction.pollTransmit(new Slot(19), 1000)).toBe(false);
    for (let now = 1500; now < 10_000; now += 500) transaction.handleTimeout(now);
    expect(transaction.pollTransmit(new Slot(100), 10_000)).toBe(true);
    expect(transaction.pollTransmit(new Slot(100), 10_000)).toBe(false);
    expect(transaction.retransmissions).toBe(0);
  });

  it.each<Partial<ClientTransactionOptions>>([
    { transactionId: new Uint8Array(11) },
    { rto: 0 },
    { rto: Number.NaN },
    { rto: Number.POSITIVE_INFINITY },
    { rc: 0 },
    { rc: 1.5 },
    { rm: 0 },
    { rm: Number.NaN },
  ])('refuses %o', (options) => {
    expect(() => start(options)).toThrow(StunError);
    expect(() => start(options)).toThrow(expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }));
  });
});
