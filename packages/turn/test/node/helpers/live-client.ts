import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Connection } from '@kaon/dtls';
import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import { Slot, transportAddress } from '@kaon/wire';
import { TurnClient, type TurnClientEvent, type TurnClientOptions } from '../../../src/index.ts';
import type { ListeningAddress } from '../../../src/node/index.ts';

/** Carries messages to a server over one transport. */
interface Wire {
  readonly path: Path;
  readonly isStream: boolean;
  send(bytes: Uint8Array): void;
  onData: (bytes: Uint8Array) => void;
  /** Streams: whether what comes is read. */
  read?(reads: boolean): void;
  close(): void;
}

/** A `TurnClient` on real sockets. What a test waits for resolves as it happens; nothing is polled by time. */
export class LiveClient {
  readonly core: TurnClient;
  readonly events: TurnClientEvent[] = [];
  readonly received: string[] = [];
  readonly #wire: Wire;
  readonly #slot = new Slot(65_600);
  readonly #timer: ReturnType<typeof nodeClock.timer>;
  #changed = Promise.withResolvers<void>();

  static async open(server: ListeningAddress, options: Partial<TurnClientOptions> = {}): Promise<LiveClient> {
    return new LiveClient(await openWire(server), options);
  }

  private constructor(wire: Wire, options: Partial<TurnClientOptions>) {
    this.#wire = wire;
    this.core = new TurnClient({
      path: wire.path,
      random: nodeCrypto.random,
      now: nodeClock.now(),
      credentials: { username: 'u', password: 'p' },
      channels: 'always',
      ...options,
    });
    wire.onData = (bytes) => {
      if (wire.isStream) this.core.handleStream(bytes, nodeClock.now());
      else this.core.handleDatagram(bytes, wire.path, nodeClock.now());
      this.pump();
    };
    this.#timer = nodeClock.timer(() => {
      this.core.handleTimeout(nodeClock.now());
      this.pump();
    });
    this.pump();
  }

  get path(): Path {
    return this.#wire.path;
  }

  /** The first event of a type, now or later. Rejects when the client fails instead. */
  async event<T extends TurnClientEvent['type']>(type: T): Promise<Extract<TurnClientEvent, { readonly type: T }>> {
    for (;;) {
      const found = this.events.find((event) => event.type === type);
      if (found !== undefined) return found as Extract<TurnClientEvent, { readonly type: T }>;
      const failed = this.events.find((event) => event.type === 'failed');
      if (failed?.type === 'failed') throw failed.error;
      await this.#changed.promise;
    }
  }

  async relayed(): Promise<TransportAddress> {
    return (await this.event('allocated')).relayed[0]!;
  }

  /** Resolves when `count` messages have come from peers. */
  async texts(count: number): Promise<readonly string[]> {
    while (this.received.length < count) await this.#changed.promise;
    return this.received;
  }

  send(peer: TransportAddress, text: string): void {
    const bytes = new TextEncoder().encode(text);
    const slot = this.#slot;
    slot.reset();
    if (this.core.wrap(peer, bytes, 0, bytes.length, slot, nodeClock.now()) === 'written') {
      this.#wire.send(slot.bytes.slice());
    }
    this.pump();
  }

  /** Stops reading from the server, or goes on. */
  read(reads: boolean): void {
    this.#wire.read?.(reads);
  }

  pump(): void {
    const now = nodeClock.now();
    const slot = this.#slot;
    for (slot.reset(); this.core.pollTransmit(slot, now); slot.reset()) this.#wire.send(slot.bytes.slice());
    for (let data = this.core.pollData(); data !== undefined; data = this.core.pollData()) {
      this.received.push(new TextDecoder().decode(data.bytes));
    }
    for (let event = this.core.pollEvent(); event !== undefined; event = this.core.pollEvent()) this.events.push(event);
    this.#timer.reset(this.core.pollTimeout());
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }

  /** Gives the allocation up and waits for the server's word. */
  async end(): Promise<void> {
    this.core.close(nodeClock.now());
    this.pump();
    await this.event('closed');
    this.close();
  }

  /** Closes the wire only. */
  close(): void {
    this.#timer.cancel();
    this.#wire.close();
  }
}

