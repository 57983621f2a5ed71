/** What network/v1 promises of streams and their listeners. */
import type { ByteStream, Network, StreamListener, TlsClientOptions } from '@kaon/interface/network/v1';
import { check, checkEqual, type Framework } from './framework.ts';
import type { NetworkSubject } from './network.ts';

/** A network under test, with a certificate to listen with. */
export interface StreamSubject extends NetworkSubject {
  readonly tls: {
    /** For the name `turn.example` and the subject's address; trusted by itself alone. */
    readonly certificate: string;
    readonly privateKey: string;
  };
}

/** Tests `connectTcp`, `listenTcp` and `startTls` of a `Network` that has them. */
export function streamConformance({ describe, it }: Framework, name: string, make: () => StreamSubject): void {
  const story =
    (body: (world: StreamWorld) => Promise<void>, tls = false) =>
    async () => {
      const world = await StreamWorld.open(make(), tls);
      try {
        await body(world);
      } finally {
        world.close();
      }
    };

  describe(`${name}: streams of network/v1`, () => {
    it(
      'listens on a free port and says which, and connects with addresses that both ends agree on',
      story(async (world) => {
        const [client, server] = await world.connect();
        checkEqual(world.listener.interface, 'kaon:stream-listener/1', 'interface');
        checkEqual(client.interface, 'kaon:byte-stream/1', 'interface');
        checkEqual(client.remote, world.listener.local, 'remote');
        checkEqual(server.remote, client.local, 'remote of the server');
        checkEqual(server.local, client.remote, 'local of the server');
      }),
    );

    it(
      'rejects where nobody listens, with ECONNREFUSED',
      story(async (world) => {
        world.listener.close();
        checkEqual(await code(world.dial()), 'ECONNREFUSED', 'code');
      }),
    );

    it(
      'rejects addresses that are not ours, and ports that are taken',
      story(async (world) => {
        const { network, address } = world.subject;
        check((await code(network.listenTcp!({ address: '198.51.100.77' }))) !== 'none', 'a foreign address');
        check((await code(network.listenTcp!({ address: 'not an address' }))) !== 'none', 'nonsense');
        const { port } = world.listener.local;
        checkEqual(await code(network.listenTcp!({ address, port })), 'EADDRINUSE', 'a port that is taken');
        check((await code(network.listenTcp!({ address, portRange: [port, port] }))) !== 'none', 'a range used up');
        const local = { address: '198.51.100.77' };
        check((await code(network.connectTcp!({ remote: world.listener.local, local }))) !== 'none', 'foreign local');
      }),
    );

    it(
      'connects from the address it is told',
      story(async (world) => {
        const { address } = world.subject;
        const client = world.keep(
          await world.wait(world.network.connectTcp!({ remote: world.listener.local, local: { address } })),
        );
        checkEqual(client.local.address, address, 'address');
      }),
    );

    it(
      'carries windows of buffers that are used again at once, in order, both ways',
      story(async (world) => {
        const [client, server] = await world.connect();
        const [atServer, atClient] = [collect(server), collect(client)];
        const buffer = new Uint8Array(3000);
        for (let i = 0; i < 100; i++) {
          buffer.fill(i);
          check(client.write(buffer, 1000, 2500), 'write');
          buffer.fill(0xee);
        }
        buffer.set([1, 2, 3]);
        server.write(buffer, 0, 3);
        await world.until(() => atServer.length === 150_000 && atClient.length === 3);
        const all = atServer.all();
        for (let i = 0; i < all.length; i++) checkEqual(all[i], Math.floor(i / 1500), `byte ${i}`);
        checkEqual(atClient.all(), Uint8Array.of(1, 2, 3), 'bytes of the server');
      }),
    );

    it(
      'gives pieces that belong to the callee',
      story(async (world) => {
        const [client, server] = await world.connect();
        const got = collect(server, (bytes) => bytes.fill(0xff));
        for (let i = 0; i < 50; i++) client.write(Uint8Array.of(i), 0, 1);
        await world.until(() => got.length === 50);
        checkEqual(
          got.all(),
          Uint8Array.from({ length: 50 }, (_, i) => i),
          'bytes',
        );
      }),
    );

    it(
      'keeps what comes before onData is set, and the end behind it',
      story(async (world) => {
        const [client, server] = await world.connect();
        const [other, atOther] = await world.connect();
        client.write(Uint8Array.of(1, 2, 3), 0, 3);
        client.close();
        // Something that takes as long: afterwards the bytes are there.
        const seen = collect(atOther);
        other.write(Uint8Array.of(1), 0, 1);
        await world.until(() => seen.length === 1);
        let closed = 0;
        const got = collect(server);
        server.onClose = (error) => {
          checkEqual(error, undefined, 'error');
          checkEqual(got.length, 3, 'bytes before the end');
          closed++;
        };
        await world.until(() => closed === 1);
      }),
    );

    it(
      'says how much waits, and when nothing does any more',
      story(async (world) => {
        const [client, server] = await world.connect();
        let drains = 0;
        client.onDrain = () => {
          checkEqual(client.bufferedAmount, 0, 'bufferedAmount');
          drains++;
        };
        const piece = new Uint8Array(1_000_000);
        let written = 0;
        while (client.bufferedAmount === 0 && written < 100) {
          client.write(piece, 0, piece.length);
          written++;
        }
        check(client.bufferedAmount > 0, 'nothing waits though nobody reads');
        const got = collect(server, undefined, false);
        await world.until(() => drains === 1 && got.length === written * piece.length);
      }),
    );

    it(
      'sends what was written before close, and tells the peer of its end once',
      story(async (world) => {
        const [client, server] = await world.connect();
        const got = collect(server, undefined, false);
        const ends: unknown[] = [];
        server.onClose = (error) => ends.push(error);
        client.write(new Uint8Array(500_000), 0, 500_000);
        client.close();
        client.close();
        checkEqual(client.write(new Uint8Array(1), 0, 1), false, 'write after close');
        await world.until(() => ends.length > 0);
        checkEqual(got.length, 500_000, 'bytes');
        checkEqual(ends, [undefined], 'ends');
        checkEqual(server.write(new Uint8Array(1), 0, 1), false, 'write after the end');
      }),
    );

    it(
      'no callback follows close',
      story(async (world) => {
        const [client, server] = await world.connect();
        let called = 0;
        client.onData = () => called++;
        client.onClose = () => called++;
        client.close();
        server.write(Uint8Array.of(1), 0, 1);
        server.close();
        const [other, atOther] = await world.connect();
        const seen = collect(atOther);
        other.write(Uint8Array.of(1), 0, 1);
        await world.until(() => seen.length === 1);
        checkEqual(called, 0, 'callbacks');
      }),
    );

    it(
      'a closed listener takes no more, and those it gave out live on',
      story(async (world) => {
        const [client, server] = await world.connect();
        world.listener.close();
        world.listener.close();
        checkEqual(await code(world.dial()), 'ECONNREFUSED', 'code');
        const got = collect(server);
        client.write(Uint8Array.of(1), 0, 1);
        await world.until(() => got.length === 1);
      }),
    );
  });

  describe(`${name}: TLS of network/v1`, () => {
    const secure = (body: (world: StreamWorld, trusted: TlsClientOptions) => Promise<void>) => {
      const subject = make();
      const trusted = { hostname: 'turn.example', trustedCertificates: [subject.tls.certificate] };
      return story((world) => body(world, trusted), true);
    };

    for (const foreign of [false, true]) {
      it(
        `goes over ${foreign ? 'any stream' : 'a stream of its own'}`,
        secure(async (world, trusted) => {
          const plain = await world.dial();
          const client = world.keep(await world.wait(world.network.startTls!(foreign ? wrap(plain) : plain, trusted)));
          await world.until(() => world.accepted.length === 1);
          const server = world.accepted[0]!;
          checkEqual(client.remote, world.listener.local, 'remote');
          checkEqual(server.remote, client.local, 'remote of the server');
          const [atServer, atClient] = [collect(server), collect(client)];
          client.write(new Uint8Array(300_000).fill(7), 0, 300_000);
          server.write(Uint8Array.of(1, 2, 3), 0, 3);
          await world.until(() => atServer.length === 300_000 && atClient.length === 3);
          check(
            atServer.all().every((byte) => byte === 7),
            'bytes',
          );
          const ends: unknown[] = [];
          server.onClose = (error) => ends.push(error);
          client.close();
          await world.until(() => ends.length === 1);
          checkEqual(ends, [undefined], 'ends');
        }),
      );
    }

    it(
      'accepts a certificate for a numeric address, and any with verify: false',
      secure(async (world, { trustedCertificates }) => {
        const hostname = world.subject.address;
        const one = await world.dial();
        world.keep(await world.wait(world.network.startTls!(one, { hostname, trustedCertificates })));
        const two = await world.dial();
        world.keep(await world.wait(world.network.startTls!(two, { hostname: 'wrong.example', verify: false })));
      }),
    );

    it(
      'rejects a certificate for another name, and one that nobody vouches for',
      secure(async (world, { trustedCertificates }) => {
        const start = async (options: TlsClientOptions): Promise<string> =>
          code(world.wait(world.network.startTls!(await world.dial(), options)));
        const wrongName = await start({ hostname: 'wrong.example', trustedCertificates });
        checkEqual(wrongName, 'ERR_TLS_CERT_ALTNAME_INVALID', 'code');
        checkEqual(await start({ hostname: '192.0.2.200', trustedCertificates }), wrongName, 'code for an address');
        checkEqual(await start({ hostname: 'turn.example' }), 'DEPTH_ZERO_SELF_SIGNED_CERT', 'code');
      }),
    );

    it(
      'closes what does not speak TLS, at either end',
      secure(async (world, trusted) => {
        const client = world.keep(await world.dial());
        let closed = 0;
        client.onData = () => {};
        client.onClose = () => closed++;
        const text = Uint8Array.from('GET / HTTP/1.1\r\n\r\n', (letter) => letter.charCodeAt(0));
        client.write(text, 0, text.length);
        await world.until(() => closed === 1);
        checkEqual(world.accepted.length, 0, 'streams given out');
        const plain = await StreamWorld.open(world.subject, false);
        try {
          plain.listener.onStream = (stream) => {
            plain.keep(stream).onData = () => stream.write(text, 0, text.length);
          };
          check(
            (await code(plain.wait(plain.network.startTls!(await plain.dial(), trusted)))) !== 'none',
            'plain text',
          );
        } finally {
          plain.close();
        }
      }),
    );

    it(
      'gives a connection or a handshake up when its signal says so, before and meanwhile',
      story(async (world) => {
        const dial = (signal: AbortSignal): Promise<ByteStream> =>
          world.network.connectTcp!({ remote: world.listener.local, signal });
        checkEqual(await code(world.wait(dial(AbortSignal.abort()))), 'ABORT_ERR', 'code of one given up before');
        const abort = new AbortController();
        const dialing = dial(abort.signal);
        abort.abort();
        checkEqual(await code(world.wait(dialing)), 'ABORT_ERR', 'code of a connection');

        // Nobody speaks TLS on a plain listener.
        let ended = 0;
        world.listener.onStream = (stream) => {
          world.keep(stream).onData = () => {};
          stream.onClose = () => ended++;
        };
        const one = await world.dial();
        const given = { hostname: 'turn.example', signal: AbortSignal.abort() };
        checkEqual(
          await code(world.wait(world.network.startTls!(one, given))),
          'ABORT_ERR',
          'code of one given up before',
        );
        await world.until(() => ended === 1);
        const later = new AbortController();
        const stream = await world.dial();
        const securing = world.network.startTls!(stream, { hostname: 'turn.example', signal: later.signal });
        later.abort();
        checkEqual(await code(world.wait(securing)), 'ABORT_ERR', 'code of a handshake');
        await world.until(() => ended === 2);

        // Once there is a stream, the signal has no more to do with it.
        const late = new AbortController();
        const client = world.keep(await world.wait(dial(late.signal)));
        late.abort();
        check(client.write(Uint8Array.of(1), 0, 1), 'a stream whose signal came late');
      }),
    );

    it(
      'gives up after its timeout',
      story(async (world) => {
        // Nobody answers on a plain listener.
        world.listener.onStream = (stream) => {
          world.keep(stream).onData = () => {};
        };
        const options = { hostname: 'turn.example', timeout: 50 };
        checkEqual(await code(world.wait(world.network.startTls!(await world.dial(), options))), 'ETIMEDOUT', 'code');
      }),
    );
  });
}

