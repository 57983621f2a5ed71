import type { TransportAddress } from '@kaon/interface/core/v1';
import type { TraceEvent } from '@kaon/interface/trace/v1';
import { seededRandom } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  type Attribute,
  attribute,
  BindingClient,
  type BindingClientOptions,
  defaultCrypto,
  type EncodeOptions,
  encodeMessage,
  formatNonce,
  longTermKey,
  parseMessage,
  type StunCrypto,
  StunError,
  verifyFingerprint,
  verifyIntegrity,
  verifyIntegritySha256,
} from '../src/index.ts';
import { sent, sentOne } from './helpers/drive.ts';
import { CLIENT, SERVER, TO_SERVER } from './helpers/paths.ts';

const mapped = transportAddress('203.0.113.7', 50000);
const success: Attribute = { type: 'xor-mapped-address', address: mapped };

function start(options: Partial<BindingClientOptions> = {}): BindingClient {
  return new BindingClient({ local: CLIENT, server: SERVER, random: seededRandom(1), now: 0, ...options });
}

/** Answers what the client sends next. */
function answer(
  client: BindingClient,
  cls: 'success' | 'error',
  attributes: readonly Attribute[],
  options: EncodeOptions = {},
  from: TransportAddress = SERVER,
): Uint8Array {
  const asked = sentOne(client, 10);
  const { method, transactionId } = parseMessage(asked);
  const reply = encodeMessage({ class: cls, method, transactionId, attributes }, options);
  client.handleDatagram(reply, { ...TO_SERVER, remote: from }, 35);
  return asked;
}

const error = (code: number, reason = ''): Attribute => ({ type: 'error-code', code, reason });

describe('BindingClient', () => {
  it('reports the mapped address', () => {
    const client = start();
    answer(client, 'success', [success]);
    expect(client.pollEvent()).toEqual({ type: 'mapped-address', address: mapped, server: SERVER, rtt: 25 });
    expect(client.pollEvent()).toBeUndefined();
    expect(client.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(sent(client, 50)).toEqual([]);
  });

  it('sends a plain Binding request on its path', () => {
    const [first, ...more] = sent(start(), 0);
    expect(more).toEqual([]);
    expect(first!.path).toEqual(TO_SERVER);
    expect(parseMessage(first!.bytes)).toMatchObject({ class: 'request', method: 1, attributes: [] });
  });

  it('takes MAPPED-ADDRESS from servers of RFC 3489, and SOURCE-ADDRESS beside it', () => {
    const client = start();
    answer(client, 'success', [
      { type: 'mapped-address', address: mapped },
      { type: 'source-address', address: SERVER },
      { type: 'changed-address', address: CLIENT },
    ]);
    expect(client.pollEvent()).toMatchObject({ type: 'mapped-address', address: mapped });
  });

  it('prefers XOR-MAPPED-ADDRESS', () => {
    const client = start();
    answer(client, 'success', [{ type: 'mapped-address', address: SERVER }, success]);
    expect(client.pollEvent()).toMatchObject({ address: mapped });
  });

  it('fails with STUN_TIMEOUT', () => {
    const client = start({ rto: 100, rc: 2, rm: 3 });
    const times: number[] = [];
    for (let now = 0; now !== Number.POSITIVE_INFINITY; now = client.pollTimeout()) {
      client.handleTimeout(now);
      if (sent(client, now).length > 0) times.push(now);
    }
    expect(times).toEqual([0, 100]);
    expect(client.pollEvent()).toEqual({
      type: 'failed',
      server: SERVER,
      error: expect.objectContaining({ code: 'STUN_TIMEOUT' }),
    });
  });

  it('fails with the code of an error response', () => {
    const client = start();
    answer(client, 'error', [error(500, 'Server Error')]);
    const event = client.pollEvent();
    expect(event).toMatchObject({ type: 'failed', error: { code: 'STUN_ERROR_RESPONSE', statusCode: 500 } });
    expect(event?.type === 'failed' && event.error.message).toContain('Server Error');
  });

  it.each<[string, 'success' | 'error', Attribute[], string]>([
    ['without an address', 'success', [], 'STUN_BAD_RESPONSE'],
    [
      'that must be understood and is not',
      'success',
      [success, { type: 'unknown', attributeType: 0x31, value: new Uint8Array(0) }],
      'STUN_BAD_RESPONSE',
    ],
    ['without an error code', 'error', [], 'STUN_ERROR_RESPONSE'],
    ['with a redirect to nowhere', 'error', [error(300)], 'STUN_ERROR_RESPONSE'],
  ])('fails on a response %s', (_, cls, attributes, code) => {
    const client = start();
    answer(client, cls, attributes);
    expect(client.pollEvent()).toMatchObject({ type: 'failed', error: { code } });
  });

  it('drops what does not come from the server, is malformed or answers something else', () => {
    const client = start();
    const asked = parseMessage(sentOne(client, 0));
    const reply = encodeMessage({ ...asked, class: 'success', attributes: [success] });
    client.handleDatagram(reply, { ...TO_SERVER, remote: CLIENT }, 1);
    client.handleDatagram(reply.subarray(1), TO_SERVER, 1);
    client.handleDatagram(
      encodeMessage({ ...asked, class: 'success', transactionId: new Uint8Array(12) }),
      TO_SERVER,
      1,
    );
    client.handleDatagram(encodeMessage({ ...asked, class: 'success', method: 3 }), TO_SERVER, 1);
    client.handleDatagram(encodeMessage(asked), TO_SERVER, 1);
    expect(client.dropped).toBe(5);
    expect(client.pollEvent()).toBeUndefined();
    client.handleDatagram(reply, TO_SERVER, 1);
    expect(client.pollEvent()).toMatchObject({ type: 'mapped-address' });
  });

  it('refuses a server of another family', () => {
    expect(() => start({ server: transportAddress('::1', 3478) })).toThrow(
      expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }),
    );
  });

  it('knows its server however the address is spelled', () => {
    const local = transportAddress('::2', 1);
    const client = start({ local, server: transportAddress('2001:DB8:0:0::1', 3478) });
    answer(client, 'success', [success], {}, transportAddress('2001:db8::1', 3478));
    expect(client.pollEvent()).toMatchObject({ type: 'mapped-address' });
  });
});

