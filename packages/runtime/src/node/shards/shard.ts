import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type { InterfaceAddress, UdpSocket } from '@kaon/interface/network/v1';
import { nodeClock } from '../clock.ts';
import { nodeNetwork } from '../network.ts';
import { Link, type Post } from './link.ts';
import { type DatagramRouter, MAIN, type ShardMessage, type ShardSetup, type ShardSocket } from './types.ts';

/** How a shard reaches the main thread, and what it hears from there. */
export interface ShardCarrier {
  readonly post: Post;
  onMessage: ((message: ShardMessage) => void) | undefined;
  /** A way to another shard from what came in a `peer` message. */
  peer(index: number, port: unknown): PeerCarrier;
  /** Hears no more; the thread or process may end. */
  close(): void;
}

/** How a shard reaches another one. */
export interface PeerCarrier {
  readonly post: Post;
  onMessage: ((message: ShardMessage) => void) | undefined;
  close(): void;
}

/** One shard, as it sees itself. */
export interface Shard {
  /** 0 to `count` - 1. */
  readonly index: number;
  readonly count: number;
  readonly mode: ShardSetup['mode'];
  /** One for each address of the port. */
  readonly sockets: readonly ShardSocket[];
  /** What the application gave to `startShards`. */
  readonly data: unknown;
  /** Datagrams that were handed over to other shards, to the main thread, or received from them. */
  readonly handedOver: number;
  /** Called with what the main thread gave to `Shards.post`. */
  onmessage: ((message: unknown) => void) | undefined;
  /** Called when the main thread wants the shard to end, before its sockets close. What it returns is awaited. */
  onstop: (() => void | Promise<void>) | undefined;
  /** Gives a message to the main thread's `Shards.onmessage`. Throws what the platform throws for one that cannot be cloned. */
  post(message: unknown): void;
  /** Leaves: closes the sockets and lets the thread or process end. */
  close(): void;
}

/** Makes the shard: binds its sockets where it has any of its own. Rejects with the platform's error. */
export async function openShard(
  setup: ShardSetup,
  carrier: ShardCarrier,
  makeRouter: (count: number) => DatagramRouter,
): Promise<Shard> {
  const shard = new ShardEnd(setup, carrier, makeRouter(setup.count));
  if (setup.mode === 'reusePort') {
    const { port } = setup;
    const bound: UdpSocket[] = [];
    try {
      for (const { address } of setup.networks)
        bound.push(await nodeNetwork.bindUdp({ address, port, reusePort: true }));
    } catch (error) {
      for (const socket of bound) socket.close();
      throw error;
    }
    shard.take(bound);
  }
  return shard;
}

class ShardEnd implements Shard {
  readonly index: number;
  readonly count: number;
  readonly mode: ShardSetup['mode'];
  readonly data: unknown;
  readonly sockets: readonly End[];
  handedOver = 0;
  onmessage: ((message: unknown) => void) | undefined = undefined;
  onstop: (() => void | Promise<void>) | undefined = undefined;
  readonly router: DatagramRouter;
  readonly main: Link;
  readonly #carrier: ShardCarrier;
  readonly #peers = new Map<number, { readonly link: Link; readonly carrier: PeerCarrier }>();
  #broadcasts = MAX_BROADCASTS;
  #broadcastsSince = 0;
  #closed = false;

  constructor(setup: ShardSetup, carrier: ShardCarrier, router: DatagramRouter) {
    this.index = setup.index;
    this.count = setup.count;
    this.mode = setup.mode;
    this.data = setup.data;
    this.router = router;
    this.#carrier = carrier;
    this.sockets = setup.networks.map((network, number) => new End(this, number, network, setup.port));
    this.main = new Link(setup.index, MAIN, carrier.post, (_, socket, remote, bytes, ecn) => {
      this.handedOver++;
      this.sockets[socket]?.onDatagram?.(bytes, remote, ecn);
    });
    carrier.onMessage = (message) => this.#onMessage(message);
  }

  /** Sockets of its own. */
  take(sockets: readonly UdpSocket[]): void {
    for (const [number, socket] of sockets.entries()) this.sockets[number]?.take(socket);
  }

