import { attribute, METHOD } from '@kaon/stun';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { allocated, Conversation, challenge, PEER, refusal, UDP } from '../helpers/conversation.ts';

const types = (conversation: Conversation) => conversation.events.map(({ type }) => type);

describe('a refresh', () => {
  it('comes two minutes early, again and again', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.advance(479_999);
    expect(conversation.count(METHOD.Refresh)).toBe(0);
    conversation.advance(1);
    expect(conversation.count(METHOD.Refresh)).toBe(1);
    conversation.advance(3_600_000);
    expect(conversation.count(METHOD.Refresh)).toBe(8);
    expect(types(conversation)).toEqual(['allocated']);
  });

  it('comes at half time of a short life', () => {
    const conversation = new Conversation({ credentials: undefined });
    conversation.answers.set(METHOD.Allocate, () => ({
      class: 'success',
      attributes: allocated().attributes.map((each) =>
        each.type === 'lifetime' ? { type: 'lifetime', seconds: 60 } : each,
      ),
    }));
    conversation.answers.set(METHOD.Refresh, () => 'silence');
    conversation.allocate();
    conversation.advance(30_000);
    expect(conversation.count(METHOD.Refresh)).toBe(1);
  });

  it('asks for the lifetime that was told', () => {
    const conversation = new Conversation({ lifetime: 900 });
    conversation.allocate();
    conversation.client.refresh(conversation.now);
    conversation.exchange();
    expect(attribute(conversation.last, 'lifetime')?.seconds).toBe(900);
  });

  it('with a stale nonce is sent again with the fresh one', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.nonce = 'n2';
    conversation.client.refresh(conversation.now);
    conversation.exchange();
    expect(conversation.count(METHOD.Refresh)).toBe(2);
    expect(attribute(conversation.last, 'nonce')?.nonce).toBe('n2');
    expect(types(conversation)).toEqual(['allocated']);
  });

  it('that gets no answer is asked again until the allocation expires', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.answers.set(METHOD.Refresh, () => 'silence');
    conversation.advance(599_999);
    expect(types(conversation)).toEqual(['allocated']);
    expect(conversation.count(METHOD.Refresh)).toBe(3 * 7 + 2);
    conversation.advance(1);
    expect(conversation.event('failed')!.error.code).toBe('TURN_ALLOCATION_LOST');
  });

  it('that gets an answer after an outage goes on as if nothing had been', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.answers.set(METHOD.Refresh, () => 'silence');
    conversation.advance(580_000);
    conversation.answers.delete(METHOD.Refresh);
    conversation.advance(600_000);
    expect(types(conversation)).toEqual(['allocated']);
  });

  it('ends it when the server does not know it (437) or refuses us (441)', () => {
    for (const [statusCode, code] of [
      [437, 'TURN_ALLOCATION_LOST'],
      [441, 'TURN_UNAUTHORIZED'],
      [403, 'TURN_ERROR_RESPONSE'],
    ] as const) {
      const conversation = new Conversation();
      conversation.allocate();
      conversation.answers.set(METHOD.Refresh, () => refusal(statusCode));
      conversation.client.refresh(conversation.now);
      conversation.exchange();
      expect(conversation.event('failed')!.error).toMatchObject({ code, statusCode });
    }
  });

  it('is tried again 5 s after an error that may pass', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.answers.set(METHOD.Refresh, () => refusal(508));
    conversation.client.refresh(conversation.now);
    conversation.exchange();
    conversation.answers.delete(METHOD.Refresh);
    conversation.advance(5000);
    expect(conversation.count(METHOD.Refresh)).toBe(2);
    expect(types(conversation)).toEqual(['allocated']);
  });

  it('whose answer gives no time left ends it', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.answers.set(METHOD.Refresh, () => ({
      class: 'success',
      attributes: [{ type: 'lifetime', seconds: 0 }],
    }));
    conversation.client.refresh(conversation.now);
    conversation.exchange();
    expect(conversation.event('failed')!.error.code).toBe('TURN_ALLOCATION_LOST');
  });
});

