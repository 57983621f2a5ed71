import type { ByteStream, Network, StreamListener, UdpSocket } from '@kaon/interface/network/v1';
import { describe, expect, it } from 'vitest';
import { type Framework, multicastConformance, streamConformance } from '../src/conformance/index.ts';
import { Simulation, simulatedCertificate } from '../src/index.ts';

const ADDRESS = '192.0.2.1';

/** Runs what `wanted` names of both suites over a network that was made worse, and gives the names of the tests that failed. */
async function failures(worsen: (network: Network) => Partial<Network>, wanted = /./): Promise<string[]> {
  const certificate = simulatedCertificate(['turn.example', ADDRESS], { selfSigned: true });
  const make = () => {
    const sim = new Simulation();
    const host = sim.host({ addresses: [ADDRESS] });
    const plain: Network = {
      interface: host.interface,
      interfaces: () => host.interfaces(),
      bindUdp: (options) => host.bindUdp(options),
      resolve: (name) => host.resolve(name),
      connectTcp: (options) => host.connectTcp(options),
      listenTcp: (options) => host.listenTcp(options),
      startTls: (stream, options) => host.startTls(stream, options),
      bindMulticast: (options) => host.bindMulticast(options),
      watchInterfaces: (onChange) => host.watchInterfaces(onChange),
    };
    return {
      network: { ...plain, ...worsen(plain) },
      address: ADDRESS,
      until: (predicate: () => boolean) => sim.run(predicate, { timeout: 20_000 }),
      tls: { certificate, privateKey: certificate },
      group: '224.0.0.251',
      port: 5353,
    };
  };
  const tests: { readonly name: string; readonly body: () => void | Promise<void> }[] = [];
  const framework: Framework = {
    describe: (_name, body) => body(),
    it: (name, body) => tests.push({ name, body }),
  };
  streamConformance(framework, 'network', make);
  multicastConformance(framework, 'network', make);
  const failed: string[] = [];
  for (const { name, body } of tests) {
    if (!wanted.test(name)) continue;
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

/** The same stream, or socket, with other members. */
function changed<T extends object>(one: T, members: Partial<T>): T {
  return new Proxy(one, {
    get: (target, name) => {
      const value = Reflect.get(name in members ? members : target, name) as unknown;
      return typeof value === 'function' && !(name in members) && !String(name).startsWith('on')
        ? value.bind(target)
        : value;
    },
    set: (target, name, value) => Reflect.set(name in members ? members : target, name, value),
  });
}

const streams =
  (change: (stream: ByteStream) => Partial<ByteStream>) =>
  (network: Network): Partial<Network> => ({
    connectTcp: async (options) => {
      const stream = await network.connectTcp!(options);
      return changed(stream, change(stream));
    },
  });

const listeners =
  (change: (listener: StreamListener) => Partial<StreamListener>) =>
  (network: Network): Partial<Network> => ({
    listenTcp: async (options) => {
      const listener = await network.listenTcp!(options);
      return changed(listener, change(listener));
    },
  });

const members =
  (change: (socket: UdpSocket) => Partial<UdpSocket>) =>
  (network: Network): Partial<Network> => ({
    bindMulticast: async (options) => {
      const socket = await network.bindMulticast!(options);
      return changed(socket, change(socket));
    },
  });

const broken: readonly [fault: string, caughtBy: RegExp, worsen: (network: Network) => Partial<Network>][] = [
  [
    'ignores the window of the buffer',
    /windows/,
    streams((one) => ({ write: (buffer) => one.write(buffer, 0, buffer.length) })),
  ],
  ['never says that it has drained', /how much waits/, streams(() => ({ onDrain: undefined }))],
  ['has nothing waiting, ever', /how much waits/, streams(() => ({ bufferedAmount: 0 }))],
  [
    'takes bytes after close',
    /sends what was written/,
    streams((one) => ({ write: (...given) => one.write(...given) || true })),
  ],
  ['does not end what it closes', /tells the peer of its end/, streams(() => ({ close: () => {} }))],
  ['says another remote', /both ends agree/, streams((one) => ({ remote: { ...one.remote, port: 1 } }))],
  ['never closes its listener', /takes no more/, listeners(() => ({ close: () => {} }))],
  [
    'trusts any certificate',
    /another name/,
    (network) => ({ startTls: (stream, options) => network.startTls!(stream, { ...options, verify: false }) }),
  ],
  [
    'forgets the timeout of TLS',
    /gives up after its timeout/,
    (network) => ({
      startTls: (stream, { timeout: _, ...options }) => network.startTls!(stream, { ...options, timeout: 100_000 }),
    }),
  ],
  [
    'does no TLS at all',
    /does not speak TLS/,
    (network) => ({
      startTls: async (stream) => stream,
      listenTcp: ({ tls: _, ...options }) => network.listenTcp!(options),
    }),
  ],
  [
    'hears itself',
    /does not hear itself/,
    members((one) => ({
      send: (buffer, start, end, remote) => {
        one.onDatagram?.(buffer.slice(start, end), one.local, 0);
        return one.send(buffer, start, end, remote);
      },
    })),
  ],
  ['goes on after close', /once it is closed/, members(() => ({ close: () => {} }))],
  [
    'joins whatever it is told',
    /what is no group/,
    (network) => ({ bindMulticast: (options) => network.bindMulticast!({ ...options, group: '224.0.0.251' }) }),
  ],
];

describe('streamConformance and multicastConformance', () => {
  it('pass a network that keeps its promises', async () => {
    expect(await failures(() => ({}))).toEqual([]);
  });

  it.each(broken)('catch a network that %s', async (_fault, caughtBy, worsen) => {
    expect(await failures(worsen, caughtBy)).not.toEqual([]);
  });
});