  /** A datagram that came in here, for whomever. */
  route(end: End, bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint): void {
    const shard = this.router.route(bytes, remote, nodeClock.now());
    if (shard === this.index) end.onDatagram?.(bytes, remote, ecn);
    else if (typeof shard === 'number') this.#handOver(shard, end, bytes, remote, ecn);
    else if (shard === 'any') {
      end.onDatagram?.(bytes, remote, ecn);
      if (!this.#mayBroadcast()) return;
      for (const index of this.#peers.keys()) this.#handOver(index, end, bytes, remote, ecn);
    }
  }

  /** All shards learn of a claim, since the remote's datagrams come to any one of them. */
  claim(end: End, remote: TransportAddress, answered: boolean): void {
    if (this.#closed) return;
    this.router.prefer(remote, this.index, nodeClock.now(), answered);
    const kind = answered ? 'claimAnswered' : 'claim';
    if (this.mode === 'handover') this.main.send(kind, end.number, remote, NO_BYTES, 0, 0);
    else for (const { link } of this.#peers.values()) link.send(kind, end.number, remote, NO_BYTES, 0, 0);
  }

  post(message: unknown): void {
    this.#carrier.post({ kaonShard: 'app', message });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.main.close();
    for (const index of [...this.#peers.keys()]) this.#forget(index);
    for (const socket of this.sockets) socket.close();
    this.#carrier.close();
  }

  #handOver(shard: number, end: End, bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint): void {
    this.handedOver++;
    this.#peers.get(shard)?.link.send('datagram', end.number, remote, bytes, 0, bytes.length, ecn);
  }

  /** Answers to nobody's questions may come from anybody. */
  #mayBroadcast(): boolean {
    const now = nodeClock.now();
    if (now - this.#broadcastsSince >= 1000) {
      this.#broadcastsSince = now;
      this.#broadcasts = MAX_BROADCASTS;
    }
    return --this.#broadcasts >= 0;
  }

  #onMessage(message: ShardMessage): void {
    switch (message.kaonShard) {
      case 'batch':
      case 'done':
        if (message.from === MAIN) this.main.receive(message);
        else this.#peers.get(message.from)?.link.receive(message);
        return;
      case 'peer':
        this.#meet(message.index, message.port);
        return;
      case 'gone':
        this.#forget(message.index);
        this.router.remove(message.index);
        return;
      case 'app':
        this.onmessage?.(message.message);
        return;
      case 'stop':
        void this.#stop();
        return;
      default:
    }
  }

  #meet(index: number, port: unknown): void {
    this.#forget(index);
    const carrier = this.#carrier.peer(index, port);
    const link = new Link(this.index, index, carrier.post, (kind, socket, remote, bytes, ecn) => {
      const now = nodeClock.now();
      if (kind !== 'datagram') {
        this.router.prefer(remote, index, now, kind === 'claimAnswered');
        return;
      }
      this.handedOver++;
      // Only to learn from it: what was handed over is not handed on.
      if ((bytes[0] ?? 255) < 4) this.router.route(bytes, remote, now);
      this.sockets[socket]?.onDatagram?.(bytes, remote, ecn);
    });
    carrier.onMessage = (message) => {
      if (message.kaonShard === 'batch' || message.kaonShard === 'done') link.receive(message);
    };
    this.#peers.set(index, { link, carrier });
  }

  #forget(index: number): void {
    const peer = this.#peers.get(index);
    this.#peers.delete(index);
    peer?.link.close();
    peer?.carrier.close();
  }

  async #stop(): Promise<void> {
    try {
      await this.onstop?.();
    } finally {
      this.close();
    }
  }
}

/** One socket of a shard. */
class End implements ShardSocket {
  readonly interface = 'kaon:udp-socket/1';
  readonly local: TransportAddress;
  readonly network: InterfaceAddress;
  readonly number: number;
  onDatagram: ((bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint) => void) | undefined = undefined;
  onError: ((error: Error) => void) | undefined = undefined;
  readonly #shard: ShardEnd;
  #socket: UdpSocket | undefined = undefined;
  #closed = false;

  constructor(shard: ShardEnd, number: number, network: InterfaceAddress, port: number) {
    this.#shard = shard;
    this.number = number;
    this.network = network;
    this.local = { address: network.address, family: network.family, port };
  }

  get receiveBufferSize(): number | undefined {
    return this.#socket?.receiveBufferSize;
  }

  take(socket: UdpSocket): void {
    this.#socket = socket;
    socket.onDatagram = (bytes, remote, ecn) => this.#shard.route(this, bytes, remote, ecn);
    socket.onError = (error) => {
      const { onError } = this;
      this.close();
      onError?.(error);
    };
  }

  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress, ecn?: EcnCodepoint): boolean {
    if (this.#closed) return false;
    const shard = this.#shard;
    const socket = this.#socket;
    if (socket === undefined) return shard.main.send('datagram', this.number, remote, buffer, start, end, ecn);
    if (buffer[start]! < 2) shard.router.sent(buffer, start, end, remote, shard.index, nodeClock.now());
    return socket.send(buffer, start, end, remote, ecn);
  }

  claim(remote: TransportAddress, answered: boolean): void {
    if (!this.#closed) this.#shard.claim(this, remote, answered);
  }

  close(): void {
    this.#closed = true;
    this.onDatagram = undefined;
    this.onError = undefined;
    this.#socket?.close();
  }
}

const NO_BYTES = new Uint8Array(0);
/** Responses in a second that are shown to all shards because nobody here knows the request. */
const MAX_BROADCASTS = 1000;
