import { attribute, defaultCrypto, encodeMessage, METHOD, parseMessage, type StunCrypto } from '@kaon/stun';
import { seededRandom } from '@kaon/testing';
import { concatBytes, Slot } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TurnDataConnection } from '../../src/index.ts';
import { Conversation, challenge, KEY, PEER, refusal, TCP, UDP } from '../helpers/conversation.ts';

function ready(): Conversation {
  const conversation = new Conversation({ path: TCP, transport: 'tcp', software: 'kaon' });
  conversation.allocate();
  return conversation;
}

function sent(connection: TurnDataConnection, now: number) {
  const slot = new Slot(1500);
  return connection.pollTransmit(slot, now) ? parseMessage(slot.bytes.slice()) : undefined;
}

describe('connections of a TCP allocation (RFC 6062)', () => {
  it('are made to a peer', () => {
    const conversation = ready();
    conversation.client.connect(PEER, conversation.now);
    conversation.exchange();
    expect(attribute(conversation.last, 'xor-peer-address')?.address).toEqual(PEER);
    expect(conversation.event('connected')).toEqual({ type: 'connected', id: 77, peer: PEER });
  });

  it.each([
    [403, () => refusal(403)],
    [446, () => refusal(446)],
    [447, () => refusal(447)],
    [undefined, () => ({ class: 'success', attributes: [] }) as const],
    [undefined, () => 'silence' as const],
  ])('that cannot be made are reported (%s)', (statusCode, answer) => {
    const conversation = ready();
    conversation.answers.set(METHOD.Connect, answer);
    conversation.client.connect(PEER, conversation.now);
    conversation.advance(39_500);
    expect(conversation.event('connect-failed')).toMatchObject({ peer: PEER, statusCode });
  });

  it('that the server knows no allocation for end all', () => {
    const conversation = ready();
    conversation.answers.set(METHOD.Connect, () => refusal(437));
    conversation.client.connect(PEER, conversation.now);
    conversation.exchange();
    expect(conversation.event('failed')!.error.code).toBe('TURN_ALLOCATION_LOST');
  });

  it('that a peer makes are announced', () => {
    const conversation = ready();
    const announce = {
      class: 'indication',
      method: METHOD.ConnectionAttempt,
      transactionId: new Uint8Array(12),
    } as const;
    const peer = { type: 'xor-peer-address', address: PEER } as const;
    conversation.receive({ ...announce, attributes: [{ type: 'connection-id', connectionId: 5 }, peer] });
    conversation.receive({ ...announce, attributes: [peer] });
    conversation.exchange();
    expect(conversation.event('connection-attempt')).toEqual({ type: 'connection-attempt', id: 5, peer: PEER });
    expect(conversation.client.dropped.messages).toBe(1);
  });

  it('are nothing that a UDP allocation has', () => {
    const conversation = new Conversation();
    conversation.allocate();
    expect(() => conversation.client.connect(PEER, 0)).toThrow(expect.objectContaining({ code: 'TURN_INVALID_STATE' }));
    expect(() => conversation.client.dataConnection(1, TCP, 0)).toThrow('TCP allocation');
    conversation.receive({
      class: 'indication',
      method: METHOD.ConnectionAttempt,
      transactionId: new Uint8Array(12),
      attributes: [
        { type: 'connection-id', connectionId: 5 },
        { type: 'xor-peer-address', address: PEER },
      ],
    });
    conversation.exchange();
    expect(conversation.event('connection-attempt')).toBeUndefined();
  });
});

