import { attribute, defaultCrypto, formatNonce, METHOD, type StunCrypto } from '@kaon/stun';
import { seededRandom } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { TurnClient, type TurnClientOptions } from '../../src/index.ts';
import {
  allocated,
  CLIENT,
  Conversation,
  challenge,
  PEER,
  RELAYED,
  RELAYED6,
  refusal,
  SERVER,
  TCP,
  UDP,
} from '../helpers/conversation.ts';

const types = (conversation: Conversation) => conversation.events.map(({ type }) => type);

describe('an allocation', () => {
  it('is asked for bare, then with credentials', () => {
    const conversation = new Conversation();
    const event = conversation.allocate();
    expect(event).toEqual({
      type: 'allocated',
      relayed: [RELAYED],
      mapped: CLIENT,
      lifetime: 600,
      reservationToken: undefined,
      refusedFamilies: [],
      mobile: false,
    });
    const [bare, keyed] = conversation.requests;
    expect(bare!.attributes).toEqual([{ type: 'requested-transport', protocol: 17 }]);
    expect(keyed!.attributes.map(({ type }) => type)).toEqual([
      'requested-transport',
      'username',
      'realm',
      'nonce',
      'message-integrity',
    ]);
    expect(bare!.transactionId).not.toEqual(keyed!.transactionId);
  });

  it('needs no credentials where the server asks for none', () => {
    const conversation = new Conversation({ credentials: undefined });
    conversation.answers.set(METHOD.Allocate, () => ({ ...allocated(), keyed: false }));
    expect(conversation.allocate().relayed).toEqual([RELAYED]);
  });

  it.each([
    [{ families: 'IPv6' }, [{ type: 'requested-address-family', family: 'IPv6' }]],
    [
      { families: 'both' },
      [
        { type: 'additional-address-family', family: 'IPv6' },
        // Where coturn looks for it.
        { type: 'unknown', attributeType: 0x8032, value: Uint8Array.of(2, 0, 0, 0) },
      ],
    ],
    [{ evenPort: true }, [{ type: 'even-port', reserveNext: false }]],
    [{ evenPort: 'reserve' }, [{ type: 'even-port', reserveNext: true }]],
    [{ reservationToken: new Uint8Array(8) }, [{ type: 'reservation-token', token: new Uint8Array(8) }]],
    [{ dontFragment: true }, [{ type: 'dont-fragment' }]],
    [{ lifetime: 1200 }, [{ type: 'lifetime', seconds: 1200 }]],
    [{ mobility: true }, [{ type: 'mobility-ticket', ticket: new Uint8Array(0) }]],
    [{ software: 'kaon' }, [{ type: 'software', software: 'kaon' }]],
  ] satisfies [Partial<TurnClientOptions>, unknown[]][])('asks as told: %o', (options, attributes) => {
    const conversation = new Conversation(options);
    conversation.sent();
    expect(conversation.last.attributes.slice(1)).toEqual(attributes);
  });

  it('over TCP is asked for as such (RFC 6062)', () => {
    const conversation = new Conversation({ path: TCP, transport: 'tcp' });
    conversation.sent();
    expect(conversation.last.attributes).toEqual([{ type: 'requested-transport', protocol: 6 }]);
  });

  it('has both families, or says why not', () => {
    const both = new Conversation({ families: 'both' });
    both.answers.set(METHOD.Allocate, (request) =>
      attribute(request, 'username') === undefined
        ? challenge(401, both.nonce)
        : allocated({ type: 'xor-relayed-address', address: RELAYED6 }),
    );
    expect(both.allocate().relayed).toEqual([RELAYED, RELAYED6]);
    const one = new Conversation({ families: 'both', credentials: undefined });
    one.answers.set(METHOD.Allocate, () =>
      allocated({ type: 'address-error-code', family: 'IPv6', code: 440, reason: 'none here' }),
    );
    expect(one.allocate().refusedFamilies).toEqual([{ family: 'IPv6', statusCode: 440, reason: 'none here' }]);
  });

  it('asks without the draft number when a server takes exception to it', () => {
    const conversation = new Conversation({ families: 'both', credentials: undefined });
    conversation.answers.set(METHOD.Allocate, (request) =>
      request.attributes.some(({ type }) => type === 'unknown') ? refusal(400) : allocated(),
    );
    conversation.allocate();
    expect(conversation.last.attributes.slice(1)).toEqual([{ type: 'additional-address-family', family: 'IPv6' }]);
  });

  it('does without DF where the server cannot (420)', () => {
    const conversation = new Conversation({ dontFragment: true, credentials: undefined });
    conversation.answers.set(METHOD.Allocate, (request) =>
      attribute(request, 'dont-fragment') === undefined ? allocated() : refusal(420),
    );
    conversation.allocate();
    expect(conversation.count(METHOD.Allocate)).toBe(2);
  });

  it('hands on a reservation token', () => {
    const token = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const conversation = new Conversation({ evenPort: 'reserve', credentials: undefined });
    conversation.answers.set(METHOD.Allocate, () => allocated({ type: 'reservation-token', token }));
    expect(conversation.allocate().reservationToken).toEqual(token);
  });

  it.each([
    ['401 although it had credentials', 401, 'TURN_UNAUTHORIZED'],
    ['403', 403, 'TURN_ERROR_RESPONSE'],
    ['437', 437, 'TURN_ERROR_RESPONSE'],
    ['440', 440, 'TURN_ERROR_RESPONSE'],
    ['441', 441, 'TURN_UNAUTHORIZED'],
    ['442', 442, 'TURN_ERROR_RESPONSE'],
    ['486', 486, 'TURN_ERROR_RESPONSE'],
    ['500', 500, 'TURN_ERROR_RESPONSE'],
    ['508', 508, 'TURN_ERROR_RESPONSE'],
  ])('fails on %s', (_, statusCode, code) => {
    const conversation = new Conversation();
    conversation.answers.set(METHOD.Allocate, (request) =>
      attribute(request, 'username') === undefined || statusCode === 401
        ? challenge(401, conversation.nonce)
        : refusal(statusCode, 'the reason'),
    );
    conversation.exchange();
    const { error } = conversation.event('failed')!;
    expect(error).toMatchObject({ name: 'TurnError', code, statusCode });
    expect(error.message).toContain(String(statusCode));
    if (statusCode !== 401) expect(error.reason).toBe('the reason');
    expect(conversation.client.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(conversation.wrap(PEER, new Uint8Array(1)).result).toBe('dropped');
  });

  it('fails when credentials are wanted and there are none', () => {
    const conversation = new Conversation({ credentials: undefined });
    conversation.exchange();
    expect(conversation.event('failed')!.error).toMatchObject({ code: 'TURN_UNAUTHORIZED', statusCode: 401 });
  });

  it('fails when the server says nothing, after 39.5 s', () => {
    const conversation = new Conversation();
    conversation.answers.set(METHOD.Allocate, () => 'silence');
    conversation.advance(39_499);
    expect(types(conversation)).toEqual([]);
    conversation.advance(1);
    expect(conversation.event('failed')!.error.code).toBe('TURN_TIMEOUT');
    expect(conversation.count(METHOD.Allocate)).toBe(7);
  });

  it('waits as long as rto, rc and rm say', () => {
    const conversation = new Conversation({ rto: 100, rc: 2, rm: 3 });
    conversation.answers.set(METHOD.Allocate, () => 'silence');
    conversation.advance(400);
    expect(conversation.event('failed')!.error.code).toBe('TURN_TIMEOUT');
    expect(conversation.count(METHOD.Allocate)).toBe(2);
  });

  it('is asked for once over a stream', () => {
    const conversation = new Conversation({ path: TCP });
    conversation.answers.set(METHOD.Allocate, () => 'silence');
    conversation.advance(39_500);
    expect(conversation.count(METHOD.Allocate)).toBe(1);
    expect(conversation.event('failed')!.error.code).toBe('TURN_TIMEOUT');
  });

  it('is sent elsewhere by ALTERNATE-SERVER', () => {
    const other = transportAddress('198.51.100.2', 3478);
    const conversation = new Conversation();
    conversation.answers.set(METHOD.Allocate, () => ({
      class: 'error',
      keyed: false,
      attributes: [
        { type: 'error-code', code: 300, reason: 'Try Alternate' },
        { type: 'alternate-server', address: other },
        { type: 'alternate-domain', domain: 'turn.example' },
      ],
    }));
    conversation.exchange();
    expect(conversation.events).toEqual([{ type: 'redirected', server: other, domain: 'turn.example' }]);
  });

  it.each([SERVER, transportAddress('198.51.100.2', 0), RELAYED6])('is not sent to %o', (address) => {
    const conversation = new Conversation();
    conversation.answers.set(METHOD.Allocate, () => ({
      class: 'error',
      keyed: false,
      attributes: [
        { type: 'error-code', code: 300, reason: '' },
        { type: 'alternate-server', address },
      ],
    }));
    conversation.exchange();
    expect(conversation.event('failed')!.error).toMatchObject({ code: 'TURN_ERROR_RESPONSE', statusCode: 300 });
  });

  it.each([
    ['no relayed address', 'xor-relayed-address'],
    ['no mapped address', 'xor-mapped-address'],
    ['no lifetime', 'lifetime'],
  ])('fails on a success with %s', (_, missing) => {
    const conversation = new Conversation({ credentials: undefined });
    const { attributes } = allocated();
    conversation.answers.set(METHOD.Allocate, () => ({
      class: 'success',
      attributes: attributes.filter(({ type }) => type !== missing),
    }));
    conversation.exchange();
    expect(conversation.event('failed')!.error.code).toBe('TURN_BAD_RESPONSE');
  });

  it.each([transportAddress('0.0.0.0', 5000), transportAddress('::', 5000), transportAddress('198.51.100.9', 0)])(
    'fails on a relayed address that nobody can send to: %o',
    (address) => {
      const conversation = new Conversation({ credentials: undefined });
      const attributes = allocated().attributes.map((each) =>
        each.type === 'xor-relayed-address' ? ({ ...each, address } as const) : each,
      );
      conversation.answers.set(METHOD.Allocate, () => ({ class: 'success', attributes }));
      conversation.exchange();
      expect(conversation.event('failed')!.error.code).toBe('TURN_BAD_RESPONSE');
    },
  );

  it('has one relayed address of each family, whatever the server says', () => {
    const conversation = new Conversation({ credentials: undefined });
    const more = Array.from({ length: 30 }, (_, i) => transportAddress('198.51.100.9', 1000 + i));
    conversation.answers.set(METHOD.Allocate, () =>
      allocated(...more.map((address) => ({ type: 'xor-relayed-address', address }) as const)),
    );
    expect(conversation.allocate().relayed).toEqual([RELAYED]);
  });

  it('fails on a success with what must be understood and is not', () => {
    const conversation = new Conversation({ credentials: undefined });
    conversation.answers.set(METHOD.Allocate, () =>
      allocated({ type: 'unknown', attributeType: 0x7abc, value: new Uint8Array(0) }),
    );
    conversation.exchange();
    expect(conversation.event('failed')!.error.code).toBe('TURN_BAD_RESPONSE');
  });

  it('does not take a success that is not keyed, nor answers from elsewhere', () => {
    const conversation = new Conversation();
    conversation.answers.set(METHOD.Allocate, (request) =>
      attribute(request, 'username') === undefined ? challenge(401, 'n1') : 'silence',
    );
    conversation.exchange();
    conversation.reply(conversation.last, { ...allocated(), keyed: false });
    conversation.reply(conversation.last, allocated(), { ...UDP, remote: PEER });
    conversation.exchange();
    expect(types(conversation)).toEqual([]);
    expect(conversation.client.dropped.messages).toBe(2);
    conversation.reply(conversation.last, allocated());
    conversation.exchange();
    expect(types(conversation)).toEqual(['allocated']);
  });

  it('is keyed with SHA-256 where the nonce says so', () => {
    const conversation = new Conversation();
    const nonce = formatNonce({ passwordAlgorithms: true, usernameAnonymity: true }, 'x');
    conversation.answers.set(METHOD.Allocate, (request) =>
      attribute(request, 'userhash') !== undefined
        ? 'silence'
        : {
            ...challenge(401, nonce),
            attributes: [
              ...challenge(401, nonce).attributes,
              { type: 'password-algorithms', algorithms: [{ algorithm: 2, parameters: new Uint8Array(0) }] },
            ],
          },
    );
    conversation.exchange();
    const names = conversation.last.attributes.map(({ type }) => type);
    expect(names).toContain('message-integrity-sha256');
    expect(names).not.toContain('message-integrity');
  });

  it('hashes with what it is given', () => {
    for (const credentials of [
      { username: 'u', password: 'p' },
      { username: 'kid', accessToken: Uint8Array.of(0, 0), macKey: Uint8Array.of(1) },
    ]) {
      const macs: string[] = [];
      const crypto: StunCrypto = {
        hash: defaultCrypto.hash,
        mac(name, key) {
          macs.push(name);
          return defaultCrypto.mac(name, key);
        },
      };
      const conversation = new Conversation({ credentials, crypto });
      conversation.answers.set(METHOD.Allocate, (request) =>
        attribute(request, 'username') === undefined ? challenge(401, 'n1') : 'silence',
      );
      conversation.exchange();
      expect(macs).toEqual(['SHA-1']);
    }
  });

  it('takes a token instead of a password (RFC 7635)', () => {
    const accessToken = Uint8Array.of(0, 2, 10, 11, 20, 21, 22);
    const macKey = new Uint8Array(20).fill(3);
    const conversation = new Conversation({ credentials: { username: 'kid', accessToken, macKey } });
    conversation.answers.set(METHOD.Allocate, (request) =>
      attribute(request, 'username') === undefined
        ? {
            ...challenge(401, 'n1'),
            attributes: [
              ...challenge(401, 'n1').attributes,
              { type: 'third-party-authorization', serverName: 'as.example' },
            ],
          }
        : 'silence',
    );
    conversation.exchange();
    expect(attribute(conversation.last, 'username')?.username).toBe('kid');
    expect(attribute(conversation.last, 'access-token')).toEqual({
      type: 'access-token',
      nonce: Uint8Array.of(10, 11),
      encryptedBlock: Uint8Array.of(20, 21, 22),
    });
    conversation.reply(conversation.last, challenge(401, 'n2'));
    conversation.exchange();
    expect(conversation.event('failed')!.error.code).toBe('TURN_UNAUTHORIZED');
  });
});

describe('options that make no sense', () => {
  it.each([
    [{ path: { ...UDP, remote: RELAYED6 } }],
    [{ path: { ...UDP, remote: { ...SERVER, port: 0 } } }],
    [{ reservationToken: new Uint8Array(7) }],
    [{ reservationToken: new Uint8Array(8), evenPort: true }],
    [{ reservationToken: new Uint8Array(8), families: 'IPv6' }],
    [{ families: 'both', evenPort: 'reserve' }],
    [{ transport: 'tcp' }],
    [{ transport: 'tcp', path: TCP, evenPort: true }],
    [{ transport: 'tcp', path: TCP, dontFragment: true }],
    [{ lifetime: 0 }],
    [{ lifetime: 1.5 }],
    [{ maxPeers: 0 }],
    [{ maxPeers: 4097 }],
    [{ maxWaiting: 0 }],
    [{ maxReceived: Number.NaN }],
    [{ idleTimeout: 0 }],
  ] satisfies [Partial<TurnClientOptions>][])('%o', (options) => {
    const make = () => new TurnClient({ path: UDP, random: seededRandom(1), now: 0, ...options });
    expect(make).toThrow(expect.objectContaining({ code: 'TURN_INVALID_ARGUMENT' }));
  });
});
