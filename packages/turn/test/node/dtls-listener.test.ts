import { Connection, type ConnectionOptions } from '@kaon/dtls';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { nodeClock, nodeCrypto } from '@kaon/runtime/node';
import { Slot } from '@kaon/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { readServerCertificate } from '../../src/node/certificate.ts';
import { ConnectionTable } from '../../src/node/connection.ts';
import { DtlsListener } from '../../src/node/dtls-listener.ts';
import { pem } from './helpers/certificate.ts';

const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of opened.splice(0).reverse()) one.close();
});

/** A listener, and what it sent to whom. The test hands datagrams over itself, as if from any address. */
async function listen(): Promise<{
  listener: DtlsListener;
  connections: ConnectionTable;
  gone: unknown[];
  sent: { bytes: Uint8Array; port: number }[];
}> {
  const { certificate, privateKey } = await pem();
  const connections = new ConnectionTable({ total: 5000, perAddress: 5000, idle: 60_000 });
  const gone: unknown[] = [];
  const host = { connections, input: () => {}, gone: (connection: unknown) => void gone.push(connection) };
  const sent: { bytes: Uint8Array; port: number }[] = [];
  const socket: UdpSocket = {
    interface: 'kaon:udp-socket/1',
    local: from(5349),
    onDatagram: undefined,
    onError: undefined,
    send: (buffer, start, end, { port }) => sent.push({ bytes: buffer.slice(start, end), port }) > 0,
    close: () => {},
  };
  const read = await readServerCertificate(certificate, privateKey, nodeCrypto);
  const listener = new DtlsListener({ socket, host, clock: nodeClock, crypto: nodeCrypto, certificate: read.dtls });
  opened.push(listener);
  return { listener, connections, gone, sent };
}

/** A client at a port, whose datagrams go by hand. */
class HandClient {
  readonly connection: Connection;
  readonly port: number;
  readonly address: string;

  constructor(port: number, options: Partial<ConnectionOptions> = {}, address = '127.0.0.1') {
    this.port = port;
    this.address = address;
    this.connection = new Connection({ role: 'client', verifyPeer: () => undefined, crypto: nodeCrypto, ...options });
    this.connection.start(nodeClock.now());
  }

  flight(): Uint8Array[] {
    const slot = new Slot(2000);
    const datagrams: Uint8Array[] = [];
    for (slot.reset(); this.connection.pollTransmit(slot, nodeClock.now()); slot.reset()) {
      datagrams.push(slot.bytes.slice());
    }
    return datagrams;
  }

  /** Gives a flight to the listener, and what comes back to the client. */
  turn({ listener, sent }: Awaited<ReturnType<typeof listen>>, flight: readonly Uint8Array[] = this.flight()): void {
    for (const datagram of flight) listener.receive(datagram.slice(), { ...from(this.port), address: this.address });
    const path = { protocol: 'udp', local: from(this.port), remote: listener.local } as const;
    for (const { bytes, port } of sent.splice(0)) {
      if (port === this.port) this.connection.handleRecord(bytes, path, nodeClock.now());
    }
  }

  /** Goes on until nothing more is said. */
  run(side: Awaited<ReturnType<typeof listen>>): string {
    for (let flight = this.flight(); flight.length > 0; flight = this.flight()) this.turn(side, flight);
    return this.connection.state;
  }
}

const from = (port: number) => ({ address: '127.0.0.1', family: 'IPv4', port }) as const;
const LONG_NAME = `${'long.'.repeat(40)}example`;

describe('DtlsListener', () => {
  it('answers a ClientHello with no more than it has, and keeps nothing of those who never come back', async () => {
    const { listener, connections, sent } = await listen();
    for (let i = 0; i < 2000; i++) {
      const [hello] = new HandClient(0).flight();
      listener.receive(hello!, from(10_000 + i));
      const answer = sent.pop()!;
      // HelloVerifyRequest (3).
      expect([answer.bytes[0], answer.bytes[13], answer.port]).toEqual([22, 3, 10_000 + i]);
      expect(answer.bytes.length).toBeLessThanOrEqual(hello!.length);
    }
    expect([listener.sessions, connections.size, sent.length]).toEqual([0, 0, 0]);
  });

  it('answers nothing but hellos', async () => {
    const { listener, sent } = await listen();
    const [hello] = new HandClient(0).flight();
    for (let length = 0; length < hello!.length; length++) listener.receive(hello!.slice(0, length), from(1000));
    for (const index of [0, 1, 3, 4, 13, 21]) {
      const changed = hello!.slice();
      changed[index]! ^= 0x20;
      listener.receive(changed, from(2000 + index));
    }
    listener.receive(new Uint8Array(2000), from(3000));
    expect([listener.sessions, sent.length]).toEqual([0, 0]);
  });

  it.each([
    ['in one datagram', {}],
    ['in fragments', { mtu: 256, serverName: LONG_NAME }],
  ])('connects a client that says hello %s, also when the first answer is lost', async (_, options) => {
    const side = await listen();
    const client = new HandClient(4000, options);
    for (const datagram of client.flight()) side.listener.receive(datagram, from(4000));
    expect(side.sent.splice(0).length).toBe(1);
    client.connection.handleTimeout(client.connection.pollTimeout());
    expect(client.run(side)).toBe('connected');
    expect([side.listener.sessions, side.connections.size]).toEqual([1, 1]);
  });

  it('a client that begins anew on the same port gets a new session, once its cookie came back', async () => {
    const side = await listen();
    const first = new HandClient(4000);
    expect(first.run(side)).toBe('connected');
    const [forged] = new HandClient(4000).flight();
    side.listener.receive(forged!, from(4000));
    side.sent.splice(0);
    expect([side.gone.length, side.connections.size]).toEqual([0, 1]);
    expect(new HandClient(4000).run(side)).toBe('connected');
    expect([side.gone.length, side.listener.sessions, side.connections.size]).toEqual([1, 1, 1]);
  });

  it('a hello that is repeated is the same session', async () => {
    const side = await listen();
    const client = new HandClient(4000);
    client.turn(side);
    const second = client.flight();
    side.listener.receive(second[0]!.slice(), from(4000));
    side.sent.splice(0);
    side.listener.receive(second[0]!.slice(), from(4000));
    expect([side.listener.sessions, side.gone.length]).toEqual([1, 0]);
  });

  it('keeps a bounded number of handshakes under way: the oldest give way', async () => {
    const side = await listen();
    const begin = (i: number, address: string): void => {
      const client = new HandClient(10_000 + i, {}, address);
      client.turn(side);
      client.turn(side);
    };
    for (let i = 0; i < 135; i++) begin(i, '127.0.0.1');
    expect(side.listener.sessions).toBe(128);
    for (let i = 0; i < 900; i++) begin(i, `192.0.2.${i % 100}`);
    expect(side.listener.sessions).toBe(1024);
    expect(side.connections.size).toBe(0);
  });
});