describe('options of BindingClient', () => {
  it('protocol: tcp sends once', () => {
    const client = start({ protocol: 'tcp' });
    expect(sent(client, 0)[0]!.path!.protocol).toBe('tcp');
    expect(client.pollTimeout()).toBe(39500);
  });

  it('software is sent', () => {
    const asked = parseMessage(sentOne(start({ software: 'kaon' }), 0));
    expect(asked.attributes).toEqual([{ type: 'software', software: 'kaon' }]);
  });

  it('fingerprint is added, and asked of responses', () => {
    const client = start({ fingerprint: true });
    const asked = sentOne(client, 0);
    expect(verifyFingerprint(asked)).toBe(true);
    const reply = { ...parseMessage(asked), class: 'success', attributes: [success] } as const;
    client.handleDatagram(encodeMessage(reply), TO_SERVER, 1);
    expect(client.pollEvent()).toBeUndefined();
    client.handleDatagram(encodeMessage(reply, { fingerprint: true }), TO_SERVER, 1);
    expect(client.pollEvent()).toMatchObject({ type: 'mapped-address' });
  });

  it('trace hears of requests, responses and drops; addresses are marked as personal', () => {
    const events: TraceEvent[] = [];
    const client = start({ trace: (event) => events.push(event) });
    const asked = parseMessage(sentOne(client, 0));
    client.handleDatagram(new Uint8Array(4), TO_SERVER, 1);
    client.handleDatagram(encodeMessage({ ...asked, class: 'success', attributes: [success] }), TO_SERVER, 2);
    expect(events.map(({ name }) => name)).toEqual(['stun:request-sent', 'stun:dropped', 'stun:response-received']);
    for (const { data } of events) expect(data?.pii).toEqual({ remote: '198.51.100.1:3478' });
  });

  it('crypto keys the requests', () => {
    const asked: string[] = [];
    const crypto: StunCrypto = {
      hash: (name) => defaultCrypto.hash(name),
      mac(name, key) {
        asked.push(name);
        return defaultCrypto.mac(name, key);
      },
    };
    const client = start({ crypto, credentials: { username: 'u', password: 'p' } });
    answer(client, 'error', [error(401), { type: 'realm', realm: 'r' }, { type: 'nonce', nonce: 'n' }]);
    expect(asked).toEqual(['SHA-1']);
  });
});

describe('redirects (RFC 8489 §10)', () => {
  const other = transportAddress('198.51.100.2', 3479);

  it('are followed, and the answer is told with who gave it', () => {
    const client = start();
    answer(client, 'error', [error(300), { type: 'alternate-server', address: other }]);
    expect(client.pollEvent()).toBeUndefined();
    answer(client, 'success', [success], {}, other);
    expect(client.pollEvent()).toMatchObject({ type: 'mapped-address', server: other });
  });

  it('are not followed back, nor to another family', () => {
    for (const address of [SERVER, transportAddress('::1', 3478), { ...other, port: 0 }]) {
      const client = start();
      answer(client, 'error', [error(300), { type: 'alternate-server', address }]);
      expect(client.pollEvent()).toMatchObject({ type: 'failed', error: { statusCode: 300 } });
    }
  });

  it('end after five', () => {
    const client = start();
    let from: TransportAddress = SERVER;
    let hops = 0;
    while (client.pollTimeout() !== Number.POSITIVE_INFINITY) {
      const address = { ...other, port: 4000 + hops++ };
      answer(client, 'error', [error(300), { type: 'alternate-server', address }], {}, from);
      from = address;
    }
    expect(hops).toBe(6);
    expect(client.pollEvent()).toMatchObject({ type: 'failed', error: { statusCode: 300 } });
  });
});

