/** What network/v1 promises of multicast sockets and of watched interfaces. */
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { addressFamily } from '@kaon/wire';
import { check, checkEqual, checkRejects, type Framework } from './framework.ts';
import type { NetworkSubject } from './network.ts';

/** A network under test, with a group to join on the interface of `address`. */
export interface MulticastSubject extends NetworkSubject {
  /** Such as 224.0.0.251. */
  readonly group: string;
  /** A port that nobody else on this machine uses. */
  readonly port: number;
}

/** Tests `bindMulticast` of a `Network` that has it. */
export function multicastConformance({ describe, it }: Framework, name: string, make: () => MulticastSubject): void {
  const story = (body: (subject: MulticastSubject, a: Heard, b: Heard) => Promise<void>) => async () => {
    const subject = make();
    const open: Heard[] = [];
    try {
      for (let i = 0; i < 2; i++) open.push(await member(subject));
      await body(subject, open[0]!, open[1]!);
    } finally {
      for (const { socket } of open) socket.close();
    }
  };

  describe(`${name}: multicast of network/v1`, () => {
    it(
      'shares its port, is heard by others and does not hear itself',
      story(async (subject, a, b) => {
        const group = groupOf(subject);
        checkEqual(a.socket.local.port, subject.port, 'port');
        send(a.socket, group, 1);
        send(b.socket, group, 2);
        await subject.until(() => a.got.length > 0 && b.got.length > 0);
        // What would have come by mistake has come before this.
        send(a.socket, group, 3);
        await subject.until(() => b.got.length > 1);
        checkEqual([a.got, b.got], [[2], [1, 3]], 'heard');
        checkEqual(b.from.port, subject.port, 'source port');
        checkEqual(b.from.address, subject.address, 'source address');
      }),
    );

    it(
      'hears equal bytes of another, though it sent the same',
      story(async (subject, a, b) => {
        send(a.socket, groupOf(subject), 9);
        send(b.socket, groupOf(subject), 9);
        await subject.until(() => a.got.length === 1 && b.got.length === 1);
      }),
    );

    it(
      'sends and gets unicast as well',
      story(async (subject, a) => {
        const other = await subject.network.bindUdp({ address: subject.address });
        try {
          let heard = 0;
          other.onDatagram = (bytes) => {
            heard = bytes[0] ?? 0;
          };
          send(a.socket, other.local, 5);
          await subject.until(() => heard === 5);
        } finally {
          other.close();
        }
      }),
    );

    it(
      'hears nothing once it is closed, and the others still do',
      story(async (subject, a, b) => {
        const c = await member(subject);
        b.socket.close();
        b.socket.close();
        try {
          send(a.socket, groupOf(subject), 1);
          await subject.until(() => c.got.length === 1);
          checkEqual(b.got, [], 'heard by the closed one');
          checkEqual(b.socket.send(Uint8Array.of(1), 0, 1, groupOf(subject)), false, 'send after close');
        } finally {
          c.socket.close();
        }
      }),
    );

    it('rejects what is no group, and an interface that is not ours', async () => {
      const { network, group, port, address } = make();
      await checkRejects(network.bindMulticast!({ group: address, port, interfaceAddress: address }), 'no group');
      await checkRejects(network.bindMulticast!({ group, port, interfaceAddress: '198.51.100.77' }), 'not ours');
    });

    it('watches interfaces until it is told not to', () => {
      const { network } = make();
      const stop = network.watchInterfaces!(() => check(false, 'nothing has changed'));
      stop();
      stop();
    });
  });
}

interface Heard {
  readonly socket: UdpSocket;
  readonly got: number[];
  from: TransportAddress;
}

async function member({ network, group, port, address }: MulticastSubject): Promise<Heard> {
  const socket = await network.bindMulticast!({ group, port, interfaceAddress: address });
  const heard: Heard = { socket, got: [], from: socket.local };
  socket.onDatagram = (bytes, remote) => {
    heard.got.push(bytes[0] ?? 0);
    heard.from = remote;
  };
  return heard;
}

function groupOf({ group, port }: MulticastSubject): TransportAddress {
  return { address: group, family: addressFamily(group) ?? 'IPv4', port };
}

function send(socket: UdpSocket, remote: TransportAddress, ...bytes: number[]): void {
  socket.send(Uint8Array.from(bytes), 0, bytes.length, remote);
}