describe('a data connection', () => {
  it('is bound with what the control connection knows, in one round trip', () => {
    const conversation = ready();
    const connection = conversation.client.dataConnection(77, TCP, conversation.now);
    const request = sent(connection, conversation.now)!;
    expect(request.method).toBe(METHOD.ConnectionBind);
    expect(attribute(request, 'connection-id')?.connectionId).toBe(77);
    expect([attribute(request, 'nonce')?.nonce, attribute(request, 'software')?.software]).toEqual(['n1', 'kaon']);
    const response = encodeMessage({ ...request, class: 'success', attributes: [] }, { integrity: KEY });
    // Cut in pieces, with the peer's first bytes, which look like nothing, right behind.
    const stream = concatBytes(response, Uint8Array.of(255, 254));
    connection.handleStream(stream.slice(0, 10), conversation.now);
    expect(connection.pollEvent()).toBeUndefined();
    connection.handleStream(stream.slice(10), conversation.now);
    expect(connection.pollEvent()).toEqual({ type: 'bound' });
    expect(connection.pollData()).toEqual(Uint8Array.of(255, 254));
    connection.handleStream(Uint8Array.of(0), conversation.now);
    expect(connection.pollData()).toEqual(Uint8Array.of(0));
    expect([connection.pollData(), connection.pollTimeout()]).toEqual([undefined, Number.POSITIVE_INFINITY]);
  });

  it('of its own is challenged as any', () => {
    const options = { path: TCP, id: 3, random: seededRandom(2), now: 0 };
    const connection = new TurnDataConnection({ ...options, credentials: { username: 'u', password: 'p' } });
    const bare = sent(connection, 0)!;
    const { attributes } = challenge(401, 'n1');
    connection.handleStream(encodeMessage({ ...bare, class: 'error', attributes }), 1);
    const keyed = sent(connection, 1)!;
    expect(attribute(keyed, 'username')?.username).toBe('u');
    const attributesOfRefusal = refusal(400).attributes;
    connection.handleStream(encodeMessage({ ...keyed, class: 'error', attributes: attributesOfRefusal }), 2);
    expect(connection.pollEvent()).toMatchObject({ type: 'failed', error: { statusCode: 400 } });
    connection.handleStream(Uint8Array.of(1), 3);
    expect(connection.pollData()).toBeUndefined();
  });

  it('hashes, names itself and tells what it does as it is told', () => {
    const names: string[] = [];
    const crypto: StunCrypto = {
      hash: defaultCrypto.hash,
      mac(name, key) {
        names.push(name);
        return defaultCrypto.mac(name, key);
      },
    };
    const connection = new TurnDataConnection({
      path: TCP,
      id: 3,
      random: seededRandom(2),
      now: 0,
      credentials: { username: 'u', password: 'p' },
      software: 'kaon',
      crypto,
      trace: ({ name }) => names.push(name),
    });
    const bare = sent(connection, 0)!;
    expect(attribute(bare, 'software')?.software).toBe('kaon');
    connection.handleStream(encodeMessage({ ...bare, class: 'error', attributes: challenge(401, 'n1').attributes }), 1);
    expect(names).toEqual(['turn:request-sent', 'turn:response-received', 'SHA-1']);
  });

  it('reads whatever comes without throwing', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 50 }).map((bytes) => Uint8Array.from(bytes)));
    fc.assert(
      fc.property(pieces, (pieces) => {
        const connection = new TurnDataConnection({ path: TCP, id: 3, random: seededRandom(2), now: 0 });
        for (const piece of pieces) connection.handleStream(piece, 0);
        expect(connection.pollData()).toBeUndefined();
      }),
    );
  });

  it('fails when the server says nothing, or something else', () => {
    const silent = new TurnDataConnection({ path: TCP, id: 3, random: seededRandom(2), now: 0 });
    expect(sent(silent, 0)).toBeDefined();
    silent.handleTimeout(silent.pollTimeout());
    expect(silent.pollEvent()).toMatchObject({ type: 'failed', error: { code: 'TURN_TIMEOUT' } });
    const garbage = new TurnDataConnection({ path: TCP, id: 3, random: seededRandom(2), now: 0 });
    garbage.handleStream(Uint8Array.of(200, 1, 2, 3), 0);
    expect(garbage.pollEvent()).toMatchObject({ type: 'failed', error: { code: 'TURN_BAD_STREAM' } });
  });

  it('is a TCP connection', () => {
    expect(() => new TurnDataConnection({ path: UDP, id: 3, random: seededRandom(2), now: 0 })).toThrow(
      expect.objectContaining({ code: 'TURN_INVALID_ARGUMENT' }),
    );
  });
});
