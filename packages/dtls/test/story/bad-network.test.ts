/** Two peers and a bad network, on virtual time. The seed is in the name of each test. */
import { type SeededRandom, seededRandom } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { type Fate, Pair } from '../helpers/pair.ts';
import { seededCrypto } from '../helpers/seeded-crypto.ts';

interface Weather {
  readonly name: string;
  readonly loss: number;
  readonly duplicate: number;
  readonly delay: number;
  readonly jitter: number;
}

const WEATHER: readonly Weather[] = [
  { name: 'a satellite', loss: 0.01, duplicate: 0, delay: 300, jitter: 20 },
  { name: 'loss of 20 %', loss: 0.2, duplicate: 0, delay: 20, jitter: 0 },
  { name: 'loss of 40 %', loss: 0.4, duplicate: 0, delay: 20, jitter: 5 },
  { name: 'reordering', loss: 0, duplicate: 0, delay: 10, jitter: 80 },
  { name: 'duplication', loss: 0, duplicate: 0.5, delay: 10, jitter: 60 },
  { name: 'everything', loss: 0.25, duplicate: 0.3, delay: 40, jitter: 120 },
];

function fateOf(weather: Weather, random: SeededRandom): Fate {
  const once = (): number => weather.delay + random.float() * weather.jitter;
  return () => {
    if (random.float() < weather.loss) return [];
    return random.float() < weather.duplicate ? [once(), once()] : [once()];
  };
}

describe.each(WEATHER)('over $name', (weather) => {
  it.each([1, 2, 3, 4, 5, 6])('a handshake completes and every record that arrives is genuine (seed %i)', (seed) => {
    const random = seededRandom(seed);
    // Small datagrams, so that there is much to lose; cookies in half of the stories.
    const mtu = 256 + random.integer(0, 300);
    const pair = new Pair(
      { mtu, crypto: seededCrypto(seed, 'client'), handshakeTimeout: 60_000 },
      { mtu, crypto: seededCrypto(seed, 'server'), handshakeTimeout: 60_000, cookieExchange: seed % 2 === 0 },
    );
    pair.fate = fateOf(weather, random);
    pair.start();
    expect(pair.run(() => pair.bothAre('connected'), 60_000)).toBe(true);

    const sent: string[] = [];
    for (let i = 0; i < 50; i++) {
      const data = random.bytes(random.integer(1, 1000));
      sent.push(Buffer.from(data).toString('hex'));
      pair.write('client', data);
    }
    pair.run(undefined, 2000);
    const received = pair.received.server.map((data) => Buffer.from(data).toString('hex'));
    expect(new Set(received).size).toBe(received.length);
    for (const data of received) expect(sent).toContain(data);
    if (weather.loss === 0) expect(received.length).toBe(50);
    // Both are silent when there is nothing to say.
    const datagrams = pair.sent.client.length + pair.sent.server.length;
    pair.run(undefined, 60_000);
    expect(pair.sent.client.length + pair.sent.server.length).toBe(datagrams);
  });
});

describe('each datagram of a handshake', () => {
  const count = new Pair({ mtu: 400 }, { mtu: 400 }).connect().sent;
  const all = [
    ...count.client.map((_, index) => ['client', index] as const),
    ...count.server.map((_, index) => ['server', index] as const),
  ];

  it.each(all)('from the %s, number %i, may be lost: it takes one timeout longer', (side, index) => {
    const pair = new Pair({ mtu: 400 }, { mtu: 400 });
    pair.fate = (from, _, at) => (from === side && at === index ? [] : [1]);
    pair.start();
    expect(pair.run(() => pair.bothAre('connected'))).toBe(true);
    expect(pair.now).toBeLessThan(250);
  });
});

describe('a last flight that is lost', () => {
  it('is sent again when the client repeats its own, as often as it takes', () => {
    const pair = new Pair();
    let lost = 0;
    pair.fate = (from, bytes) => {
      // The server's last flight begins with ChangeCipherSpec.
      if (from !== 'server' || bytes[0] !== 20 || lost === 4) return [1];
      lost++;
      return [];
    };
    pair.start();
    expect(pair.run(() => pair.bothAre('connected'))).toBe(true);
    expect(lost).toBe(4);
    expect(pair.server.stats().repetitions).toBe(4);
    expect(pair.client.stats().retransmissions).toBe(4);
    pair.write('client', Uint8Array.of(1));
    pair.write('server', Uint8Array.of(2));
    pair.run();
    expect([pair.received.server, pair.received.client]).toEqual([[Uint8Array.of(1)], [Uint8Array.of(2)]]);
  });
});

describe('a peer that vanishes', () => {
  it('in the middle of the handshake is given up after the handshake timeout, on either side', () => {
    for (const side of ['client', 'server'] as const) {
      const pair = new Pair({ handshakeTimeout: 10_000 }, { handshakeTimeout: 10_000 });
      pair.fate = (from, _, index) => (from === side || index === 0 ? [1] : []);
      pair.start().run();
      expect(pair.side(side).state).toBe('failed');
      expect(pair.error(side)?.code).toBe('DTLS_HANDSHAKE_TIMEOUT');
    }
  });
});
