import type { TraceEvent } from '@kaon/interface/trace/v1';
import { seededRandom } from '@kaon/testing';
import { Slot, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  type Attribute,
  attribute,
  BindingResponder,
  type BindingResponderOptions,
  defaultCrypto,
  type EncodeOptions,
  encodeMessage,
  longTermKey,
  METHOD,
  parseMessage,
  type StunMessage,
  shortTermKey,
  verifyFingerprint,
  verifyIntegrity,
  verifyIntegritySha256,
} from '../src/index.ts';
import { sent } from './helpers/drive.ts';
import { request } from './helpers/message.ts';
import { CLIENT, SERVER, TO_CLIENT } from './helpers/paths.ts';

const value = new Uint8Array(0);

/** What the responder says to one request. */
function ask(
  options: BindingResponderOptions,
  attributes: readonly Attribute[],
  encode: EncodeOptions = {},
  path = TO_CLIENT,
) {
  const responder = new BindingResponder(options);
  responder.handleDatagram(encodeMessage(request(...attributes), encode), path, 0);
  const all = sent(responder, 0);
  expect(all.length).toBe(1);
  return { ...all[0]!, message: parseMessage(all[0]!.bytes) };
}

const codeOf = (message: StunMessage): number | undefined => attribute(message, 'error-code')?.code;

describe('BindingResponder', () => {
  it('tells the client its address, and nothing else', () => {
    const { message, path } = ask({}, []);
    expect(message).toEqual({
      ...request(),
      class: 'success',
      attributes: [{ type: 'xor-mapped-address', address: CLIENT }],
    });
    expect(path).toEqual(TO_CLIENT);
  });

  it('answers attributes that it must understand and does not with 420 and their list', () => {
    const { message } = ask({}, [
      { type: 'unknown', attributeType: 0x0031, value },
      { type: 'unknown', attributeType: 0x9031, value },
      { type: 'change-request', changeAddress: false, changePort: false },
      { type: 'padding', padding: value },
      { type: 'response-port', port: 5 },
    ]);
    expect(message.class).toBe('error');
    expect(codeOf(message)).toBe(420);
    expect(attribute(message, 'unknown-attributes')?.types).toEqual([0x0031, 0x0003, 0x0026, 0x0027]);
  });

  it('adds FINGERPRINT when the request has it', () => {
    expect(verifyFingerprint(ask({}, [], { fingerprint: true }).bytes)).toBe(true);
  });

  it('drops indications, responses, other methods, wrong fingerprints and what is malformed', () => {
    const responder = new BindingResponder();
    const good = request();
    const wrong = encodeMessage(good, { fingerprint: true });
    wrong[wrong.length - 1]! ^= 1;
    const inputs = [
      encodeMessage({ ...good, class: 'indication' }),
      encodeMessage({ ...good, class: 'success' }),
      encodeMessage({ ...good, method: METHOD.Allocate }),
      wrong,
      new Uint8Array(20),
      new Uint8Array(0),
    ];
    for (const input of inputs) responder.handleDatagram(input, TO_CLIENT, 0);
    expect(sent(responder, 0)).toEqual([]);
    expect([responder.dropped, responder.answered]).toEqual([inputs.length, 0]);
  });

  it('has no timers and no events', () => {
    const responder = new BindingResponder();
    responder.handleTimeout(1e9);
    expect(responder.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(responder.pollEvent()).toBeUndefined();
  });

  it('drops a response that does not fit, and goes on with the next', () => {
    const responder = new BindingResponder();
    responder.handleDatagram(encodeMessage(request(), { fingerprint: true }), TO_CLIENT, 0);
    responder.handleDatagram(encodeMessage(request()), TO_CLIENT, 0);
    const slot = new Slot(32);
    expect(responder.pollTransmit(slot, 0)).toBe(true);
    expect(slot.bytes.length).toBe(32);
    expect(responder.dropped).toBe(1);
  });
});

describe('options of BindingResponder', () => {
  it('software is sent', () => {
    expect(attribute(ask({ software: 'kaon' }, []).message, 'software')?.software).toBe('kaon');
  });

  it('software that does not fit is refused at once', () => {
    expect(() => new BindingResponder({ software: 'a'.repeat(764) })).toThrow(
      expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }),
    );
  });

  it('maxQueued bounds what waits', () => {
    const responder = new BindingResponder({ maxQueued: 2 });
    for (let i = 0; i < 5; i++) responder.handleDatagram(encodeMessage(request()), TO_CLIENT, 0);
    expect(sent(responder, 0).length).toBe(2);
    expect([responder.answered, responder.dropped]).toEqual([2, 3]);
    for (const maxQueued of [0, 1.5, Number.NaN]) {
      expect(() => new BindingResponder({ maxQueued })).toThrow(
        expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }),
      );
    }
  });

  it('trace hears of responses and drops; addresses are marked as personal', () => {
    const events: TraceEvent[] = [];
    const responder = new BindingResponder({ trace: (event) => events.push(event) });
    responder.handleDatagram(encodeMessage(request()), TO_CLIENT, 3);
    responder.handleDatagram(value, TO_CLIENT, 4);
    expect(events).toMatchObject([
      { time: 3, name: 'stun:response-queued', data: { class: 'success', pii: { remote: '192.0.2.10:40000' } } },
      { time: 4, name: 'stun:dropped', data: { reason: 'malformed', pii: { remote: '192.0.2.10:40000' } } },
    ]);
  });

  it('crypto is used for keys', () => {
    const asked: string[] = [];
    const crypto = {
      hash: defaultCrypto.hash,
      mac(...args: Parameters<typeof defaultCrypto.mac>) {
        asked.push(args[0]);
        return defaultCrypto.mac(...args);
      },
    };
    const authentication = { mechanism: 'short-term', password: () => 'p' } as const;
    ask({ crypto, authentication }, [{ type: 'username', username: 'u' }], {
      integrity: defaultCrypto.mac('SHA-1', shortTermKey('p')),
    });
    expect(asked).toEqual(['SHA-1']);
  });
});