describe('credentials (RFC 8489 §9.2)', () => {
  const credentials = { username: 'user', password: 'pass' };
  const realm: Attribute = { type: 'realm', realm: 'realm' };
  const nonce = (text: string): Attribute => ({ type: 'nonce', nonce: text });
  const md5 = defaultCrypto.mac('SHA-1', longTermKey('user', 'realm', 'pass'));
  const sha = defaultCrypto.mac('SHA-256', longTermKey('user', 'realm', 'pass', 'SHA-256'));
  const none = new Uint8Array(0);
  const both: Attribute = {
    type: 'password-algorithms',
    algorithms: [
      { algorithm: 2, parameters: none },
      { algorithm: 1, parameters: none },
    ],
  };

  it('answer a challenge of RFC 5389 with MD5 and HMAC-SHA1', () => {
    const client = start({ credentials });
    const first = answer(client, 'error', [error(401), realm, nonce('n1')]);
    expect(parseMessage(first).attributes).toEqual([]);
    const second = answer(client, 'success', [success], { integrity: md5 });
    expect(parseMessage(second).attributes.slice(0, 3)).toEqual([
      { type: 'username', username: 'user' },
      realm,
      nonce('n1'),
    ]);
    expect(parseMessage(second).transactionId).not.toEqual(parseMessage(first).transactionId);
    expect(verifyIntegrity(second, md5)).toBe(true);
    expect(client.pollEvent()).toMatchObject({ type: 'mapped-address' });
  });

  it('answer a challenge of RFC 8489 with the best algorithm and HMAC-SHA256', () => {
    const client = start({ credentials });
    const text = formatNonce({ passwordAlgorithms: true, usernameAnonymity: false }, 'x');
    answer(client, 'error', [error(401), realm, nonce(text), both]);
    const second = answer(client, 'success', [success], { integritySha256: sha });
    expect(parseMessage(second).attributes).toEqual(
      expect.arrayContaining([both, { type: 'password-algorithm', algorithm: 2, parameters: none }]),
    );
    expect(verifyIntegritySha256(second, sha)).toBe(true);
    expect(client.pollEvent()).toMatchObject({ type: 'mapped-address' });
  });

  it('hide the user name when the server takes a hash', () => {
    const client = start({ credentials });
    const text = formatNonce({ passwordAlgorithms: false, usernameAnonymity: true }, 'x');
    answer(client, 'error', [error(401), realm, nonce(text)]);
    const second = parseMessage(sentOne(client, 40));
    expect(attribute(second, 'userhash')).toBeDefined();
    expect(attribute(second, 'username')).toBeUndefined();
  });

  it('go on with a new nonce', () => {
    const client = start({ credentials });
    answer(client, 'error', [error(401), realm, nonce('n1')]);
    answer(client, 'error', [error(438), realm, nonce('n2')]);
    const third = answer(client, 'success', [success], { integrity: md5 });
    expect(attribute(parseMessage(third), 'nonce')?.nonce).toBe('n2');
    expect(client.pollEvent()).toMatchObject({ type: 'mapped-address' });
  });

  it('are given up when they are refused', () => {
    const client = start({ credentials });
    answer(client, 'error', [error(401), realm, nonce('n1')]);
    answer(client, 'error', [error(401), realm, nonce('n2')]);
    expect(client.pollEvent()).toMatchObject({ type: 'failed', error: { statusCode: 401 } });
  });

  it.each<[string, Attribute[]]>([
    ['no realm', [error(401), nonce('n')]],
    ['no nonce', [error(401), realm]],
    [
      'a nonce that announces algorithms, and none',
      [error(401), realm, nonce(formatNonce({ passwordAlgorithms: true, usernameAnonymity: false }, ''))],
    ],
    [
      'only algorithms that are not known',
      [
        error(401),
        realm,
        nonce(formatNonce({ passwordAlgorithms: true, usernameAnonymity: false }, '')),
        { type: 'password-algorithms', algorithms: [{ algorithm: 9, parameters: none }] },
      ],
    ],
  ])('are not given to a challenge with %s', (_, attributes) => {
    const client = start({ credentials });
    answer(client, 'error', attributes);
    expect(client.pollEvent()).toMatchObject({ type: 'failed', error: { statusCode: 401 } });
  });

  it('make a response without integrity count for nothing', () => {
    const client = start({ credentials });
    answer(client, 'error', [error(401), realm, nonce('n1')]);
    answer(client, 'success', [success]);
    expect(client.dropped).toBe(1);
    expect(client.pollEvent()).toBeUndefined();
  });

  it('are refused when the user name does not fit its attribute', () => {
    expect(() => start({ credentials: { username: 'a'.repeat(509), password: '' } })).toThrow(StunError);
  });
});
