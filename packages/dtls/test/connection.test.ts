import { ALERT, portableCrypto } from '@kaon/dtls';
import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { identity } from './helpers/identity.ts';
import { PATH, Pair, pinned } from './helpers/pair.ts';

const DATA = Uint8Array.of(1, 2, 3);

describe('cipher suites', () => {
  const SUITES: [string, number, 'p256' | 'rsa2048', number][] = [
    ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 0xc02b, 'p256', 21],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 0xc02c, 'p256', 21],
    ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 0xcca9, 'p256', 13],
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 0xc02f, 'rsa2048', 21],
    ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 0xc030, 'rsa2048', 21],
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 0xcca8, 'rsa2048', 13],
  ];

  it.each(SUITES)('%s connects and carries data both ways', (name, id, server, headroom) => {
    const pair = new Pair({ cipherSuites: [id] }, { certificate: identity(server) }).connect();
    pair.write('client', DATA);
    pair.write('server', Uint8Array.of(4, 5));
    pair.run();
    expect(pair.received.server).toEqual([DATA]);
    expect(pair.received.client).toEqual([Uint8Array.of(4, 5)]);
    for (const side of [pair.client, pair.server]) {
      expect(side.negotiated).toMatchObject({
        version: 'DTLS 1.2',
        cipherSuite: id,
        cipherSuiteName: name,
        group: 'X25519',
      });
      expect(side.headroom).toBe(headroom);
      expect(side.tailroom).toBe(16);
    }
  });

  it('are chosen in the order of the server', () => {
    const pair = new Pair({ cipherSuites: [0xc02b, 0xcca9] }, { cipherSuites: [0xcca9, 0xc02b] }).connect();
    expect(pair.client.negotiated?.cipherSuite).toBe(0xcca9);
  });
});

describe('certificates', () => {
  const NAMES = ['p256', 'p384', 'ed25519', 'rsa2048'] as const;
  const pairs = NAMES.map((client, i) => [client, NAMES[(i + 1) % 4]!] as const);

  it.each([...pairs, ['ed25519', 'ed25519'] as const])(
    '%s of the client and %s of the server prove themselves',
    (client, server) => {
      const pair = new Pair(
        { certificate: identity(client), verifyPeer: pinned(identity(server).chain[0]!) },
        { certificate: identity(server), verifyPeer: pinned(identity(client).chain[0]!) },
      ).connect();
      expect(pair.server.peerCertificate?.chain).toEqual(identity(client).chain);
      expect(pair.client.peerCertificate?.chain).toEqual(identity(server).chain);
    },
  );

  it.each([0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601])('RSA proves itself with scheme %i', (scheme) => {
    const certificate = identity('rsa2048', [scheme]);
    const pair = new Pair({ certificate }, { certificate }).connect();
    expect([pair.client.negotiated?.signatureScheme, pair.server.negotiated?.signatureScheme]).toEqual([
      scheme,
      scheme,
    ]);
  });

  it('come with their whole chain', () => {
    const certificate = { ...identity('p256'), chain: [identity('p256').chain[0]!, identity('rsa2048').chain[0]!] };
    const pair = new Pair({ certificate }).connect();
    expect(pair.server.peerCertificate?.chain).toEqual(certificate.chain);
  });

  it('are seen by verifyPeer once, before the end of the handshake', () => {
    const seen: string[] = [];
    const pair: Pair = new Pair(
      { verifyPeer: () => void seen.push(`client ${pair.client.state}`) },
      { verifyPeer: () => void seen.push(`server ${pair.server.state}`) },
    );
    pair.connect();
    expect(seen).toEqual(['client connecting', 'server connecting']);
  });
});

describe('groups and signature schemes', () => {
  it.each(['X25519', 'P-256', 'P-384'] as const)('%s is used when it is what both have', (group) => {
    const pair = new Pair({}, { groups: [group] }).connect();
    expect(pair.client.negotiated?.group).toBe(group);
  });

  it('signatureSchemes is what the peer may sign with', () => {
    const pair = new Pair({ signatureSchemes: [0x0503] }, { signatureSchemes: [0x0403] }).connect();
    expect(pair.client.negotiated?.signatureScheme).toBe(0x0503);
    expect(pair.server.negotiated?.signatureScheme).toBe(0x0403);
  });
});