describe('short-term credentials (RFC 8489 §9.1.3)', () => {
  const options: BindingResponderOptions = {
    authentication: { mechanism: 'short-term', password: (username) => (username === 'u' ? 'p' : undefined) },
  };
  const right = defaultCrypto.mac('SHA-1', shortTermKey('p'));
  const right256 = defaultCrypto.mac('SHA-256', shortTermKey('p'));
  const user: Attribute = { type: 'username', username: 'u' };

  it('the right ones get a keyed answer, by the MAC they used', () => {
    const sha1 = ask(options, [user], { integrity: right });
    expect([sha1.message.class, verifyIntegrity(sha1.bytes, right)]).toEqual(['success', true]);
    const sha256 = ask(options, [user], { integritySha256: right256 });
    expect([sha256.message.class, verifyIntegritySha256(sha256.bytes, right256)]).toEqual(['success', true]);
  });

  it('a 420 is keyed too', () => {
    const { bytes, message } = ask(options, [user, { type: 'unknown', attributeType: 0x31, value }], {
      integrity: right,
    });
    expect([codeOf(message), verifyIntegrity(bytes, right)]).toEqual([420, true]);
  });

  it('missing ones get 400, wrong ones 401', () => {
    const wrong = defaultCrypto.mac('SHA-1', shortTermKey('q'));
    expect(codeOf(ask(options, [user]).message)).toBe(400);
    expect(codeOf(ask(options, [], { integrity: right }).message)).toBe(400);
    expect(codeOf(ask(options, [user], { integrity: wrong }).message)).toBe(401);
    expect(codeOf(ask(options, [{ type: 'username', username: 'v' }], { integrity: right }).message)).toBe(401);
  });
});

