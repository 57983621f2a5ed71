/** Defects that were seen in released stacks, each as the behaviour that it must not be. */
import { ALERT, cipherSuite, DtlsError, portableCrypto } from '@kaon/dtls';
import { concatBytes, isMalformed, writeU16 } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { EXTENSION_TYPE, findExtension } from '../src/extensions/extension.ts';
import { trafficProtection } from '../src/key-schedule/secrets.ts';
import { decodeClientHello } from '../src/messages/client-hello.ts';
import { encodeHandshakeFragment } from '../src/messages/handshake-fragment.ts';
import { decodeServerHello } from '../src/messages/server-hello.ts';
import { exchange } from './helpers/handshake.ts';
import { certificateOf, identity } from './helpers/identity.ts';
import { hex, mangle } from './helpers/mangle.ts';
import { PATH, Pair, pinned } from './helpers/pair.ts';
import { BROWSER_CLIENT_HELLOS } from './vectors/hellos.ts';

let sequence = 1000;
/** A plaintext record with a number of its own. */
function record(type: number, content: Uint8Array, version = 0xfefd): Uint8Array {
  const header = new Uint8Array(13);
  header[0] = type;
  writeU16(header, 1, version);
  writeU16(header, 9, sequence++);
  writeU16(header, 11, content.length);
  return concatBytes(header, content);
}

const handshakeRecord = (
  type: number,
  seq: number,
  body: Uint8Array,
  offset = 0,
  count: number = body.length,
): Uint8Array => record(22, encodeHandshakeFragment(type, seq, body, offset, count), 0xfeff);