describe('states and events', () => {
  it('go new, connecting, connected, closed on both sides', () => {
    const pair = new Pair();
    expect(pair.client.state).toBe('new');
    pair.connect();
    pair.client.close(pair.now);
    pair.run();
    for (const side of ['client', 'server'] as const) {
      const events = pair.events[side].map((event) => (event.type === 'state' ? event.state : event.type));
      expect(events.filter((name) => name !== 'alert')).toEqual([
        'connecting',
        'connected',
        'connected',
        'closed',
        'closed',
      ]);
    }
    expect(pair.bothAre('closed')).toBe(true);
  });

  it('a server needs no start, and may be there before the client', () => {
    const pair = new Pair();
    pair.client.start(0);
    expect(pair.run(() => pair.bothAre('connected'))).toBe(true);
    const late = new Pair();
    late.server.start(0);
    expect(late.server.state).toBe('connecting');
    expect(late.server.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    late.run(undefined, 60_000);
    late.client.start(late.now);
    expect(late.run(() => late.bothAre('connected'))).toBe(true);
  });

  it('start is idempotent, and nothing after the end', () => {
    const pair = new Pair();
    pair.client.start(0);
    pair.client.start(0);
    pair.run(() => pair.bothAre('connected'));
    expect(pair.events.client.filter((event) => event.type === 'connected').length).toBe(1);
    pair.client.close(pair.now);
    pair.client.start(pair.now);
    expect(pair.client.state).toBe('closed');
  });

  it('a client that has not started ignores what comes', () => {
    const pair = new Pair();
    pair.client.handleRecord(Uint8Array.of(22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), PATH, 0);
    expect(pair.client.state).toBe('new');
    expect(pair.client.stats().dropped.ignored).toBe(1);
  });

  it('what was agreed is not to be read before connected', () => {
    const pair = new Pair({ srtpProfiles: [7] }, { srtpProfiles: [7] });
    pair.start();
    pair.run(() => pair.server.state === 'connected');
    expect(pair.client.state).toBe('connecting');
    expect([pair.client.negotiated, pair.client.peerCertificate, pair.client.srtpProfile]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    pair.run(() => pair.bothAre('connected'));
    expect([pair.client.srtpProfile, pair.server.srtpProfile]).toEqual([7, 7]);
    expect(pair.client.negotiated?.srtpProfile).toBe(7);
  });

  it('no datagram of the handshake is above the mtu', () => {
    for (const mtu of [256, 500, 1200]) {
      const pair = new Pair({ mtu }, { mtu }).connect();
      const sizes = [...pair.sent.client, ...pair.sent.server].map((datagram) => datagram.length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(mtu);
      expect(Math.max(...sizes)).toBeGreaterThan(mtu / 2);
    }
  });
});

describe('seal', () => {
  const slotFor = (length: number, headroom = 21): Slot => {
    const slot = new Slot(length + 16, headroom);
    slot.end = slot.start + length;
    return slot;
  };

  it('throws unless connected, and leaves the slot alone', () => {
    const pair = new Pair();
    const slot = slotFor(3);
    expect(() => pair.client.seal(slot, 0)).toThrow(expect.objectContaining({ code: 'DTLS_NOT_CONNECTED' }));
    pair.connect().client.close(pair.now);
    expect(() => pair.client.seal(slot, pair.now)).toThrow(expect.objectContaining({ code: 'DTLS_NOT_CONNECTED' }));
    expect([slot.start, slot.end]).toEqual([21, 24]);
  });

  it('throws without room in front, behind, or for too much', () => {
    const { client } = new Pair().connect();
    const noRoom = expect.objectContaining({ code: 'DTLS_NO_ROOM' });
    expect(() => client.seal(slotFor(3, 20), 0)).toThrow(noRoom);
    const tight = slotFor(3);
    tight.end++;
    expect(() => client.seal(tight, 0)).toThrow(noRoom);
    const limited = slotFor(3);
    limited.limit--;
    expect(() => client.seal(limited, 0)).toThrow(noRoom);
    expect(() => client.seal(slotFor(2 ** 14 + 1), 0)).toThrow(noRoom);
    client.seal(slotFor(2 ** 14), 0);
  });

  it('carries the largest plaintext', () => {
    const pair = new Pair().connect();
    const data = new Uint8Array(2 ** 14).map((_, i) => i);
    pair.write('server', data);
    pair.run();
    expect(pair.received.client).toEqual([data]);
  });
});

describe('exportKeyingMaterial', () => {
  it('throws unless connected', () => {
    const pair = new Pair();
    const notConnected = expect.objectContaining({ code: 'DTLS_NOT_CONNECTED' });
    expect(() => pair.client.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60)).toThrow(notConnected);
    pair.connect();
    const ours = pair.client.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60);
    expect(ours).toEqual(pair.server.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60));
    pair.client.close(pair.now);
    expect(() => pair.client.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60)).toThrow(notConnected);
  });
});