describe('long-term credentials (RFC 8489 §9.2.4)', () => {
  const options = (nonceLifetime?: number): BindingResponderOptions => ({
    authentication: {
      mechanism: 'long-term',
      realm: 'realm',
      password: (username) => (username === 'user' ? 'pass' : undefined),
      random: seededRandom(1),
      nonceLifetime,
    },
  });
  const md5 = defaultCrypto.mac('SHA-1', longTermKey('user', 'realm', 'pass'));
  const sha = defaultCrypto.mac('SHA-256', longTermKey('user', 'realm', 'pass', 'SHA-256'));

  /** A responder and the challenge that it gives at 0 ms. */
  function challenged(nonceLifetime?: number) {
    const responder = new BindingResponder(options(nonceLifetime));
    responder.handleDatagram(encodeMessage(request()), TO_CLIENT, 0);
    const challenge = parseMessage(sent(responder, 0)[0]!.bytes);
    const nonce = attribute(challenge, 'nonce')!;
    const algorithms = attribute(challenge, 'password-algorithms')!;
    const try_ = (attributes: readonly Attribute[], encode: EncodeOptions, now = 1, path = TO_CLIENT) => {
      responder.handleDatagram(encodeMessage(request(...attributes), encode), path, now);
      const { bytes } = sent(responder, now)[0]!;
      return { bytes, message: parseMessage(bytes) };
    };
    return { challenge, nonce, algorithms, try_ };
  }

  const user: Attribute = { type: 'username', username: 'user' };
  const realm: Attribute = { type: 'realm', realm: 'realm' };
  const chosen = (algorithm: number): Attribute => ({ type: 'password-algorithm', algorithm, parameters: value });

  it('a bare request is challenged', () => {
    const { challenge, nonce, algorithms } = challenged();
    expect(codeOf(challenge)).toBe(401);
    expect(attribute(challenge, 'realm')?.realm).toBe('realm');
    expect(nonce.nonce).toMatch(/^obMatJos2gAAA/);
    expect(algorithms.algorithms.map(({ algorithm }) => algorithm)).toEqual([2, 1]);
  });

  it('clients of RFC 5389 and of RFC 8489 are both let in', () => {
    const { nonce, algorithms, try_ } = challenged();
    const old = try_([user, realm, nonce], { integrity: md5 });
    expect([old.message.class, verifyIntegrity(old.bytes, md5)]).toEqual(['success', true]);
    const fresh = try_([user, realm, nonce, algorithms, chosen(2)], { integritySha256: sha });
    expect([fresh.message.class, verifyIntegritySha256(fresh.bytes, sha)]).toEqual(['success', true]);
  });

  it('nonces get stale', () => {
    const { nonce, try_ } = challenged(5000);
    expect(try_([user, realm, nonce], { integrity: md5 }, 5000).message.class).toBe('success');
    const { message } = try_([user, realm, nonce], { integrity: md5 }, 5001);
    expect(codeOf(message)).toBe(438);
    expect(attribute(message, 'nonce')?.nonce).not.toBe(nonce.nonce);
  });

  it('a nonce of somebody else, or of nobody, is stale', () => {
    const { nonce, try_ } = challenged();
    const elsewhere = { ...TO_CLIENT, remote: { ...CLIENT, address: '203.0.113.77' } };
    expect(codeOf(try_([user, realm, nonce], { integrity: md5 }, 1, elsewhere).message)).toBe(438);
    for (const text of ['', 'x', 'obMatJos2gAAA0-', `${nonce.nonce}0`]) {
      expect(codeOf(try_([user, realm, { type: 'nonce', nonce: text }], { integrity: md5 }).message)).toBe(438);
    }
  });

  it('wrong ones are challenged again, incomplete ones get 400', () => {
    const { nonce, algorithms, try_ } = challenged();
    const codes = [
      try_([{ type: 'username', username: 'nobody' }, realm, nonce], { integrity: md5 }),
      try_([user, { type: 'realm', realm: 'other' }, nonce], { integrity: md5 }),
      try_([user, realm, nonce], { integrity: defaultCrypto.mac('SHA-1', value) }),
      try_([realm, nonce], { integrity: md5 }),
      try_([user, nonce], { integrity: md5 }),
      try_([user, realm], { integrity: md5 }),
      try_([user, realm, nonce, algorithms], { integrity: md5 }),
      try_([user, realm, nonce, chosen(1)], { integrity: md5 }),
      try_([user, realm, nonce, algorithms, chosen(9)], { integrity: md5 }),
      try_([user, realm, nonce, { ...algorithms, algorithms: algorithms.algorithms.slice(1) }, chosen(1)], {
        integrity: md5,
      }),
    ].map(({ message }) => codeOf(message));
    expect(codes).toEqual([401, 401, 401, 400, 400, 400, 400, 400, 400, 400]);
  });

  it('options that make no sense are refused at once', () => {
    expect(() => new BindingResponder(options(0))).toThrow(expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }));
    const authentication = {
      mechanism: 'long-term',
      realm: 'r'.repeat(764),
      password: () => '',
      random: seededRandom(1),
    } as const;
    expect(() => new BindingResponder({ authentication })).toThrow(
      expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }),
    );
  });
});

