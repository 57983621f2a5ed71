import { attribute, METHOD } from '@kaon/stun';
import { Slot, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  allocated,
  Conversation,
  dataIndication,
  PEER,
  PEER6,
  RELAYED6,
  refusal,
  sentTo,
  TCP,
  UDP,
} from '../helpers/conversation.ts';

const CHECK = Uint8Array.of(0, 1, 0, 0);
const DATA = Uint8Array.of(22, 1, 2, 3, 4);
const other = (port: number) => ({ ...PEER, port });

function ready(options: ConstructorParameters<typeof Conversation>[0] = {}): Conversation {
  const conversation = new Conversation(options);
  conversation.allocate();
  return conversation;
}

describe('data to a peer', () => {
  it('waits for the permission, then goes as Send indications', () => {
    const conversation = ready();
    expect(conversation.wrap(PEER, CHECK)).toEqual({ result: 'waiting', bytes: new Uint8Array(0), path: undefined });
    const sent = conversation.exchange();
    expect(conversation.last.method).toBe(METHOD.CreatePermission);
    expect(attribute(conversation.last, 'xor-peer-address')?.address).toEqual(PEER);
    expect(sent.map(({ bytes }) => sentTo(bytes))).toEqual([{ peer: PEER, data: CHECK, dontFragment: false }]);
    const now = conversation.wrap(PEER, Uint8Array.of(1, 2, 3, 4, 5));
    expect([now.result, now.path]).toEqual(['written', UDP]);
    expect(sentTo(now.bytes).data).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
    expect(conversation.sent()).toEqual([]);
  });

  it('of any length comes through', () => {
    const conversation = ready({ channels: 'never' });
    conversation.client.permit(PEER, conversation.now);
    conversation.exchange();
    for (let length = 0; length < 70; length++) {
      const data = new Uint8Array(length).fill(length);
      expect(sentTo(conversation.wrap(PEER, data).bytes).data).toEqual(data);
    }
    expect(conversation.wrap(PEER, new Uint8Array(65_516)).result).toBe('written');
    expect(conversation.wrap(PEER, new Uint8Array(65_517)).result).toBe('dropped');
  });

  it('may lie in the slot already', () => {
    for (const bound of [false, true]) {
      const conversation = ready({ channels: 'never' });
      conversation.client.permit(PEER, conversation.now);
      if (bound) conversation.client.prefer(PEER, conversation.now);
      conversation.exchange();
      const slot = new Slot(100);
      for (const at of [0, 2, 4, 30, 36, 40]) {
        slot.reset();
        slot.buffer.set(DATA, at);
        expect(conversation.client.wrap(PEER, slot.buffer, at, at + DATA.length, slot, conversation.now)).toBe(
          'written',
        );
        expect(bound ? slot.bytes.subarray(4) : sentTo(slot.bytes.slice()).data).toEqual(DATA);
      }
    }
  });

  it('that does not fit is dropped', () => {
    for (const bound of [false, true]) {
      const conversation = ready({ channels: 'never' });
      conversation.client.permit(PEER, conversation.now);
      if (bound) conversation.client.prefer(PEER, conversation.now);
      conversation.exchange();
      const slot = new Slot(bound ? 8 : 43);
      expect(conversation.client.wrap(PEER, DATA, 0, 5, slot, conversation.now)).toBe('dropped');
      expect(slot.bytes.length).toBe(0);
      expect(conversation.client.wrap(PEER, DATA, 0, 4, slot, conversation.now)).toBe('written');
    }
  });

  it('asks for DF where the allocation has it', () => {
    const conversation = ready({ dontFragment: true });
    conversation.wrap(PEER, CHECK);
    expect(sentTo(conversation.exchange()[0]!.bytes).dontFragment).toBe(true);
  });

  it('over IPv6', () => {
    const conversation = new Conversation({ families: 'IPv6', credentials: undefined });
    conversation.answers.set(METHOD.Allocate, () => ({
      ...allocated(),
      attributes: allocated().attributes.map((each) =>
        each.type === 'xor-relayed-address' ? { ...each, address: RELAYED6 } : each,
      ),
    }));
    conversation.answers.set(METHOD.CreatePermission, () => ({ class: 'success', attributes: [] }));
    conversation.allocate();
    conversation.wrap({ ...PEER6, address: '2001:DB8:0::5' }, CHECK);
    expect(sentTo(conversation.exchange()[0]!.bytes).peer).toEqual(PEER6);
    expect(conversation.wrap(PEER6, CHECK).result).toBe('written');
    conversation.receive(dataIndication(PEER6, DATA));
    expect(conversation.client.pollData()).toEqual({ peer: PEER6, bytes: DATA });
    expect(conversation.wrap(PEER, CHECK).result).toBe('dropped');
    conversation.client.permit(PEER, conversation.now);
    conversation.exchange();
    expect(conversation.event('permission-failed')).toMatchObject({ peer: PEER, statusCode: 443 });
  });

  it('needs one permission for all ports of an address', () => {
    const conversation = ready();
    for (const port of [1, 2, 3]) conversation.wrap(other(port), CHECK);
    expect(conversation.exchange().map(({ bytes }) => sentTo(bytes).peer.port)).toEqual([1, 2, 3]);
    expect(conversation.count(METHOD.CreatePermission)).toBe(1);
  });

  it('waits in bounded numbers, of which the oldest give way', () => {
    const conversation = ready({ maxWaiting: 3 });
    for (let i = 0; i < 5; i++) conversation.wrap(PEER, Uint8Array.of(0, i));
    expect(conversation.exchange().map(({ bytes }) => sentTo(bytes).data[1])).toEqual([2, 3, 4]);
  });

  it('is not sent before there is an allocation, nor over a TCP allocation', () => {
    expect(new Conversation().wrap(PEER, CHECK).result).toBe('dropped');
    const tcp = new Conversation({ path: TCP, transport: 'tcp' });
    tcp.allocate();
    expect(tcp.wrap(PEER, CHECK).result).toBe('dropped');
  });
});

