import { Connection } from '@kaon/dtls';
import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
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

async function listen(): Promise<{ listener: DtlsListener; connections: ConnectionTable }> {
  const { certificate, privateKey } = await pem();
  const connections = new ConnectionTable({ total: 5000, perAddress: 5000, idle: 60_000 });
  const host = { connections, input: () => {}, gone: () => {} };
  const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
  const read = await readServerCertificate(certificate, privateKey, nodeCrypto);
  const listener = new DtlsListener({ socket, host, clock: nodeClock, crypto: nodeCrypto, certificate: read.dtls });
  opened.push(listener);
  // The test hands datagrams over itself, as if from any address.
  return { listener, connections };
}

/** A ClientHello as it leaves a client. */
function clientHello(): Uint8Array {
  const connection = new Connection({ role: 'client', verifyPeer: () => undefined, crypto: nodeCrypto });
  connection.start(nodeClock.now());
  const slot = new Slot(2000);
  connection.pollTransmit(slot, nodeClock.now());
  return slot.bytes.slice();
}

const from = (port: number) => ({ address: '127.0.0.1', family: 'IPv4', port }) as const;

describe('DtlsListener', () => {
  it('makes no session for what is no ClientHello', async () => {
    const { listener } = await listen();
    const hello = clientHello();
    for (let length = 0; length < 26; length++) listener.receive(hello.slice(0, length), from(1000 + length));
    for (const index of [0, 1, 3, 4, 13]) {
      const changed = hello.slice();
      changed[index]! ^= 0x20;
      listener.receive(changed, from(2000 + index));
    }
    listener.receive(new Uint8Array(2000), from(3000));
    expect(listener.sessions).toBe(0);
    listener.receive(hello, from(4000));
    expect(listener.sessions).toBe(1);
  });

  it('keeps a bounded number of handshakes under way: the oldest give way', async () => {
    const { listener, connections } = await listen();
    const hello = clientHello();
    for (let i = 0; i < 1100; i++) listener.receive(hello, from(10_000 + i));
    expect(listener.sessions).toBe(1024);
    // Forged addresses take nothing from those whose they are.
    expect(connections.size).toBe(0);
  });

  it('answers a ClientHello with less than it has, until the cookie came back', async () => {
    const { listener } = await listen();
    const socket = await nodeNetwork.bindUdp({ address: '127.0.0.1' });
    opened.push(socket);
    const answer = Promise.withResolvers<Uint8Array>();
    socket.onDatagram = (bytes) => answer.resolve(bytes);
    const hello = clientHello();
    socket.send(hello, 0, hello.length, listener.local);
    const bytes = await answer.promise;
    // HelloVerifyRequest (3).
    expect([bytes[0], bytes[13]]).toEqual([22, 3]);
    expect(bytes.length).toBeLessThan(hello.length);
  });
});
