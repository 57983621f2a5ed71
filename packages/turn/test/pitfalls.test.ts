import { isStun, METHOD, parseMessage } from '@kaon/stun';
import { describe, expect, it } from 'vitest';
import { Conversation, PEER, refusal } from './helpers/conversation.ts';
import { line, PEERS } from './helpers/line.ts';

const payload = (i: number): Uint8Array => Uint8Array.of(128, i, 1, 2);

describe('what went wrong in other stacks', () => {
  it('a ChannelBind whose answer is lost leaves client and server together', () => {
    const { pair, client, server } = line();
    let cut = true;
    pair.tap(({ from, bytes }) => {
      const answer = from === 'b' && isStun(bytes) && parseMessage(bytes).method === METHOD.ChannelBind;
      return answer && cut ? false : undefined;
    });
    pair.run({ until: () => pair.a.has('allocated') });
    client.client.permit(PEERS[0]!, pair.now);
    pair.run({ timeout: 100 });
    for (let i = 0; i < 90; i++) {
      client.send(PEERS[0]!, payload(i), pair.now);
      pair.run({ timeout: 1000 });
      if (i === 60) cut = false;
    }
    // The server answered on the channel all the time, the client by Send indications until it knew.
    expect(pair.b.has('channel')).toBe(true);
    expect(client.received.map(({ bytes }) => bytes)).toEqual(Array.from({ length: 90 }, (_, i) => payload(i)));
    expect(server.relayed).toHaveLength(90);
  });

  it('an error of a server is an event with a code, and nothing is thrown or rejected', () => {
    for (const method of [METHOD.Allocate, METHOD.Refresh, METHOD.CreatePermission, METHOD.ChannelBind]) {
      const conversation = new Conversation();
      if (method !== METHOD.Allocate) conversation.allocate();
      conversation.answers.set(method, () => refusal(500, 'Server Error'));
      if (method !== METHOD.Allocate) {
        conversation.client.refresh(conversation.now);
        conversation.client.permit(PEER, conversation.now);
        conversation.client.prefer(PEER, conversation.now);
      }
      conversation.advance(30_000);
      expect(conversation.event('failed')?.error.statusCode).toBe(method === METHOD.Allocate ? 500 : undefined);
    }
  });

  it('a channel outlives a stale nonce', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.client.prefer(PEER, conversation.now);
    for (let i = 0; i < 10; i++) {
      conversation.nonce = `n${i}`;
      conversation.advance(480_000);
      expect(conversation.wrap(PEER, payload(i)).bytes[0]).toBe(0x40);
    }
  });

  it('a channel of a peer that was silent for long is there again', () => {
    const conversation = new Conversation();
    conversation.allocate();
    conversation.wrap(PEER, payload(0));
    conversation.advance(3_600_000);
    conversation.wrap(PEER, payload(1));
    conversation.exchange();
    expect(conversation.wrap(PEER, payload(2)).bytes[0]).toBe(0x40);
  });
});