/** Two clients exchange a message each way through their relays, then give up. */
export async function exchange(a: LiveClient, b: LiveClient): Promise<void> {
  const [left, right] = await Promise.all([a.relayed(), b.relayed()]);
  const now = nodeClock.now();
  a.core.permit(right, now);
  a.pump();
  b.send(left, 'from b');
  a.send(right, 'from a');
  // The first one may have come before the other side let it in.
  while (a.received.length === 0 || b.received.length === 0) {
    await Promise.race([
      a.received.length === 0 ? a.texts(1) : Promise.race([]),
      b.received.length === 0 ? b.texts(1) : Promise.race([]),
      nextTurn().then(() => {
        if (b.received.length === 0) a.send(right, 'from a');
        if (a.received.length === 0) b.send(left, 'from b');
      }),
    ]);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => nodeClock.defer(resolve));
}

function openWire(server: ListeningAddress): Promise<Wire> {
  if (server.protocol === 'udp') return openUdp(server);
  if (server.protocol === 'dtls') return openDtls(server);
  return openStream(server);
}

async function openUdp(server: ListeningAddress): Promise<Wire> {
  const socket = await nodeNetwork.bindUdp({ address: server.address });
  const wire: Wire = {
    path: pathTo(server, socket.local, 'udp'),
    isStream: false,
    send: (bytes) => void socket.send(bytes, 0, bytes.length, server),
    onData: () => {},
    close: () => socket.close(),
  };
  socket.onDatagram = (bytes) => wire.onData(bytes);
  return wire;
}

async function openStream(server: ListeningAddress): Promise<Wire> {
  const { address: host, port } = server;
  const socket: Socket =
    server.protocol === 'tls' ? connectTls({ host, port, rejectUnauthorized: false }) : connectTcp({ host, port });
  socket.on('error', () => {});
  await once(socket, server.protocol === 'tls' ? 'secureConnect' : 'connect');
  const local = transportAddress(socket.localAddress!, socket.localPort!);
  const wire: Wire = {
    path: pathTo(server, local, 'tcp'),
    isStream: true,
    send: (bytes) => void socket.write(bytes),
    onData: () => {},
    read: (reads) => void (reads ? socket.resume() : socket.pause()),
    close: () => socket.destroy(),
  };
  socket.on('data', (bytes) => wire.onData(new Uint8Array(bytes)));
  return wire;
}

async function openDtls(server: ListeningAddress): Promise<Wire> {
  const socket = await nodeNetwork.bindUdp({ address: server.address });
  const path = pathTo(server, socket.local, 'udp');
  const connection = new Connection({ role: 'client', verifyPeer: () => undefined, crypto: nodeCrypto });
  const slot = new Slot(2000, 64);
  const connected = Promise.withResolvers<void>();
  const wire: Wire = {
    path,
    isStream: false,
    send: (bytes) => {
      slot.reset();
      slot.buffer.set(bytes, slot.start);
      slot.end = slot.start + bytes.length;
      connection.seal(slot, nodeClock.now());
      socket.send(slot.buffer, slot.start, slot.end, server);
    },
    onData: () => {},
    close: () => {
      connection.close(nodeClock.now());
      drain();
      timer.cancel();
      socket.close();
    },
  };
  const drain = (): void => {
    sendFlights(connection, slot, socket, server);
    for (let plain = connection.pollPlaintext(); plain !== undefined; plain = connection.pollPlaintext()) {
      wire.onData(plain);
    }
    for (let event = connection.pollEvent(); event !== undefined; event = connection.pollEvent()) {
      if (event.type === 'connected') connected.resolve();
      if (event.type === 'failed') connected.reject(event.error);
    }
    timer.reset(connection.pollTimeout());
  };
  const timer = nodeClock.timer(() => {
    connection.handleTimeout(nodeClock.now());
    drain();
  });
  socket.onDatagram = (bytes) => {
    connection.handleRecord(bytes, path, nodeClock.now());
    drain();
  };
  connection.start(nodeClock.now());
  drain();
  await connected.promise;
  return wire;
}

function sendFlights(connection: Connection, slot: Slot, socket: UdpSocket, server: TransportAddress): void {
  for (slot.reset(); connection.pollTransmit(slot, nodeClock.now()); slot.reset()) {
    socket.send(slot.buffer, slot.start, slot.end, server);
  }
}

function pathTo(server: ListeningAddress, local: TransportAddress, protocol: 'udp' | 'tcp'): Path {
  const { address, family, port } = server;
  return { protocol, local, remote: { address, family, port } };
}