class StreamWorld {
  readonly subject: StreamSubject;
  readonly network: Network;
  readonly listener: StreamListener;
  readonly accepted: ByteStream[] = [];
  readonly #streams: ByteStream[] = [];

  static async open(subject: StreamSubject, tls: boolean): Promise<StreamWorld> {
    const options = { address: subject.address, ...(tls && { tls: subject.tls }) };
    return new StreamWorld(subject, await subject.network.listenTcp!(options));
  }

  constructor(subject: StreamSubject, listener: StreamListener) {
    this.subject = subject;
    this.network = subject.network;
    this.listener = listener;
    listener.onStream = (stream) => this.accepted.push(this.keep(stream));
  }

  keep(stream: ByteStream): ByteStream {
    this.#streams.push(stream);
    return stream;
  }

  until(predicate: () => boolean): Promise<void> {
    return this.subject.until(predicate);
  }

  /** Waits for a promise while the subject's time goes by. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    promise.then(done, done);
    await this.until(() => settled);
    return promise;
  }

  async dial(): Promise<ByteStream> {
    return this.keep(await this.wait(this.network.connectTcp!({ remote: this.listener.local })));
  }

  async connect(): Promise<[client: ByteStream, server: ByteStream]> {
    const before = this.accepted.length;
    const client = await this.dial();
    await this.until(() => this.accepted.length > before);
    return [client, this.accepted[before]!];
  }

  close(): void {
    this.listener.close();
    for (const stream of this.#streams) stream.close();
  }
}

interface Collected {
  length: number;
  all(): Uint8Array;
}

/** Counts what arrives, and keeps a copy unless told not to. */
function collect(stream: ByteStream, then?: (bytes: Uint8Array) => void, keep = true): Collected {
  const pieces: Uint8Array[] = [];
  const collected: Collected = {
    length: 0,
    all: () => Uint8Array.from(pieces.flatMap((piece) => [...piece])),
  };
  stream.onData = (bytes) => {
    collected.length += bytes.length;
    if (keep) pieces.push(bytes.slice());
    then?.(bytes);
  };
  return collected;
}

/** The same stream as another implementation would give it. */
function wrap(stream: ByteStream): ByteStream {
  return {
    interface: stream.interface,
    local: stream.local,
    remote: stream.remote,
    write: (buffer, start, end) => stream.write(buffer, start, end),
    get bufferedAmount() {
      return stream.bufferedAmount;
    },
    get onData() {
      return stream.onData;
    },
    set onData(callback) {
      stream.onData = callback;
    },
    get onDrain() {
      return stream.onDrain;
    },
    set onDrain(callback) {
      stream.onDrain = callback;
    },
    get onClose() {
      return stream.onClose;
    },
    set onClose(callback) {
      stream.onClose = callback;
    },
    close: () => stream.close(),
  };
}

/** The code that a promise is rejected with; `none` when it is not. */
async function code(promise: Promise<{ close(): void }>): Promise<string> {
  try {
    (await promise).close();
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
  return 'none';
}
