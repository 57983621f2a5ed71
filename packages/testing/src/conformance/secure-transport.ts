/** What secure-transport/v1 promises, on two transports that connect to each other. */
import type { Instant } from '@kaon/interface/core/v1';
import type { SecureTransport } from '@kaon/interface/secure-transport/v1';
import { Slot } from '@kaon/wire';
import type { Pair, PairOptions } from '../pair.ts';
import { type SeededRandom, seededRandom } from '../random.ts';
import { withSeed } from '../seed.ts';
import { coreConformance } from './core.ts';
import { check, checkEqual, checkThrowsCoded, type Framework } from './framework.ts';
import { type Command, isTerminal, launch, launchReady, type Running, type World, type WorldPair } from './world.ts';

/** A client and a server that accept each other. Make both anew, from the seed alone. */
export interface SecureWorld {
  readonly client: SecureTransport<{ readonly type: string }>;
  readonly server: SecureTransport<{ readonly type: string }>;
  start(now: Instant): void;
  readonly pair?: PairOptions;
  readonly misuses?: readonly Command[];
  /** See `World.ambient`. */
  readonly ambient?: readonly string[];
}

/** Makes two transports from a seed. */
export type MakeSecureWorld = (seed: number) => SecureWorld;

/** Tests secure-transport/v1, with the contract of core/v1 below it. */
export function secureTransportConformance(framework: Framework, name: string, make: MakeSecureWorld): void {
  const { describe, it } = framework;
  const makeWorld = (seed: number): World => toWorld(make(seed));
  coreConformance(framework, name, makeWorld);

  describe(`${name}: secure-transport/v1`, () => {
    it('carries its tag', () => {
      const { client, server } = make(1);
      for (const each of [client, server]) checkEqual(each.interface, 'kaon:secure-transport/1', 'interface');
    });

    it('connects both sides, also over a bad line', () =>
      withSeed((seed) => {
        launchReady(makeWorld, seed);
        launchReady(makeWorld, seed, { netem: { delay: 30, jitter: 20, loss: 0.2, reorder: 0.1, duplicate: 0.1 } });
      }));

    it('seal and exportKeyingMaterial throw before connected', () => {
      const { client } = make(1);
      checkThrowsCoded(() => client.seal(plaintext(client, new Uint8Array(4)), 1000), 'seal');
      checkThrowsCoded(() => client.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 32), 'exportKeyingMaterial');
    });

    it('seals in place within headroom and tailroom, also when the slot has no byte more', () => {
      const session = connect(make);
      for (const length of [1, 15, 16, 17, 1000]) {
        const slot = plaintext(session.client, session.random.bytes(length));
        const { buffer, start, end } = slot;
        slot.limit = end + session.client.tailroom;
        session.client.seal(slot, session.pair.now);
        check(slot.buffer === buffer, 'the buffer was replaced');
        check(slot.start >= start - session.client.headroom && slot.start <= start, `start moved to ${slot.start}`);
        check(slot.end >= end && slot.end <= end + session.client.tailroom, `end moved to ${slot.end}`);
      }
    });

    it('leaves bytes outside of headroom and tailroom alone', () => {
      const { client, pair, random } = connect(make);
      const slot = new Slot(2000, 200);
      slot.buffer.fill(0x5a);
      slot.start = 200;
      slot.end = 700;
      slot.buffer.set(random.bytes(500), slot.start);
      client.seal(slot, pair.now);
      const before = slot.buffer.subarray(0, 200 - client.headroom);
      const behind = slot.buffer.subarray(700 + client.tailroom);
      check(before.every((byte) => byte === 0x5a) && behind.every((byte) => byte === 0x5a), 'seal wrote elsewhere');
    });

    it('delivers what was sealed, in both directions, of every size', () => {
      const session = connect(make);
      const { client, server, random } = session;
      const sizes = [1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 500, 1000, 1163];
      for (const size of sizes) {
        for (const [from, to] of [[client, server] as const, [server, client] as const]) {
          const data = random.bytes(size);
          deliver(session, to, record(session, from, data));
          checkEqual(to.pollPlaintext(), data, `plaintext of ${size} bytes`);
          checkEqual(to.pollPlaintext(), undefined, 'a second plaintext');
        }
      }
    });

    it('delivers hundreds of records in order', () => {
      const session = connect(make);
      const data = Array.from({ length: 300 }, () => session.random.bytes(session.random.integer(1, 300)));
      for (const each of data) deliver(session, session.server, record(session, session.client, each));
      for (const each of data) checkEqual(session.server.pollPlaintext(), each, 'a plaintext');
    });

    it('delivers records that overtake each other', () => {
      const session = connect(make);
      const records = Array.from({ length: 8 }, (_, i) => record(session, session.client, Uint8Array.of(i)));
      for (const each of records.reverse()) deliver(session, session.server, each);
      for (let i = 7; i >= 0; i--) checkEqual(session.server.pollPlaintext(), Uint8Array.of(i), 'a plaintext');
    });

    it('delivers a record once, however often it comes', () => {
      const session = connect(make);
      const sealed = record(session, session.client, Uint8Array.of(1, 2, 3));
      const copy = sealed.slice();
      deliver(session, session.server, sealed);
      deliver(session, session.server, copy);
      checkEqual(session.server.pollPlaintext(), Uint8Array.of(1, 2, 3), 'the plaintext');
      checkEqual(session.server.pollPlaintext(), undefined, 'the replayed plaintext');
    });

    it('delivers nothing of a record with any bit flipped or byte cut, and goes on', () => {
      const session = connect(make);
      const sealed = record(session, session.client, Uint8Array.of(1, 2, 3, 4));
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const flipped = sealed.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        deliver(session, session.server, flipped);
        checkEqual(session.server.pollPlaintext(), undefined, `plaintext with bit ${bit} flipped`);
      }
      for (let length = 0; length < sealed.length; length++) {
        deliver(session, session.server, sealed.slice(0, length));
        checkEqual(session.server.pollPlaintext(), undefined, `plaintext of a record cut to ${length} bytes`);
      }
      deliver(session, session.server, sealed);
      checkEqual(session.server.pollPlaintext(), Uint8Array.of(1, 2, 3, 4), 'the genuine record');
    });

    it('exports the same keying material on both sides, another one for each label and session', () => {
      const session = connect(make);
      const one = session.client.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60);
      checkEqual(one.length, 60, 'length');
      checkEqual(session.server.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60), one, 'the server');
      const other = session.client.exportKeyingMaterial('EXPERIMENTAL-kaon', 60);
      check(
        one.some((byte, i) => byte !== other[i]),
        'two labels gave the same',
      );
      const another = connect(make, 99).client.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60);
      check(
        one.some((byte, i) => byte !== another[i]),
        'two sessions gave the same',
      );
    });

    it('both sides agree on the SRTP profile', () => {
      const { client, server } = connect(make);
      checkEqual(client.srtpProfile, server.srtpProfile, 'srtpProfile');
    });

    it('close ends both sides with closed, and is idempotent', () => {
      const { client, pair } = connect(make);
      client.close(pair.now);
      client.close(pair.now);
      pair.run({ until: () => pair.a.has('closed') && pair.b.has('closed'), what: 'closed on both sides' });
      client.close(pair.now);
      pair.advance(1000);
      for (const side of [pair.a, pair.b]) checkEqual(side.events.filter(isTerminal).length, 1, `ends of ${side.name}`);
    });

    it('close before anything has happened ends it too', () => {
      const running = launch(makeWorld, 1);
      running.world.close?.(running.pair.now);
      running.pair.run({ until: () => running.pair.a.events.some(isTerminal), what: 'an end', timeout: 200_000 });
    });
  });
}