describe('closing', () => {
  it('gives the allocation up', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.client.close(conversation.now);
    conversation.exchange();
    expect(attribute(conversation.last, 'lifetime')?.seconds).toBe(0);
    expect(types(conversation)).toEqual(['allocated', 'closed']);
    conversation.client.close(conversation.now);
    conversation.client.permit(PEER, conversation.now);
    expect([conversation.sent(), conversation.client.pollEvent()]).toEqual([[], undefined]);
  });

  it('gives it up also when the nonce has grown stale', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.nonce = 'n2';
    conversation.client.close(conversation.now);
    conversation.exchange();
    expect(conversation.count(METHOD.Refresh)).toBe(2);
    expect(types(conversation)).toEqual(['allocated', 'closed']);
  });

  it('waits 3 s for the server at most', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.answers.set(METHOD.Refresh, () => 'silence');
    conversation.client.close(conversation.now);
    conversation.advance(2999);
    expect(conversation.event('closed')).toBeUndefined();
    conversation.advance(1);
    expect(conversation.event('closed')).toBeDefined();
    expect(conversation.client.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('gives up what the server may be making', () => {
    const conversation = new Conversation();
    conversation.answers.set(METHOD.Allocate, (request) =>
      attribute(request, 'username') === undefined ? challenge(401, 'n1') : 'silence',
    );
    conversation.exchange();
    conversation.client.close(conversation.now);
    conversation.exchange();
    expect(attribute(conversation.last, 'lifetime')?.seconds).toBe(0);
    expect(types(conversation)).toEqual(['closed']);
  });

  it('before any answer is at once', () => {
    const conversation = new Conversation();
    conversation.client.close(conversation.now);
    expect(conversation.client.pollEvent()).toEqual({ type: 'closed' });
  });
});

describe('moving (RFC 8016)', () => {
  const elsewhere = { ...UDP, local: transportAddress('192.0.2.99', 41000) };

  function mobile(): Conversation {
    const conversation = new Conversation({ mobility: true });
    conversation.answers.set(METHOD.Allocate, (request) =>
      attribute(request, 'username') === undefined
        ? challenge(401, 'n1')
        : allocated({ type: 'mobility-ticket', ticket: Uint8Array.of(1) }),
    );
    expect(conversation.allocate().mobile).toBe(true);
    return conversation;
  }

  it('takes the ticket along and gets the next one', () => {
    const conversation = mobile();
    conversation.answers.set(METHOD.Refresh, (request) => ({
      class: 'success',
      attributes: [
        { type: 'lifetime', seconds: 600 },
        { type: 'mobility-ticket', ticket: Uint8Array.of(1 + attribute(request, 'mobility-ticket')!.ticket[0]!) },
      ],
    }));
    conversation.client.migrate(elsewhere, conversation.now);
    expect(conversation.client.path).toBe(UDP);
    const [request] = conversation.sent();
    expect(request!.path).toBe(elsewhere);
    expect(attribute(request!.message!, 'mobility-ticket')?.ticket).toEqual(Uint8Array.of(1));
    conversation.client.migrate(elsewhere, conversation.now);
    conversation.exchange();
    expect(conversation.client.path).toBe(elsewhere);
    expect(types(conversation)).toEqual(['allocated', 'migrated']);
    conversation.client.migrate(UDP, conversation.now);
    conversation.exchange();
    expect(attribute(conversation.last, 'mobility-ticket')?.ticket).toEqual(Uint8Array.of(2));
  });

  it('that is forbidden (405) or gets no answer leaves it where it is', () => {
    const conversation = mobile();
    conversation.answers.set(METHOD.Refresh, () => refusal(405, 'Mobility Forbidden'));
    conversation.client.migrate(elsewhere, conversation.now);
    conversation.exchange();
    conversation.answers.set(METHOD.Refresh, () => 'silence');
    conversation.client.migrate(elsewhere, conversation.now);
    conversation.advance(40_000);
    expect(conversation.events.slice(1)).toEqual([
      { type: 'migration-failed', statusCode: 405, reason: 'Mobility Forbidden' },
      { type: 'migration-failed', statusCode: undefined, reason: 'the server did not answer' },
    ]);
    expect(conversation.client.path).toBe(UDP);
  });

  it('needs a ticket', () => {
    const conversation = new Conversation({ mobility: true });
    expect(() => conversation.client.migrate(elsewhere, 0)).toThrow('no allocation');
    expect(conversation.allocate().mobile).toBe(false);
    expect(() => conversation.client.migrate(elsewhere, 0)).toThrow('ticket');
  });
});