describe('NAT behaviour discovery (RFC 5780)', () => {
  const alternate = transportAddress('198.51.100.2', 3479);
  const options: BindingResponderOptions = { behaviorDiscovery: { primary: SERVER, alternate } };

  it('tells where the response comes from and where else it could', () => {
    const { message } = ask(options, []);
    expect(attribute(message, 'response-origin')?.address).toEqual(SERVER);
    expect(attribute(message, 'other-address')?.address).toEqual(alternate);
    expect(attribute(message, 'mapped-address')?.address).toEqual(CLIENT);
  });

  it.each([
    [false, false, '198.51.100.1', 3478],
    [false, true, '198.51.100.1', 3479],
    [true, false, '198.51.100.2', 3478],
    [true, true, '198.51.100.2', 3479],
  ])('CHANGE-REQUEST %s %s answers from %s:%i', (changeAddress, changePort, address, port) => {
    const { path, message } = ask(options, [{ type: 'change-request', changeAddress, changePort }]);
    expect(path?.local).toEqual({ address, family: 'IPv4', port });
    expect(attribute(message, 'response-origin')?.address).toEqual(path?.local);
  });

  it('knows which of its four sockets was asked', () => {
    const path = { ...TO_CLIENT, local: { ...alternate, port: SERVER.port } };
    const { message } = ask(options, [], {}, path);
    expect(attribute(message, 'response-origin')?.address).toEqual(path.local);
    expect(attribute(message, 'other-address')?.address).toEqual({ ...SERVER, port: alternate.port });
  });

  it('RESPONSE-PORT answers to that port', () => {
    expect(ask(options, [{ type: 'response-port', port: 4000 }]).path?.remote).toEqual({ ...CLIENT, port: 4000 });
  });

  it('PADDING is answered with as much, and not together with RESPONSE-PORT', () => {
    const padding: Attribute = { type: 'padding', padding: new Uint8Array(600) };
    expect(attribute(ask(options, [padding]).message, 'padding')?.padding.length).toBe(600);
    expect(codeOf(ask(options, [padding, { type: 'response-port', port: 4000 }]).message)).toBe(400);
  });

  it.each([
    ['one address', { ...alternate, address: SERVER.address }],
    ['one port', { ...alternate, port: SERVER.port }],
    ['two families', transportAddress('::1', 3479)],
  ])('refuses %s', (_, other) => {
    expect(() => new BindingResponder({ behaviorDiscovery: { primary: SERVER, alternate: other } })).toThrow(
      expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }),
    );
  });
});
