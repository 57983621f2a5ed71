import type { DatagramCore, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import { Pair, type PairOptions, seededRandom } from '@kaon/testing';
import { fillSlot, Slot, sameAddress, transportAddress } from '@kaon/wire';
import { StreamFramer, TurnClient, type TurnClientEvent, type TurnClientOptions } from '../../src/index.ts';
import { TurnServer, type TurnServerEvent, type TurnServerOptions } from '../../src/server/index.ts';
import { UDP } from './conversation.ts';

export const PEERS: readonly TransportAddress[] = [1, 2, 3, 4].map((i) => transportAddress(`93.184.216.${i}`, 6000));

/** A client and what its user sends, as one core. */
export class ClientSide implements DatagramCore<TurnClientEvent> {
  readonly client: TurnClient;
  readonly received: { peer: TransportAddress; bytes: Uint8Array }[] = [];
  readonly #out: { bytes: Uint8Array; path: Path }[] = [];

  constructor(options: TurnClientOptions) {
    this.client = new TurnClient(options);
  }

  /** Sends now, or when the client says. */
  send(peer: TransportAddress, bytes: Uint8Array, now: Instant): void {
    const slot = new Slot(1500);
    if (this.client.wrap(peer, bytes, 0, bytes.length, slot, now) === 'written') {
      this.#out.push({ bytes: slot.bytes.slice(), path: slot.path! });
    }
  }

  handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
    if (path.protocol === 'tcp') this.client.handleStream(bytes, now);
    else this.client.handleDatagram(bytes, path, now);
    for (let data = this.client.pollData(); data !== undefined; data = this.client.pollData()) {
      this.received.push({ peer: data.peer, bytes: data.bytes.slice() });
    }
  }

  handleTimeout(now: Instant): void {
    this.client.handleTimeout(now);
  }

  pollTimeout(): Instant {
    return this.client.pollTimeout();
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    const next = this.#out.shift();
    if (next === undefined) return this.client.pollTransmit(slot, now);
    slot.path = next.path;
    return fillSlot(slot, next.bytes);
  }

  pollEvent(): TurnClientEvent | undefined {
    return this.client.pollEvent();
  }
}

/** A server with its relay sockets, and peers behind them that send back what they get. */
export class ServerSide implements DatagramCore<TurnServerEvent> {
  server: TurnServer;
  /** What peers got, with where it came from. */
  readonly relayed: { peer: TransportAddress; from: TransportAddress; bytes: Uint8Array }[] = [];
  /** False: peers are silent. */
  echo = true;
  #bound: TransportAddress[] = [];
  #port = 50_000;
  #now: Instant = 0;
  readonly #options: TurnServerOptions;
  readonly #framers = new Map<string, StreamFramer>();

  constructor(options: TurnServerOptions) {
    this.#options = options;
    this.server = new TurnServer(options);
  }

  /** The server dies and begins anew. */
  restart(): void {
    this.server = new TurnServer(this.#options);
    this.#bound = [];
  }

  handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
    this.#now = now;
    if (path.protocol === 'udp') {
      this.server.handleDatagram(bytes, path, now);
      return;
    }
    const key = `${path.remote.address} ${path.remote.port}`;
    const framer = this.#framers.get(key) ?? new StreamFramer();
    this.#framers.set(key, framer);
    framer.push(bytes);
    for (let message = framer.poll(); message !== undefined; message = framer.poll()) {
      this.server.handleDatagram(message, path, now);
    }
  }

  /** A datagram of a peer. */
  fromPeer(bytes: Uint8Array, peer: TransportAddress, relayed: TransportAddress, now: Instant): void {
    this.server.handleDatagram(bytes, { protocol: 'udp', local: relayed, remote: peer }, now);
  }

  handleTimeout(now: Instant): void {
    this.#now = now;
    this.server.handleTimeout(now);
  }

  pollTimeout(): Instant {
    return this.server.pollTimeout();
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    const start = slot.start;
    while (this.server.pollTransmit(slot, now)) {
      const path = slot.path!;
      if (!this.#bound.some((local) => sameAddress(local, path.local))) return true;
      const bytes = slot.buffer.slice(slot.start, slot.end);
      this.relayed.push({ peer: path.remote, from: path.local, bytes });
      if (this.echo) this.fromPeer(bytes.slice(), path.remote, path.local, now);
      slot.start = start;
      slot.end = start;
    }
    return false;
  }

  pollEvent(): TurnServerEvent | undefined {
    const event = this.server.pollEvent();
    if (event?.type === 'bind-relay') {
      const port = typeof event.port === 'number' ? event.port : this.#port;
      this.#port += 2;
      const local = { address: event.address, family: event.family, port };
      this.#bound.push(local);
      this.server.relayBound(event.request, local, this.#now);
    } else if (event?.type === 'release-relay') {
      this.#bound = this.#bound.filter((local) => !sameAddress(local, event.local));
    }
    return event;
  }
}

/** A client and a server of ours on a line. */
export function line(
  client: Partial<TurnClientOptions> = {},
  server: Partial<TurnServerOptions> | ServerSide = {},
  options: PairOptions = {},
): { pair: Pair<ClientSide, ServerSide>; client: ClientSide; server: ServerSide } {
  const random = seededRandom(options.seed ?? 1);
  const a = new ClientSide({
    path: UDP,
    random: random.fork('client'),
    now: 1000,
    credentials: { username: 'u', password: 'p' },
    ...client,
  });
  const b =
    server instanceof ServerSide
      ? server
      : new ServerSide({
          realm: 'r',
          random: random.fork('server'),
          relayAddress: { IPv4: '198.51.100.1', IPv6: '2001:db8:1::1' },
          authenticate: (username) => (username === 'u' ? { password: 'p' } : undefined),
          ...server,
        });
  const pair = new Pair(a, b, { start: 1000, path: client.path ?? UDP, mtu: 2000, ...options });
  return { pair, client: a, server: b };
}
