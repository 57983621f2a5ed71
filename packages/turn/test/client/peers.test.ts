import { attribute, METHOD } from '@kaon/stun';
import { Slot, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { encodeChannelData } from '../../src/index.ts';
import {
  allocated,
  Conversation,
  challenge,
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

describe('a channel', () => {
  it('is bound with the first data that is no STUN, and used once it is', () => {
    const conversation = ready();
    conversation.wrap(PEER, CHECK);
    conversation.exchange();
    expect(conversation.count(METHOD.ChannelBind)).toBe(0);
    expect(sentTo(conversation.wrap(PEER, DATA).bytes).data).toEqual(DATA);
    conversation.exchange();
    expect(attribute(conversation.last, 'channel-number')?.channel).toBe(0x4000);
    expect(conversation.wrap(PEER, DATA).bytes).toEqual(encodeChannelData(0x4000, DATA));
    expect(conversation.count(METHOD.ChannelBind)).toBe(1);
  });

  it('is padded over a stream', () => {
    const conversation = ready({ path: TCP });
    conversation.client.prefer(PEER, conversation.now);
    conversation.exchange();
    expect(conversation.wrap(PEER, DATA).bytes).toEqual(encodeChannelData(0x4000, DATA, true));
  });

  it('comes with the first datagram, and with it the permission, when told so', () => {
    const conversation = ready({ channels: 'always' });
    expect(conversation.wrap(PEER, CHECK).result).toBe('waiting');
    expect(conversation.exchange().map(({ bytes }) => bytes)).toEqual([encodeChannelData(0x4000, CHECK)]);
    expect(conversation.count(METHOD.CreatePermission)).toBe(0);
    conversation.advance(240_000);
    expect(conversation.count(METHOD.CreatePermission)).toBe(1);
  });

  it('comes never when told so, but by name', () => {
    const conversation = ready({ channels: 'never' });
    conversation.wrap(PEER, DATA);
    conversation.exchange();
    expect(conversation.count(METHOD.ChannelBind)).toBe(0);
    conversation.client.prefer(PEER, conversation.now);
    conversation.exchange();
    expect(conversation.wrap(PEER, DATA).bytes).toEqual(encodeChannelData(0x4000, DATA));
  });

  it('of each peer has a number of its own', () => {
    const conversation = ready();
    for (const port of [1, 2]) conversation.client.prefer(other(port), conversation.now);
    conversation.exchange();
    expect(conversation.wrap(other(2), DATA).bytes).toEqual(encodeChannelData(0x4001, DATA));
    expect(conversation.wrap(other(1), DATA).bytes).toEqual(encodeChannelData(0x4000, DATA));
  });

  it('whose answer is lost carries data from the server all the same, and is asked for again by its number', () => {
    const conversation = ready();
    conversation.client.permit(PEER, conversation.now);
    conversation.exchange();
    conversation.answers.set(METHOD.ChannelBind, () => 'silence');
    conversation.wrap(PEER, DATA);
    conversation.exchange();
    // The server has bound it and uses it.
    conversation.client.handleDatagram(encodeChannelData(0x4000, DATA), UDP, conversation.now);
    expect(conversation.client.pollData()).toEqual({ peer: PEER, bytes: DATA });
    // We do not know yet, and go on with what is sure.
    expect(sentTo(conversation.wrap(PEER, DATA).bytes).data).toEqual(DATA);
    conversation.receive(dataIndication(PEER, DATA));
    expect(conversation.client.pollData()).toEqual({ peer: PEER, bytes: DATA });
    conversation.advance(39_500);
    conversation.answers.delete(METHOD.ChannelBind);
    conversation.advance(1000);
    const numbers = conversation.requests
      .filter(({ method }) => method === METHOD.ChannelBind)
      .map((request) => attribute(request, 'channel-number')?.channel);
    expect(new Set(numbers)).toEqual(new Set([0x4000]));
    expect(conversation.wrap(PEER, DATA).bytes).toEqual(encodeChannelData(0x4000, DATA));
  });

  it('is bound again after eight minutes, also with a stale nonce', () => {
    const conversation = ready();
    conversation.wrap(PEER, DATA);
    conversation.exchange();
    conversation.nonce = 'n2';
    for (let i = 0; i < 40; i++) {
      conversation.advance(60_000);
      expect(conversation.wrap(PEER, DATA).bytes).toEqual(encodeChannelData(0x4000, DATA));
    }
    // 40 minutes: at the beginning and after 8, 16, 24, 32 and 40, once more with the new nonce.
    expect(conversation.count(METHOD.ChannelBind)).toBeGreaterThanOrEqual(6);
  });

  it('that was refused leaves Send indications, and is tried again a minute later', () => {
    const conversation = ready();
    conversation.answers.set(METHOD.ChannelBind, () => refusal(400));
    conversation.wrap(PEER, DATA);
    conversation.exchange();
    expect(sentTo(conversation.wrap(PEER, DATA).bytes).data).toEqual(DATA);
    conversation.exchange();
    expect(conversation.count(METHOD.ChannelBind)).toBe(1);
    conversation.answers.delete(METHOD.ChannelBind);
    conversation.advance(60_000);
    conversation.wrap(PEER, DATA);
    conversation.exchange();
    expect(conversation.wrap(PEER, DATA).bytes).toEqual(encodeChannelData(0x4000, DATA));
  });

  it('that was refused to a peer without permission leaves the permission to be asked for', () => {
    const conversation = ready({ channels: 'always' });
    conversation.answers.set(METHOD.ChannelBind, () => refusal(508));
    expect(conversation.wrap(PEER, CHECK).result).toBe('waiting');
    expect(sentTo(conversation.exchange()[0]!.bytes).data).toEqual(CHECK);
  });

  it('that expires unrenewed is used no more', () => {
    const conversation = ready();
    conversation.wrap(PEER, DATA);
    conversation.exchange();
    conversation.answers.set(METHOD.ChannelBind, () => 'silence');
    for (let i = 0; i < 11; i++) {
      conversation.advance(60_000);
      conversation.wrap(PEER, DATA);
    }
    expect(sentTo(conversation.wrap(PEER, DATA).bytes).data).toEqual(DATA);
  });

  it('of an idle peer lapses, and has the same number when it is needed again', () => {
    const conversation = ready({ idleTimeout: 100_000 });
    conversation.wrap(PEER, DATA);
    conversation.advance(3_600_000);
    expect(conversation.count(METHOD.ChannelBind)).toBe(1);
    conversation.wrap(PEER, DATA);
    expect(conversation.exchange().map(({ bytes }) => bytes)).toEqual([encodeChannelData(0x4000, DATA)]);
  });
});

describe('many peers', () => {
  it('are bounded: the one unused for longest gives way', () => {
    const conversation = ready({ maxPeers: 3 });
    for (const port of [1, 2, 3]) {
      conversation.wrap(other(port), CHECK);
      conversation.advance(10);
    }
    expect(conversation.wrap(other(4), CHECK).result).toBe('written');
    expect(conversation.count(METHOD.CreatePermission)).toBe(1);
  });

  it('with channels stay until the server has forgotten the number too', () => {
    const conversation = ready({ maxPeers: 1, idleTimeout: 1000 });
    conversation.wrap(PEER, DATA);
    conversation.exchange();
    expect(conversation.wrap(other(2), DATA).result).toBe('dropped');
    conversation.advance(899_999);
    expect(conversation.wrap(other(2), DATA).result).toBe('dropped');
    conversation.advance(1);
    expect(conversation.wrap(other(2), DATA).result).not.toBe('dropped');
    conversation.exchange();
    expect(conversation.wrap(PEER, DATA).result).toBe('dropped');
  });

  it('that were asked for by name stay', () => {
    const conversation = ready({ maxPeers: 1 });
    conversation.client.permit(PEER, conversation.now);
    conversation.exchange();
    conversation.client.permit(other(2), conversation.now);
    conversation.exchange();
    expect(conversation.event('permission-failed')).toMatchObject({
      peer: other(2),
      reason: 'there are too many peers',
    });
  });

  it('ask at the same time with one stale nonce and all get through', () => {
    const conversation = ready();
    conversation.nonce = 'n2';
    for (let i = 1; i < 9; i++) conversation.wrap(transportAddress(`203.0.113.${i}`, 5), CHECK);
    expect(conversation.exchange()).toHaveLength(8);
    expect(conversation.events).toHaveLength(1);
  });

  it('give up when every nonce is stale', () => {
    const conversation = ready();
    let count = 0;
    conversation.answers.set(METHOD.CreatePermission, () => challenge(438, `stale${count++}`));
    conversation.wrap(PEER, CHECK);
    conversation.exchange();
    expect(count).toBe(6);
    expect(conversation.event('permission-failed')).toMatchObject({ statusCode: 438 });
  });
});

describe('data from a peer', () => {
  it('comes as Data indications or over its channel', () => {
    const conversation = ready();
    conversation.client.prefer(PEER, conversation.now);
    conversation.exchange();
    for (const peer of [PEER, PEER, other(9), transportAddress(PEER.address, 0)]) {
      conversation.receive(dataIndication(peer, DATA));
      expect(conversation.client.pollData()).toEqual({ peer, bytes: DATA });
    }
    conversation.wrap(other(9), CHECK);
    conversation.receive(dataIndication(PEER, CHECK));
    conversation.receive(dataIndication(other(9), DATA));
    conversation.client.handleDatagram(encodeChannelData(0x4000, DATA), UDP, conversation.now);
    expect(conversation.client.pollData()).toEqual({ peer: PEER, bytes: CHECK });
    expect(conversation.client.pollData()).toEqual({ peer: other(9), bytes: DATA });
    expect(conversation.client.pollData()).toEqual({ peer: PEER, bytes: DATA });
    expect(conversation.client.pollData()).toBeUndefined();
  });

  it('does not come without permission, nor over a channel that nobody asked for', () => {
    const conversation = ready();
    conversation.receive(dataIndication(PEER, DATA));
    conversation.client.handleDatagram(encodeChannelData(0x4000, DATA), UDP, conversation.now);
    expect(conversation.client.pollData()).toBeUndefined();
    expect(conversation.client.dropped.messages).toBe(2);
  });

  it('waits in bounded numbers', () => {
    const conversation = ready({ maxReceived: 2 });
    conversation.client.permit(PEER, conversation.now);
    for (let i = 0; i < 5; i++) conversation.receive(dataIndication(PEER, Uint8Array.of(i)));
    expect([conversation.client.pollData()?.bytes[0], conversation.client.pollData()?.bytes[0]]).toEqual([0, 1]);
    expect(conversation.client.pollData()).toBeUndefined();
    expect(conversation.client.dropped.received).toBe(3);
  });

  it('may be an ICMP error', () => {
    const conversation = ready();
    conversation.client.permit(PEER, conversation.now);
    const { attributes, ...rest } = dataIndication(PEER, DATA);
    const icmp = { type: 'icmp', icmpType: 3, icmpCode: 4, errorData: 1300 } as const;
    conversation.receive({ ...rest, attributes: [attributes[0]!, icmp] });
    conversation.exchange();
    expect(conversation.event('icmp')).toEqual({ type: 'icmp', peer: PEER, icmpType: 3, icmpCode: 4, data: 1300 });
    expect(conversation.client.pollData()).toBeUndefined();
  });
});
