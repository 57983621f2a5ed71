import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, Network } from '@kaon/interface/network/v1';
import { nodeCrypto } from '@kaon/runtime/node';
import { type Host, type LinkOptions, Simulation } from '@kaon/testing';
import {
  type KaonOptions,
  type RTCCertificate,
  type RTCConfiguration,
  type RTCDataChannel,
  RTCPeerConnection,
} from '../../src/index.ts';
import { negotiate, trickle } from './connect.ts';

/** Two hosts in a simulated network, and connections on them that live in virtual time. */
export class World {
  readonly sim: Simulation;
  readonly alice: Host;
  readonly bob: Host;
  /** The simulation's, with deferred calls as timers that are due: those are run however late they come. */
  readonly clock: Clock;
  /** Everything made here, to be closed by `close`. */
  readonly made: RTCPeerConnection[] = [];

  constructor(link: LinkOptions = { delay: 5 }, sim: Simulation = new Simulation()) {
    this.sim = sim;
    const { clock } = this.sim;
    this.clock = {
      interface: clock.interface,
      now: () => clock.now(),
      wallClock: () => clock.wallClock(),
      timer: (callback) => clock.timer(callback),
      defer: (callback) => clock.timer(callback).reset(clock.now()),
    };
    this.alice = this.sim.host({ name: 'alice', addresses: ['198.51.100.1'], link });
    this.bob = this.sim.host({ name: 'bob', addresses: ['198.51.100.2'], link });
  }

  /** A connection on a host. Certificates are made beforehand, since virtual time does not wait for threads. */
  connection(
    host: Network = this.alice,
    configuration: RTCConfiguration = {},
    kaon: KaonOptions = {},
  ): RTCPeerConnection {
    const crypto: CryptoProvider = Object.create(nodeCrypto, {
      random: { value: this.sim.random.fork(`connection${this.made.length}`) },
    });
    const connection = new RTCPeerConnection({
      certificates: [CERTIFICATES[this.made.length % 2] as RTCCertificate],
      ...configuration,
      // Candidates that stories do not speak of would only be in the way of counting.
      kaon: { network: host, clock: this.clock, crypto, tcpCandidates: [], ...configuration.kaon, ...kaon },
    });
    this.made.push(connection);
    return connection;
  }

  /** A connection on each host, trickling to each other. */
  pair(a: RTCConfiguration = {}, b: RTCConfiguration = {}): [RTCPeerConnection, RTCPeerConnection] {
    const pair: [RTCPeerConnection, RTCPeerConnection] = [this.connection(this.alice, a), this.connection(this.bob, b)];
    trickle(...pair);
    return pair;
  }

  /** Two connected peers with a channel open on both sides. */
  async connected(
    a: RTCConfiguration = {},
    b: RTCConfiguration = {},
  ): Promise<{ a: RTCPeerConnection; b: RTCPeerConnection; channel: RTCDataChannel; other: RTCDataChannel }> {
    const [first, second] = this.pair(a, b);
    const channel = first.createDataChannel('first');
    let other: RTCDataChannel | undefined;
    second.addEventListener('datachannel', (event) => {
      other = event.channel;
    });
    await this.until(negotiate(first, second));
    await this.run(() => channel.readyState === 'open' && other?.readyState === 'open');
    return { a: first, b: second, channel, other: other as RTCDataChannel };
  }

  run(predicate: () => boolean, timeout = 60_000): Promise<void> {
    return this.sim.run(predicate, { timeout });
  }

  until<T>(promise: Promise<T>): Promise<T> {
    return this.sim.until(promise);
  }

  advance(ms: number): Promise<void> {
    return this.sim.advance(ms);
  }

  close(): void {
    for (const connection of this.made) connection.close();
  }
}

/** Types of the events that an object fires, in order. */
export function recorded(target: EventTarget, ...types: string[]): string[] {
  const seen: string[] = [];
  for (const type of types) target.addEventListener(type, () => seen.push(type));
  return seen;
}

/** The name of the error that a promise is rejected with, or that a call throws. */
export async function errorName(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    return (error as Error).name;
  }
  return 'none';
}

const CERTIFICATES = await Promise.all(
  [0, 1].map(() => RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' })),
);
