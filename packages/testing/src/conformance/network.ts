/** What network/v1 promises of networks and sockets. */
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { Network, UdpSocket } from '@kaon/interface/network/v1';
import { addressFamily } from '@kaon/wire';
import { check, checkEqual, checkRejects, type Framework } from './framework.ts';

/** A network under test, with a way to let its time go by. */
export interface NetworkSubject {
  readonly network: Network;
  /** An address that can be bound, such as 127.0.0.1. */
  readonly address: string;
  /** Resolves once the predicate holds, and rejects if it does not within a bounded time. */
  until(predicate: () => boolean): Promise<void>;
}

/** Tests a `Network` and its sockets. */
export function networkConformance({ describe, it }: Framework, name: string, make: () => NetworkSubject): void {
  const withSockets =
    (count: number, body: (subject: NetworkSubject, ...sockets: Caught[]) => Promise<void>) => async () => {
      const subject = make();
      const sockets: Caught[] = [];
      try {
        for (let i = 0; i < count; i++)
          sockets.push(catching(await subject.network.bindUdp({ address: subject.address })));
        await body(subject, ...sockets);
      } finally {
        for (const { socket } of sockets) socket.close();
      }
    };

  describe(`${name}: Network of network/v1`, () => {
    it('carries its tag', () => checkEqual(make().network.interface, 'kaon:network/1', 'interface'));

    it('lists interfaces with numeric addresses of their family', () => {
      const all = make().network.interfaces();
      check(all.length > 0, 'no interface at all');
      for (const { address, family, name: card, internal } of all) {
        checkEqual(addressFamily(address), family, `family of ${address}`);
        check(card.length > 0 && typeof internal === 'boolean', `an interface without a name or flag`);
      }
    });

    it(
      'binds to a free port and says which',
      withSockets(2, async ({ address }, a, b) => {
        checkEqual(a!.socket.interface, 'kaon:udp-socket/1', 'interface');
        checkEqual(a!.socket.local.address, address, 'address');
        check(a!.socket.local.port > 0 && a!.socket.local.port < 65_536, `port ${a!.socket.local.port}`);
        check(a!.socket.local.port !== b!.socket.local.port, 'the same port twice');
      }),
    );

    it(
      'binds to the port it is told, and rejects when it is taken',
      withSockets(1, async ({ network, address }, a) => {
        const { port } = a!.socket.local;
        await checkRejects(network.bindUdp({ address, port }), 'a port that is taken');
        a!.socket.close();
      }),
    );

    it(
      'takes ports from a range, and rejects when it is used up',
      withSockets(1, async ({ network, address }, a) => {
        const { port } = a!.socket.local;
        await checkRejects(network.bindUdp({ address, portRange: [port, port] }), 'a range that is used up');
        a!.socket.close();
        const again = await network.bindUdp({ address, portRange: [port, port] });
        try {
          checkEqual(again.local.port, port, 'port');
        } finally {
          again.close();
        }
      }),
    );

    it('rejects an address that is not ours', async () => {
      await checkRejects(make().network.bindUdp({ address: '198.51.100.77' }), 'a foreign address');
      await checkRejects(make().network.bindUdp({ address: 'not an address' }), 'nonsense');
    });

    it('resolves names to numeric addresses, of one family when asked', async () => {
      const { network } = make();
      checkEqual(await network.resolve('127.0.0.1'), ['127.0.0.1'], 'a numeric address');
      const all = await network.resolve('localhost');
      check(all.length > 0 && all.every((address) => addressFamily(address) !== undefined), `localhost is ${all}`);
      const four = await network.resolve('localhost', 'IPv4');
      check(
        four.every((address) => addressFamily(address) === 'IPv4'),
        `localhost is ${four}`,
      );
      await checkRejects(network.resolve('no-such-name.invalid'), 'a name that does not exist');
    });

    it(
      'carries datagrams both ways, with their source',
      withSockets(2, async ({ until }, a, b) => {
        send(a!, b!.socket.local, 1, 2, 3);
        await until(() => b!.got.length === 1);
        checkEqual(b!.got[0]!.bytes, Uint8Array.of(1, 2, 3), 'bytes');
        checkEqual(b!.got[0]!.remote.address, a!.socket.local.address, 'source address');
        checkEqual(b!.got[0]!.remote.port, a!.socket.local.port, 'source port');
        checkEqual(b!.got[0]!.remote.family, a!.socket.local.family, 'source family');
        send(b!, b!.got[0]!.remote, 4);
        await until(() => a!.got.length === 1);
      }),
    );

    it(
      'sends the part of the buffer it is told, which may be reused at once',
      withSockets(2, async ({ until }, a, b) => {
        const buffer = Uint8Array.of(9, 9, 1, 2, 9);
        a!.socket.send(buffer, 2, 4, b!.socket.local);
        buffer.fill(0);
        a!.socket.send(Uint8Array.of(7), 0, 1, b!.socket.local);
        await until(() => b!.got.length === 2);
        checkEqual(
          b!.got.map(({ bytes }) => [...bytes]),
          [[1, 2], [7]],
          'datagrams',
        );
      }),
    );

    it(
      'gives each datagram bytes of its own',
      withSockets(2, async ({ until }, a, b) => {
        for (let i = 0; i < 20; i++) send(a!, b!.socket.local, i, i, i);
        await until(() => b!.got.length === 20);
        for (const [i, { bytes }] of b!.got.entries()) checkEqual(bytes, Uint8Array.of(i, i, i), `datagram ${i}`);
        b!.got[0]!.bytes.fill(0xff);
        checkEqual(b!.got[1]!.bytes, Uint8Array.of(1, 1, 1), 'the next one');
      }),
    );

    it(
      'carries empty and large datagrams',
      withSockets(2, async ({ until }, a, b) => {
        send(a!, b!.socket.local);
        a!.socket.send(new Uint8Array(8000).fill(5), 0, 8000, b!.socket.local);
        await until(() => b!.got.length === 2);
        checkEqual(
          b!.got.map(({ bytes }) => bytes.length),
          [0, 8000],
          'lengths',
        );
      }),
    );

    it(
      'send never throws: to nobody, to another family, too large, to port 0',
      withSockets(2, async ({ until }, a, b) => {
        a!.socket.send(new Uint8Array(1), 0, 1, { ...b!.socket.local, port: 1 });
        a!.socket.send(new Uint8Array(1), 0, 1, { address: '::1', family: 'IPv6', port: 9 });
        a!.socket.send(new Uint8Array(1), 0, 1, { address: '240.0.0.1', family: 'IPv4', port: 9 });
        a!.socket.send(new Uint8Array(1), 0, 1, { ...b!.socket.local, port: 0 });
        a!.socket.send(new Uint8Array(70_000), 0, 70_000, b!.socket.local);
        send(a!, b!.socket.local, 1);
        await until(() => b!.got.length === 1);
        checkEqual(a!.errors.length, 0, 'errors');
      }),
    );

    it(
      'close is idempotent, and nothing follows it',
      withSockets(2, async ({ until }, a, b) => {
        send(a!, b!.socket.local, 1);
        await until(() => b!.got.length === 1);
        send(a!, b!.socket.local, 2);
        b!.socket.close();
        b!.socket.close();
        checkEqual(b!.socket.send(new Uint8Array(1), 0, 1, a!.socket.local), false, 'send after close');
        send(a!, a!.socket.local, 3);
        await until(() => a!.got.length === 1);
        checkEqual(b!.got.length, 1, 'datagrams of the closed socket');
      }),
    );

    it(
      'prefer changes nothing but speed',
      withSockets(3, async ({ until }, a, b, c) => {
        a!.socket.prefer?.(b!.socket.local);
        send(a!, b!.socket.local, 1);
        send(a!, c!.socket.local, 2);
        await until(() => b!.got.length === 1 && c!.got.length === 1);
        send(c!, a!.socket.local, 3);
        send(b!, a!.socket.local, 4);
        await until(() => a!.got.length === 2);
        checkEqual(b!.got[0]!.remote.port, a!.socket.local.port, 'source port');
        checkEqual(c!.got[0]!.remote.port, a!.socket.local.port, 'source port');
      }),
    );
  });
}

interface Caught {
  readonly socket: UdpSocket;
  readonly got: { readonly bytes: Uint8Array; readonly remote: TransportAddress }[];
  readonly errors: Error[];
}

function catching(socket: UdpSocket): Caught {
  const caught: Caught = { socket, got: [], errors: [] };
  socket.onDatagram = (bytes, remote) => {
    caught.got.push({ bytes, remote });
  };
  socket.onError = (error) => {
    caught.errors.push(error);
  };
  return caught;
}

function send({ socket }: Caught, remote: TransportAddress, ...bytes: number[]): void {
  socket.send(Uint8Array.from(bytes), 0, bytes.length, remote);
}