describe('DTLS pitfalls', () => {
  it('explicit nonces are the sequence number, never random (CVE-2026-26014)', () => {
    const pair = new Pair().connect();
    for (let i = 0; i < 5; i++) {
      const sealed = pair.seal('client', Uint8Array.of(i));
      expect(sealed.subarray(13, 21)).toEqual(sealed.subarray(3, 11));
    }
    // Retransmission of Finished takes a new number, too.
    const finished = pair.sent.client.at(-1)!.subarray(-61);
    expect(finished.subarray(13, 21)).toEqual(finished.subarray(3, 11));
  });

  it.each(['client', 'server'] as const)(
    'no data is accepted after the %s refused the certificate (CVE-2021-28681)',
    (side) => {
      const refusal = new DtlsError('DTLS_BAD_CERTIFICATE', 'wrong fingerprint');
      const pair = new Pair(
        { ...(side === 'client' ? { verifyPeer: () => refusal } : {}) },
        { ...(side === 'server' ? { verifyPeer: () => refusal } : {}) },
      );
      pair.start().run();
      expect(pair.error(side)).toBe(refusal);
      expect(pair.events[side].at(-1)).toEqual({ type: 'failed', error: refusal });
      expect(pair.events[side]).toContainEqual({
        type: 'alert',
        direction: 'sent',
        level: 2,
        description: ALERT.badCertificate,
      });
      expect(pair.received).toEqual({ client: [], server: [] });
      const other = side === 'client' ? 'server' : 'client';
      expect(pair.error(other)).toMatchObject({ code: 'DTLS_ALERT_RECEIVED', alert: ALERT.badCertificate });
      expect(pair.side(side).peerCertificate).toBeUndefined();
      expect(pair.side(side).pollPlaintext()).toBeUndefined();
    },
  );

  it('a wrong fingerprint fails with the error of verifyPeer', () => {
    const pair = new Pair({ verifyPeer: pinned(certificateOf('other')) });
    pair.start().run();
    expect(pair.error('client')?.code).toBe('TEST_WRONG_FINGERPRINT');
  });

  it('a verifyPeer that throws is a refusal, not a crash', () => {
    const cause = new Error('oops');
    const pair = new Pair({
      verifyPeer: () => {
        throw cause;
      },
    });
    pair.start().run();
    expect(pair.error('client')).toMatchObject({ code: 'DTLS_CERTIFICATE_REJECTED', cause });
  });

  it('a signer that throws is a failure, not a crash', () => {
    const certificate = {
      ...identity('p256'),
      signer: {
        schemes: [0x0403],
        sign: () => {
          throw new Error('no key');
        },
      },
    };
    const pair = new Pair({}, { certificate });
    pair.start().run();
    expect(pair.error('server')?.code).toBe('DTLS_SIGNING_FAILED');
  });

  it('a certificate without proof of its key is refused (CVE-2022-29222)', () => {
    // The server's certificate under another key, and the client's without CertificateVerify.
    const stolen = { chain: [certificateOf('other')], signer: identity('p256').signer };
    const pair = new Pair({ certificate: stolen });
    pair.start().run();
    expect(pair.error('server')?.code).toBe('DTLS_BAD_SIGNATURE');
    const reverse = new Pair({}, { certificate: stolen });
    reverse.start().run();
    expect(reverse.error('client')?.code).toBe('DTLS_BAD_SIGNATURE');
    const { server } = exchange({}, {}, (from, messages) =>
      from === 'client' ? messages.filter((m) => m.type !== 15) : messages,
    );
    expect(server.failure?.error.code).toBe('DTLS_UNEXPECTED_MESSAGE');
  });

  it('an unexpected ServerKeyExchange fails the handshake and nothing else (CVE-2026-54908)', () => {
    const pair = new Pair().start();
    pair.client.handleRecord(handshakeRecord(12, 0, hex('03 001d 04 01020304 0403 0003 010203')), PATH, 1);
    pair.flush();
    expect(pair.error('client')?.code).toBe('DTLS_UNEXPECTED_MESSAGE');
    const toServer = new Pair().start();
    toServer.server.handleRecord(handshakeRecord(12, 0, new Uint8Array(3)), PATH, 1);
    toServer.flush();
    expect(toServer.error('server')?.code).toBe('DTLS_UNEXPECTED_MESSAGE');
  });

  it('handshake buffering is bounded (CVE-2022-29189)', () => {
    const { server } = new Pair().start();
    const body = new Uint8Array(16000);
    // Messages ahead that never complete, and messages far ahead.
    for (let seq = 1; seq < 2000; seq++) server.handleRecord(handshakeRecord(11, seq, body, 0, 8000), PATH, 1);
    expect(server.stats().dropped.handshake).toBe(1992);
    expect(server.state).toBe('connecting');
    // And claims of 16 MB.
    const claim = encodeHandshakeFragment(1, 0, new Uint8Array(4), 0, 4);
    claim.set([0xff, 0xff, 0xff], 1);
    server.handleRecord(record(22, claim), PATH, 1);
    expect(server.stats().dropped.handshake).toBe(1993);
  });

  it('fragments without a body do not loop (CVE-2022-29190)', () => {
    const pair = new Pair().start();
    const empty = encodeHandshakeFragment(1, 0, new Uint8Array(50), 0, 0);
    const many = concatBytes(...new Array<Uint8Array>(100).fill(empty));
    for (let i = 0; i < 10; i++) pair.server.handleRecord(record(22, many), PATH, 1);
    pair.server.handleRecord(record(22, new Uint8Array(0)), PATH, 1);
    expect(pair.run(() => pair.bothAre('connected'))).toBe(true);
  });

  it('a forged plaintext record with a high number does not shut out the handshake', () => {
    const pair = new Pair().start();
    for (const side of [pair.client, pair.server]) {
      const forged = record(20, Uint8Array.of(1));
      forged.fill(0xff, 5, 11);
      side.handleRecord(forged, PATH, 0);
    }
    expect(pair.run(() => pair.bothAre('connected'))).toBe(true);
  });

  it('two finished peers do not repeat their flights to each other for ever', () => {
    const pair = new Pair();
    // Everything arrives twice, at times far enough apart to be taken for a repetition.
    pair.fate = () => [1, 75];
    pair.connect();
    pair.run(undefined, 60_000);
    expect(pair.sent.client.length + pair.sent.server.length).toBeLessThan(20);
  });

  it('a record is delivered once (replay window)', () => {
    const pair = new Pair().connect();
    const sealed = pair.seal('client', Uint8Array.of(7));
    for (let i = 0; i < 3; i++) pair.server.handleRecord(sealed.slice(), PATH, pair.now);
    pair.flush();
    expect(pair.received.server).toEqual([Uint8Array.of(7)]);
    expect(pair.server.stats().dropped.replay).toBe(2);
  });

  it('DTLS 1.0 is refused with protocol_version', () => {
    const pair = new Pair().start();
    const hello = hex(BROWSER_CLIENT_HELLOS.firefoxDtls12);
    writeU16(hello, 0, 0xfeff);
    pair.server.handleRecord(handshakeRecord(1, 0, hello), PATH, 1);
    pair.flush();
    expect(pair.error('server')).toMatchObject({ code: 'DTLS_PROTOCOL_VERSION', alert: ALERT.protocolVersion });
    expect(pair.sent.server.at(-1)).toEqual(hex('15 fefd 0000 000000000000 0002 0246'));
  });

  it('retransmission doubles instead of coming every second', () => {
    const pair = new Pair({ handshakeTimeout: 60_000 });
    const times: number[] = [];
    pair.fate = () => {
      times.push(pair.now);
      return [];
    };
    pair.start().run();
    expect(times).toEqual([0, 100, 300, 700, 1500, 3100, 6300, 12700, 25500, 51100]);
  });

  it.each(Object.entries(BROWSER_CLIENT_HELLOS))(
    'the fragmented ClientHello of %s gets a ServerHello of DTLS 1.2',
    (name, text) => {
      const body = hex(text);
      for (const cut of [200, 1383, 1175, body.length].filter((at) => at <= body.length)) {
        for (const reversed of [false, true]) {
          const pair = new Pair({}, { srtpProfiles: [7, 8, 1] });
          const fragments = [handshakeRecord(1, 0, body, 0, cut)];
          if (cut < body.length) fragments.push(handshakeRecord(1, 0, body, cut, body.length - cut));
          for (const fragment of reversed ? fragments.reverse() : fragments)
            pair.server.handleRecord(fragment, PATH, 1);
          pair.flush();
          const datagram = pair.sent.server[0]!;
          expect(datagram.subarray(0, 3)).toEqual(hex('16 fefd'));
          const length = (datagram[23]! << 8) | datagram[24]!;
          const hello = decodeServerHello(datagram.subarray(25, 25 + length));
          if (isMalformed(hello)) throw new Error('malformed');
          expect([hello.version, hello.cipherSuite]).toEqual([0xfefd, 0xc02b]);
          const offered = decodeClientHello(body);
          if (isMalformed(offered)) throw new Error('malformed');
          for (const extension of hello.extensions)
            expect(findExtension(offered.extensions, extension.type)).toBeDefined();
          expect(hello.extensions.find((e) => e.type === EXTENSION_TYPE.useSrtp)?.data).toEqual(hex('0002 0007 00'));
          expect(name).toBeTruthy();
        }
      }
    },
  );

  it('nothing is delivered before the handshake is complete, and early data is not lost', () => {
    const pair = new Pair();
    // The server's last flight and its first data change places.
    let held: number | undefined;
    pair.fate = (from, _, index) => {
      if (from === 'server' && index === 1 && held === undefined) {
        held = index;
        return [30];
      }
      return [1];
    };
    pair.start();
    pair.run(() => pair.server.state === 'connected');
    pair.write('server', Uint8Array.of(9));
    pair.run(() => false, 10);
    expect(pair.client.state).toBe('connecting');
    expect(pair.received.client).toEqual([]);
    pair.run(() => pair.client.state === 'connected');
    pair.flush();
    expect(pair.received.client).toEqual([Uint8Array.of(9)]);
  });

  it('records cost no key schedule and no random numbers', () => {
    const calls: Record<string, number> = {};
    const counted = <K extends 'aead' | 'mac' | 'hash' | 'random'>(name: K): (typeof portableCrypto)[K] =>
      ((...args: never[]) => {
        calls[name] = (calls[name] ?? 0) + 1;
        return (portableCrypto[name] as (...args: never[]) => unknown)(...args);
      }) as unknown as (typeof portableCrypto)[K];
    const crypto = {
      ...portableCrypto,
      aead: counted('aead'),
      mac: counted('mac'),
      hash: counted('hash'),
      random: counted('random'),
    };
    const pair = new Pair({ crypto }, { crypto }).connect();
    // A key for each direction on each side.
    expect(calls['aead']).toBe(4);
    const before = { ...calls };
    for (let i = 0; i < 100; i++) {
      pair.write('client', Uint8Array.of(i));
      pair.write('server', Uint8Array.of(i));
    }
    pair.run(() => pair.received.client.length === 100 && pair.received.server.length === 100);
    expect([pair.received.client.length, pair.received.server.length]).toEqual([100, 100]);
    expect(calls).toEqual(before);
  });

  it('data that nobody polls is bounded', () => {
    const pair = new Pair().connect();
    const data = new Uint8Array(16000);
    for (let i = 0; i < 300; i++) pair.server.handleRecord(pair.seal('client', data), PATH, pair.now);
    expect(pair.server.stats().dropped.overflow).toBe(300 - Math.floor((4 * 1024 * 1024) / 16000));
  });

  it('application data in the clear is never delivered', () => {
    const pair = new Pair().start();
    pair.server.handleRecord(record(23, Uint8Array.of(1)), PATH, 0);
    pair.run(() => pair.bothAre('connected'));
    pair.server.handleRecord(record(23, Uint8Array.of(1)), PATH, pair.now);
    pair.flush();
    expect(pair.received.server).toEqual([]);
  });

  it('a plaintext alert that anybody can send does not end a handshake that goes on', () => {
    const pair = new Pair();
    pair.delay = 300;
    pair.start();
    for (const side of ['client', 'server'] as const) {
      pair.run(() => pair.now >= 310);
      pair.side(side).handleRecord(record(21, hex('0228')), PATH, pair.now);
    }
    expect(pair.run(() => pair.bothAre('connected'))).toBe(true);
    pair.client.handleRecord(record(21, hex('0228')), PATH, pair.now);
    pair.run(undefined, 5000);
    expect(pair.client.state).toBe('connected');
  });

  it('a plaintext alert does not end a server that waits for its client', () => {
    for (const cookieExchange of [false, true]) {
      const pair = new Pair({}, { cookieExchange });
      pair.server.start(0);
      for (const alert of ['0228', '0100']) pair.server.handleRecord(record(21, hex(alert)), PATH, 0);
      expect(pair.server.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
      expect(pair.server.stats().dropped.ignored).toBe(2);
      pair.run(undefined, 5000);
      pair.client.start(pair.now);
      expect(pair.run(() => pair.bothAre('connected'))).toBe(true);
    }
  });

  it('a plaintext alert that is meant ends the handshake after a second', () => {
    const pair = new Pair().start();
    pair.fate = () => [];
    pair.client.handleRecord(record(21, hex('0228')), PATH, 5);
    pair.run(() => pair.client.state === 'failed');
    expect(pair.now).toBe(1005);
    expect(pair.error('client')).toMatchObject({ code: 'DTLS_ALERT_RECEIVED', alert: ALERT.handshakeFailure });
  });

  it('a fatal alert under the keys ends the connection at once, and one that only claims to be does not', () => {
    let line = '';
    const pair = new Pair({
      keyLog: (text) => {
        line = text;
      },
    }).connect();
    const forged = pair.seal('client', hex('0228'));
    forged[0] = 21;
    pair.server.handleRecord(forged, PATH, pair.now);
    expect(pair.server.state).toBe('connected');
    expect(pair.server.stats().dropped.forged).toBe(1);

    const [, clientRandom, masterSecret] = line.split(' ') as [string, string, string];
    const serverRandom = pair.sent.server[0]!.subarray(27, 59);
    const suite = cipherSuite(0xc02b)!;
    const { client } = trafficProtection(portableCrypto, suite, hex(masterSecret), hex(clientRandom), serverRandom);
    const genuine = new Uint8Array(client.headroom + 2 + client.tailroom);
    genuine.set(hex('0228'), client.headroom);
    client.seal(21, 1, 0, 50, genuine, client.headroom, client.headroom + 2);
    pair.server.handleRecord(genuine, PATH, pair.now);
    pair.flush();
    expect(pair.error('server')).toMatchObject({ code: 'DTLS_ALERT_RECEIVED', alert: ALERT.handshakeFailure });
    expect(pair.server.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('a new ClientHello on a finished connection changes nothing', () => {
    const pair = new Pair().connect();
    pair.server.handleRecord(handshakeRecord(1, 0, hex(BROWSER_CLIENT_HELLOS.firefoxDtls12)), PATH, pair.now + 1000);
    pair.run();
    expect(pair.server.state).toBe('connected');
    expect(pair.server.stats().dropped.epoch).toBe(1);
  });

  it('any bit flip in any datagram of the handshake leaves two honest peers connected or failed, never half way', () => {
    const reference = new Pair().connect();
    const outcomes = new Set<string>();
    for (const side of ['client', 'server'] as const) {
      for (const [index, datagram] of reference.sent[side].entries()) {
        for (let bit = 3; bit < datagram.length * 8; bit += 331) {
          const pair = new Pair({ handshakeTimeout: 3000 }, { handshakeTimeout: 3000 });
          pair.fate = (from, bytes, at) => {
            if (from === side && at === index) bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7);
            return [1];
          };
          pair.start().run(undefined, 10_000);
          outcomes.add(pair.client.state).add(pair.server.state);
          if (pair.client.state === 'connected') expect(pair.server.state).toBe('connected');
        }
      }
    }
    expect([...outcomes].every((state) => state === 'connected' || state === 'failed')).toBe(true);
  });

  it('garbage of any kind is dropped and counted, and the connection goes on', () => {
    const pair = new Pair().connect();
    const sealed = pair.seal('client', Uint8Array.of(5));
    mangle(sealed, (bytes) => pair.server.handleRecord(bytes, PATH, pair.now));
    pair.server.handleRecord(new Uint8Array(0), PATH, pair.now);
    pair.server.handleRecord(new Uint8Array(2000).fill(22), PATH, pair.now);
    expect(pair.server.state).toBe('connected');
    const { dropped } = pair.server.stats();
    expect(dropped.forged).toBeGreaterThan(100);
    expect(dropped.garbage).toBeGreaterThan(20);
    pair.server.handleRecord(sealed, PATH, pair.now);
    pair.flush();
    expect(pair.received.server).toEqual([Uint8Array.of(5)]);
  });

  it('a flood of alerts fills no queue', () => {
    const pair = new Pair().start();
    for (let i = 0; i < 1000; i++) pair.client.handleRecord(record(21, hex('0164')), PATH, 1);
    let events = 0;
    while (pair.client.pollEvent() !== undefined) events++;
    expect(events).toBeLessThanOrEqual(64);
  });
});