describe('close', () => {
  it('sends close_notify, which the other side answers', () => {
    const pair = new Pair().connect();
    pair.server.close(pair.now);
    expect(pair.server.state).toBe('closed');
    expect(pair.server.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    pair.run();
    expect(pair.client.state).toBe('closed');
    expect(pair.events.client).toContainEqual({
      type: 'alert',
      direction: 'received',
      level: 1,
      description: ALERT.closeNotify,
    });
    expect(pair.events.client).toContainEqual({
      type: 'alert',
      direction: 'sent',
      level: 1,
      description: ALERT.closeNotify,
    });
  });

  it('is idempotent, silent before the start, and lets data that came be read', () => {
    const pair = new Pair();
    pair.client.close(0);
    pair.client.close(0);
    pair.flush();
    expect(pair.sent.client).toEqual([]);
    expect(pair.events.client.map((event) => event.type)).toEqual(['state', 'closed']);

    const other = new Pair().connect();
    const record = other.seal('client', DATA);
    other.server.handleRecord(record, PATH, other.now);
    other.server.close(other.now);
    expect(other.server.pollPlaintext()).toEqual(DATA);
  });

  it('in the middle of a handshake ends it on both sides', () => {
    const pair = new Pair().start();
    pair.run(() => pair.client.state === 'connecting' && pair.sent.server.length > 0);
    pair.client.close(pair.now);
    pair.run();
    expect(pair.client.state).toBe('closed');
    expect(pair.server.state).toBe('failed');
    expect(pair.error('server')?.code).toBe('DTLS_ALERT_RECEIVED');
  });

  it('reads nothing more', () => {
    const pair = new Pair().connect();
    const record = pair.seal('client', DATA);
    pair.server.close(pair.now);
    pair.server.handleRecord(record, PATH, pair.now);
    expect(pair.server.pollPlaintext()).toBeUndefined();
  });
});

describe('options', () => {
  it('handshakeTimeout: a client whose server is silent fails in time', () => {
    const pair = new Pair({ handshakeTimeout: 5000 });
    pair.fate = () => [];
    pair.start().run();
    expect(pair.client.state).toBe('failed');
    expect(pair.error('client')?.code).toBe('DTLS_HANDSHAKE_TIMEOUT');
    // At 0, 100, 300, 700, 1500 and 3100 ms.
    expect(pair.sent.client.length).toBe(6);
    expect(pair.client.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('handshakeTimeout: a server counts from the first message', () => {
    const pair = new Pair({}, { handshakeTimeout: 5000 });
    pair.server.start(0);
    pair.run(undefined, 20_000);
    pair.fate = (from) => (from === 'client' ? [1] : []);
    pair.client.start(pair.now);
    pair.run(() => pair.server.state === 'failed');
    expect(pair.now).toBe(25_001);
  });

  it('retransmissionTimeout: the first pause', () => {
    const pair = new Pair({ retransmissionTimeout: 400 });
    pair.client.start(1000);
    expect(pair.client.pollTimeout()).toBe(1400);
  });

  it('replayWindow: how late a record may be', () => {
    for (const [replayWindow, delivered] of [
      [64, 0],
      [256, 1],
    ] as const) {
      const pair = new Pair({}, { replayWindow }).connect();
      const late = pair.seal('client', DATA);
      for (let i = 0; i < 100; i++) pair.server.handleRecord(pair.seal('client', DATA), PATH, pair.now);
      while (pair.server.pollPlaintext() !== undefined);
      pair.server.handleRecord(late, PATH, pair.now);
      expect(pair.server.pollPlaintext() === undefined ? 0 : 1).toBe(delivered);
    }
  });

  it('cookieExchange: the first hello is answered with a HelloVerifyRequest', () => {
    const pair = new Pair({}, { cookieExchange: true }).connect();
    expect(pair.sent.server[0]?.[13]).toBe(3);
    expect(pair.sent.client.length).toBe(3);
    expect(new Pair().connect().sent.server[0]?.[13]).toBe(2);
  });

  it('keyLog: one line in the format of NSS, the same on both sides', () => {
    const lines: string[][] = [[], []];
    new Pair({ keyLog: (line) => lines[0]!.push(line) }, { keyLog: (line) => lines[1]!.push(line) }).connect();
    expect(lines[0]?.[0]).toMatch(/^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/);
    expect(lines[0]).toEqual(lines[1]);
  });

  it('crypto: everything goes through the given provider', () => {
    const { crypto, calls } = countingCrypto();
    const pair = new Pair({ crypto }).connect();
    for (let i = 0; i < 10; i++) pair.write('client', DATA);
    pair.run();
    expect(pair.received.server.length).toBe(10);
    // Keyed once per direction, whatever the number of records.
    expect(calls['aead']).toBe(2);
    expect(calls['keyAgreement']).toBe(1);
    expect(calls['verify']).toBe(1);
    expect(calls['random']).toBe(1);
  });

  it('trace: tells the story', () => {
    const names: string[] = [];
    const pair = new Pair({ trace: (event) => names.push(event.name) }).connect();
    pair.client.handleRecord(Uint8Array.of(99), PATH, pair.now);
    pair.client.close(pair.now);
    for (const name of ['state', 'flight-sent', 'message-received', 'negotiated', 'record-dropped', 'alert-sent']) {
      expect(names).toContain(`dtls:${name}`);
    }
  });
});

function countingCrypto(): { crypto: typeof portableCrypto; calls: Record<string, number> } {
  const calls: Record<string, number> = {};
  const crypto = new Proxy(portableCrypto, {
    get(target, name: keyof typeof portableCrypto) {
      calls[name] = (calls[name] ?? 0) + 1;
      return target[name];
    },
  });
  return { crypto, calls };
}
