import { attribute, encodeMessage, METHOD } from '@kaon/stun';
import { concatBytes } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeChannelData, type TurnTraceEvent } from '../../src/index.ts';
import {
  allocated,
  Conversation,
  challenge,
  dataIndication,
  KEY,
  PEER,
  PEER6,
  SERVER,
  TCP,
  UDP,
} from '../helpers/conversation.ts';

function ready(): Conversation {
  const conversation = new Conversation();
  conversation.allocate();
  conversation.client.permit(PEER, conversation.now);
  conversation.client.prefer(PEER, conversation.now);
  conversation.exchange();
  conversation.wrap(PEER, Uint8Array.of(0));
  return conversation;
}

/** Messages that a server sends, as far as they need no key. */
const MESSAGES: readonly Uint8Array[] = [
  encodeChannelData(0x4000, Uint8Array.of(1, 2, 3, 4, 5)),
  encodeMessage(dataIndication(PEER, Uint8Array.of(1, 2, 3, 4, 5))),
  encodeMessage(dataIndication(PEER6, new Uint8Array(9))),
  encodeMessage({
    ...dataIndication(PEER, new Uint8Array(0)),
    attributes: [
      { type: 'xor-peer-address', address: PEER },
      { type: 'icmp', icmpType: 3, icmpCode: 1, errorData: 0 },
    ],
  }),
];

describe('hostile input', () => {
  it('of any kind does not end a client, nor throw', () => {
    const conversation = ready();
    const tail = fc.uint8Array({ maxLength: 80 }).map((bytes) => Uint8Array.from(bytes));
    const head = fc.constantFrom(...MESSAGES, Uint8Array.of(0x40, 0), Uint8Array.of(0, 0x17), Uint8Array.of());
    fc.assert(
      fc.property(head, tail, fc.nat({ max: 40 }), (head, tail, keep) => {
        conversation.client.handleDatagram(concatBytes(head.subarray(0, keep), tail), UDP, conversation.now);
        conversation.client.pollData();
      }),
      { numRuns: 2000 },
    );
    conversation.exchange();
    expect(conversation.events.filter(({ type }) => type === 'failed')).toEqual([]);
    expect(conversation.wrap(PEER, new Uint8Array(1)).result).toBe('written');
  });

  it('one bit or one byte from what is right, neither', () => {
    const conversation = ready();
    for (const message of MESSAGES) {
      for (let length = 0; length < message.length; length++) {
        conversation.client.handleDatagram(message.slice(0, length), UDP, conversation.now);
      }
      for (let bit = 0; bit < 8 * message.length; bit++) {
        const flipped = message.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        conversation.client.handleDatagram(flipped, UDP, conversation.now);
      }
      for (let data = conversation.client.pollData(); data !== undefined; data = conversation.client.pollData()) {
        expect([PEER.address, PEER6.address]).toContain(data.peer.address);
      }
    }
    conversation.exchange();
    expect(conversation.event('failed')).toBeUndefined();
  });

  it('responses with a bit flipped are not believed', () => {
    const conversation = new Conversation();
    conversation.answers.set(METHOD.Allocate, (request) =>
      attribute(request, 'username') === undefined ? challenge(401, 'n1') : 'silence',
    );
    conversation.exchange();
    const { method, transactionId } = conversation.last;
    const { attributes } = allocated();
    const right = encodeMessage({ class: 'success', method, transactionId, attributes }, { integrity: KEY });
    for (let bit = 0; bit < 8 * right.length; bit++) {
      const flipped = right.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      // The class bit makes an error of it, which need not be keyed, but this one is.
      conversation.client.handleDatagram(flipped, UDP, conversation.now);
      expect(conversation.client.pollEvent()).toBeUndefined();
    }
    conversation.client.handleDatagram(right, UDP, conversation.now);
    expect(conversation.client.pollEvent()).toMatchObject({ type: 'allocated' });
  });

  it('repeated answers count once', () => {
    const conversation = new Conversation();
    conversation.allocate();
    const { method, transactionId } = conversation.last;
    conversation.reply({ ...conversation.last, method, transactionId }, allocated());
    conversation.exchange();
    expect(conversation.events).toHaveLength(1);
    expect(conversation.client.dropped.messages).toBe(1);
  });

  it('from others than the server is dropped', () => {
    const conversation = ready();
    conversation.client.handleDatagram(MESSAGES[0]!.slice(), { ...UDP, remote: PEER }, conversation.now);
    expect(conversation.client.pollData()).toBeUndefined();
    conversation.client.handleDatagram(MESSAGES[0]!.slice(), { ...UDP, remote: { ...SERVER } }, conversation.now);
    expect(conversation.client.pollData()).toBeDefined();
  });

  it('in a stream ends the client, which says so', () => {
    const conversation = new Conversation({ path: TCP });
    conversation.allocate();
    conversation.client.handleStream(concatBytes(MESSAGES[2]!, Uint8Array.of(200, 1, 2, 3)), conversation.now);
    expect(conversation.client.pollEvent()).toMatchObject({ type: 'failed', error: { code: 'TURN_BAD_STREAM' } });
    conversation.client.handleStream(MESSAGES[1]!.slice(), conversation.now);
    expect(conversation.client.pollEvent()).toBeUndefined();
  });

  it('cannot fill the queue of events', () => {
    const conversation = ready();
    for (let i = 0; i < 1000; i++) conversation.client.handleDatagram(MESSAGES[3]!.slice(), UDP, conversation.now);
    conversation.exchange();
    expect(conversation.events.length).toBeLessThanOrEqual(258);
    expect(conversation.client.dropped.events).toBe(744);
  });
});

describe('a stream', () => {
  it('brings the same as datagrams, in pieces', () => {
    const conversation = new Conversation({ path: TCP });
    conversation.allocate();
    conversation.client.prefer(PEER, conversation.now);
    conversation.exchange();
    const stream = concatBytes(encodeChannelData(0x4000, Uint8Array.of(1, 2, 3), true), MESSAGES[1]!);
    for (const byte of stream) conversation.client.handleStream(Uint8Array.of(byte), conversation.now);
    expect(conversation.client.pollData()).toEqual({ peer: PEER, bytes: Uint8Array.of(1, 2, 3) });
    expect(conversation.client.pollData()?.bytes).toHaveLength(5);
  });
});

describe('a trace', () => {
  it('tells what was sent, received, timed out and dropped, without secrets', () => {
    const trace: TurnTraceEvent[] = [];
    const conversation = new Conversation({ trace: (event) => trace.push(event as TurnTraceEvent) });
    conversation.allocate();
    conversation.answers.set(METHOD.Refresh, () => 'silence');
    conversation.client.refresh(conversation.now);
    conversation.advance(39_500);
    conversation.client.handleDatagram(Uint8Array.of(1), UDP, conversation.now);
    expect(new Set(trace.map(({ name }) => name))).toEqual(
      new Set(['turn:request-sent', 'turn:response-received', 'turn:request-timed-out', 'turn:dropped']),
    );
    expect(trace[0]!.data).toMatchObject({ method: 'Allocate', pii: { remote: '198.51.100.1:3478' } });
    expect(trace[1]!.data).toMatchObject({ class: 'error', code: 401 });
  });
});
