import { attribute, METHOD } from '@kaon/stun';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { encodeChannelData } from '../../src/index.ts';
import { Conversation, challenge, dataIndication, PEER, refusal, sentTo, TCP, UDP } from '../helpers/conversation.ts';

const CHECK = Uint8Array.of(0, 1, 0, 0);
const DATA = Uint8Array.of(22, 1, 2, 3, 4);
const other = (port: number) => ({ ...PEER, port });

function ready(options: ConstructorParameters<typeof Conversation>[0] = {}): Conversation {
  const conversation = new Conversation(options);
  conversation.allocate();
  return conversation;
}

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
