import type { TransportAddress } from '@kaon/interface/core/v1';
import type { BindOptions, ByteStream, Clock, ConnectOptions, ListenOptions } from '@kaon/interface/network/v1';
import { formatAddress } from '@kaon/wire';
import type { SeededRandom } from '../../random.ts';
import { familyOf, isUnspecified } from '../addresses.ts';
import { failure } from '../failure.ts';
import type { Packet } from '../link.ts';
import { type ConnectionHost, TcpConnection } from './connection.ts';
import { HostListener } from './listener.ts';
import { checksum, type Segment } from './segment.ts';

/** What TCP asks of the host it runs on. */
export interface StackHost {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Sends a packet; false when there is no way. */
  transmit(packet: Omit<Packet, 'hops' | 'ecn'>): boolean;
  /** Address to send to `remote` from; undefined when there is none. */
  sourceFor(remote: TransportAddress): string | undefined;
  /** The address in canonical text; throws when it is none of this host's and not unspecified. */
  bindable(address: string): string;
  freePort(address: string, options: BindOptions, isFree: (port: number) => boolean): number;
}

/** TCP of one host: its listeners and connections. */
export class TcpStack implements ConnectionHost {
  readonly clock: Clock;
  readonly #host: StackHost;
  readonly #connections = new Map<string, TcpConnection>();
  readonly #listeners = new Map<string, HostListener[]>();
  /** Who waits for a connection that this host opens; those that a listener made have their listener here. */
  readonly #origins = new Map<TcpConnection, Waiting | HostListener>();

  constructor(host: StackHost) {
    this.clock = host.clock;
    this.#host = host;
  }

  /** Listeners, and streams that their users have not closed. */
  get open(): number {
    let open = 0;
    for (const shared of this.#listeners.values()) open += shared.length;
    for (const { stream } of this.#connections.values()) if (!stream.isOver) open++;
    return open;
  }

  connect({ remote, local, timeout = 10_000, signal }: ConnectOptions): Promise<ByteStream> {
    return new Promise((resolve, reject) => {
      const wanted = local === undefined ? undefined : this.#host.bindable(local.address);
      const unbound = wanted === undefined || isUnspecified(wanted);
      const address = unbound ? this.#host.sourceFor(remote) : wanted;
      if (address === undefined || familyOf(address) !== remote.family)
        throw failure('ENETUNREACH', formatAddress(remote));
      const isFree = (port: number): boolean =>
        !this.#connections.has(keyOf({ address, family: remote.family, port }, remote));
      const port = this.#host.freePort(address, { address, port: local?.port }, isFree);
      const connection = this.#connection({ address, family: remote.family, port }, remote);
      const timer = this.clock.timer(() => connection.fail('ETIMEDOUT'));
      timer.reset(this.clock.now() + timeout);
      const abort = (): void => connection.fail('ABORT_ERR');
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', abort);
      };
      this.#origins.set(connection, { resolve, reject, done });
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
      else connection.connect();
    });
  }

  listen(options: ListenOptions): HostListener {
    const address = this.#host.bindable(options.address);
    const family = familyOf(address);
    const shares = (one: HostListener): boolean => options.reusePort === true && one.isShared;
    const port = this.#host.freePort(address, options, (candidate) =>
      this.#overlapping(address, candidate).every(shares),
    );
    const local = { address, family, port };
    const key = formatAddress(local);
    const listener = new HostListener(local, options, this.clock, () => {
      const left = (this.#listeners.get(key) ?? []).filter((one) => one !== listener);
      if (left.length > 0) this.#listeners.set(key, left);
      else this.#listeners.delete(key);
    });
    this.#listeners.set(key, [...(this.#listeners.get(key) ?? []), listener]);
    return listener;
  }

  /** A TCP packet for this host. */
  receive({ source, destination, segment, bytes }: Packet): void {
    if (segment === undefined || segment.checksum !== checksum(bytes)) return;
    const connection = this.#connections.get(keyOf(destination, source));
    if (connection !== undefined) {
      connection.receive(segment, bytes);
      return;
    }
    const listener =
      segment.syn === true && segment.acknowledgment === undefined && this.#listening(destination, source);
    if (listener) {
      const accepted = this.#connection(destination, source);
      this.#origins.set(accepted, listener);
      accepted.accept(segment);
    } else if (segment.rst !== true) {
      this.#refuse(destination, source, segment, bytes.length);
    }
  }

  /** Breaks all connections with a RST, as a crash of the program does. */
  reset(): void {
    for (const connection of [...this.#connections.values()]) connection.reset();
  }

  transmit(connection: TcpConnection, segment: Segment, bytes: Uint8Array): void {
    const { local, remote } = connection;
    this.#host.transmit({ source: local, destination: remote, bytes, protocol: 'tcp', segment });
  }

  established(connection: TcpConnection): void {
    const origin = this.#origins.get(connection);
    this.#origins.delete(connection);
    if (origin instanceof HostListener) {
      if (!origin.take(connection.stream)) connection.reset();
    } else if (origin !== undefined) {
      origin.done();
      origin.resolve(connection.stream);
    }
  }

  gone(connection: TcpConnection, error: Error | undefined): void {
    this.#connections.delete(keyOf(connection.local, connection.remote));
    const origin = this.#origins.get(connection);
    this.#origins.delete(connection);
    if (origin === undefined || origin instanceof HostListener) return;
    origin.done();
    origin.reject(error ?? failure('ECONNRESET', formatAddress(connection.remote)));
  }

  #connection(local: TransportAddress, remote: TransportAddress): TcpConnection {
    const connection = new TcpConnection(local, remote, this.#host.random.integer(1, 2 ** 31), this);
    this.#connections.set(keyOf(local, remote), connection);
    return connection;
  }

  #listening(local: TransportAddress, remote: TransportAddress): HostListener | undefined {
    const wildcard = local.family === 'IPv4' ? '0.0.0.0' : '::';
    const shared =
      this.#listeners.get(formatAddress(local)) ?? this.#listeners.get(formatAddress({ ...local, address: wildcard }));
    return shared?.[spread(remote, shared.length)];
  }

  #overlapping(address: string, port: number): HostListener[] {
    const family = familyOf(address);
    return [...this.#listeners.values()].flat().filter(({ local }) => {
      if (local.port !== port || local.family !== family) return false;
      return local.address === address || isUnspecified(local.address) || isUnspecified(address);
    });
  }

  /** RFC 9293 §3.5.2, what comes for nobody. */
  #refuse(source: TransportAddress, destination: TransportAddress, segment: Segment, length: number): void {
    const end = segment.sequence + length + (segment.syn === true || segment.fin === true ? 1 : 0);
    const sequence = segment.acknowledgment ?? 0;
    const rst: Segment = { sequence, acknowledgment: end, rst: true, window: 0, checksum: 0 };
    this.#host.transmit({ source, destination, bytes: new Uint8Array(0), protocol: 'tcp', segment: rst });
  }
}

interface Waiting {
  resolve(stream: ByteStream): void;
  reject(error: Error): void;
  done(): void;
}

/** Which of `count` sockets that share a port a remote belongs to: always the same one, as the kernel has it. */
export function spread(remote: TransportAddress, count: number): number {
  if (count < 2) return 0;
  let hash = remote.port;
  for (let i = 0; i < remote.address.length; i++) hash = (Math.imul(hash, 31) + remote.address.charCodeAt(i)) >>> 0;
  return (Math.imul(hash, 0x9e3779b1) >>> 16) % count;
}

function keyOf(local: TransportAddress, remote: TransportAddress): string {
  return `${formatAddress(local)} ${formatAddress(remote)}`;
}