interface Session {
  readonly client: SecureWorld['client'];
  readonly server: SecureWorld['server'];
  readonly pair: WorldPair;
  readonly random: SeededRandom;
}

function toWorld({ client, server, start, pair, misuses = [], ambient = [] }: SecureWorld): World & SecureWorld {
  return {
    client,
    server,
    a: client,
    b: server,
    start,
    isReady: (joined: WorldPair) => joined.a.has('connected') && joined.b.has('connected'),
    close: (now) => client.close(now),
    misuses,
    ambient,
    commands: [{ name: 'exportKeyingMaterial', call: () => client.exportKeyingMaterial('EXPERIMENTAL', 8) }],
    ...(pair !== undefined && { pair }),
  };
}

function connect(make: MakeSecureWorld, seed = 1): Session {
  let secure: SecureWorld | undefined;
  const { pair }: Running = launchReady((s) => {
    secure = make(s);
    return toWorld(secure);
  }, seed);
  return { client: secure!.client, server: secure!.server, pair, random: seededRandom(seed) };
}

/** A slot that holds `data` with exactly the room the transport asks for. */
function plaintext(transport: SecureWorld['client'], data: Uint8Array): Slot {
  const slot = new Slot(data.length + transport.tailroom, transport.headroom);
  slot.buffer.set(data, slot.start);
  slot.end = slot.start + data.length;
  return slot;
}

function record(session: Session, from: SecureWorld['client'], data: Uint8Array): Uint8Array {
  const slot = plaintext(from, data);
  from.seal(slot, session.pair.now);
  return slot.bytes.slice();
}

function deliver(session: Session, to: SecureWorld['client'], bytes: Uint8Array): void {
  to.handleRecord(bytes, PATH, session.pair.now);
}

const PATH: Parameters<Pair<never, never>['inject']>[2] & object = {
  protocol: 'udp',
  local: { address: '192.0.2.1', family: 'IPv4', port: 5001 },
  remote: { address: '198.51.100.1', family: 'IPv4', port: 5002 },
};