describe('a permission', () => {
  it('is renewed after four minutes while there is data', () => {
    const conversation = ready();
    conversation.wrap(PEER, CHECK);
    conversation.advance(239_999);
    expect(conversation.count(METHOD.CreatePermission)).toBe(1);
    conversation.advance(1);
    expect(conversation.count(METHOD.CreatePermission)).toBe(2);
  });

  it('is renewed with a fresh nonce when that has grown stale', () => {
    const conversation = ready();
    conversation.wrap(PEER, CHECK);
    conversation.exchange();
    conversation.nonce = 'n2';
    conversation.advance(240_000);
    expect(conversation.count(METHOD.CreatePermission)).toBe(3);
    expect(conversation.wrap(PEER, CHECK).result).toBe('written');
  });

  it('that nobody uses lapses, and is there again when it is used', () => {
    const conversation = ready({ idleTimeout: 100_000 });
    conversation.wrap(PEER, CHECK);
    conversation.advance(3_600_000);
    expect(conversation.count(METHOD.CreatePermission)).toBe(1);
    expect(conversation.wrap(PEER, CHECK).result).toBe('waiting');
    expect(conversation.exchange()).toHaveLength(1);
    expect(conversation.count(METHOD.CreatePermission)).toBe(2);
  });

  it('lives on when it is used again before it has expired', () => {
    const conversation = ready({ idleTimeout: 100_000 });
    conversation.wrap(PEER, CHECK);
    conversation.advance(250_000);
    expect(conversation.wrap(PEER, CHECK).result).toBe('written');
    conversation.advance(100_000);
    expect(conversation.count(METHOD.CreatePermission)).toBe(2);
    expect(conversation.wrap(PEER, CHECK).result).toBe('written');
  });

  it('is kept by data that only comes', () => {
    const conversation = ready({ idleTimeout: 100_000 });
    conversation.wrap(PEER, CHECK);
    for (let i = 0; i < 100; i++) {
      conversation.advance(30_000);
      conversation.receive(dataIndication(i % 2 === 0 ? PEER : other(9), DATA));
      conversation.client.pollData();
    }
    expect(conversation.count(METHOD.CreatePermission)).toBe(13);
  });

  it('that was asked for by name is kept', () => {
    const conversation = ready({ idleTimeout: 1000 });
    conversation.client.permit(PEER, conversation.now);
    conversation.advance(2_400_000);
    expect(conversation.count(METHOD.CreatePermission)).toBe(11);
  });

  it('that is refused (403) is reported, and not asked for again for a minute', () => {
    const conversation = ready();
    conversation.answers.set(METHOD.CreatePermission, () => refusal(403, 'Forbidden'));
    conversation.wrap(PEER, CHECK);
    conversation.exchange();
    expect(conversation.event('permission-failed')).toEqual({
      type: 'permission-failed',
      peer: PEER,
      statusCode: 403,
      reason: 'Forbidden',
    });
    expect(conversation.wrap(PEER, CHECK).result).toBe('dropped');
    conversation.advance(60_000);
    expect(conversation.wrap(PEER, CHECK).result).toBe('waiting');
    conversation.exchange();
    expect(conversation.count(METHOD.CreatePermission)).toBe(2);
  });

  it('that was refused is asked for at once when the caller insists', () => {
    const conversation = ready();
    conversation.answers.set(METHOD.CreatePermission, () => refusal(403));
    conversation.wrap(PEER, CHECK);
    conversation.exchange();
    conversation.answers.delete(METHOD.CreatePermission);
    conversation.client.permit(PEER, conversation.now);
    conversation.exchange();
    expect(conversation.wrap(PEER, CHECK).result).toBe('written');
  });

  it('of one address that is refused does not disturb another', () => {
    const conversation = ready();
    const forbidden = transportAddress('10.0.0.1', 5);
    conversation.answers.set(METHOD.CreatePermission, (request) =>
      attribute(request, 'xor-peer-address')?.address.address === '10.0.0.1'
        ? refusal(403)
        : { class: 'success', attributes: [] },
    );
    conversation.wrap(forbidden, CHECK);
    conversation.wrap(PEER, CHECK);
    expect(conversation.exchange().map(({ bytes }) => sentTo(bytes).peer)).toEqual([PEER]);
  });

  it('that gets no answer is reported, and asked for with the next data', () => {
    const conversation = ready();
    conversation.answers.set(METHOD.CreatePermission, () => 'silence');
    conversation.wrap(PEER, CHECK);
    conversation.advance(39_500);
    expect(conversation.event('permission-failed')).toMatchObject({ statusCode: undefined });
    conversation.answers.delete(METHOD.CreatePermission);
    expect(conversation.wrap(PEER, CHECK).result).toBe('waiting');
    expect(conversation.exchange()).toHaveLength(1);
  });

  it('whose renewal is refused is good until it expires', () => {
    const conversation = ready();
    conversation.wrap(PEER, CHECK);
    conversation.exchange();
    conversation.answers.set(METHOD.CreatePermission, () => refusal(508));
    conversation.advance(299_000);
    expect(conversation.wrap(PEER, CHECK).result).toBe('written');
    expect(conversation.event('permission-failed')).toBeUndefined();
    conversation.advance(2000);
    expect(conversation.event('permission-failed')).toMatchObject({ statusCode: 508 });
    expect(conversation.wrap(PEER, CHECK).result).toBe('dropped');
  });

  it('that the server has no allocation for (437) ends all', () => {
    for (const method of [METHOD.CreatePermission, METHOD.ChannelBind]) {
      const conversation = ready();
      conversation.answers.set(method, () => refusal(437));
      conversation.client.permit(PEER, conversation.now);
      conversation.client.prefer(PEER, conversation.now);
      conversation.exchange();
      expect(conversation.event('failed')!.error).toMatchObject({ code: 'TURN_ALLOCATION_LOST', statusCode: 437 });
    }
  });

  it('needs an allocation and an address', () => {
    const conversation = new Conversation();
    expect(() => conversation.client.permit(PEER, 0)).toThrow(expect.objectContaining({ code: 'TURN_INVALID_STATE' }));
    expect(() => conversation.client.prefer(PEER, 0)).toThrow(expect.objectContaining({ code: 'TURN_INVALID_STATE' }));
    conversation.allocate();
    const nowhere = { address: 'example.org', family: 'IPv4', port: 5 } as const;
    expect(() => conversation.client.permit(nowhere, 0)).toThrow(
      expect.objectContaining({ code: 'TURN_INVALID_ARGUMENT' }),
    );
    expect(conversation.wrap(nowhere, CHECK).result).toBe('dropped');
  });
});
