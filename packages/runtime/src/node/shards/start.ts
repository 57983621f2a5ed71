import { availableParallelism } from 'node:os';
import type { WorkerOptions } from 'node:worker_threads';
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { InterfaceAddress, UdpSocket } from '@kaon/interface/network/v1';
import { RuntimeError } from '../../errors.ts';
import { nodeClock } from '../clock.ts';
import { nodeNetwork } from '../network.ts';
import {
  type Introduce,
  introduceProcesses,
  introduceThreads,
  type ShardHost,
  startProcess,
  startThread,
} from './hosts.ts';
import { Link } from './link.ts';
import { bindPort, networksOf } from './port.ts';
import { type DatagramRouter, MAIN, type ShardMessage, type ShardMode } from './types.ts';

/** What may be set on `startShards`. */
export interface StartShardsOptions {
  /** What each thread or process runs; it calls `joinShards`. */
  readonly script: string | URL;
  /** Makes what tells the shard of a datagram, as in `joinShards`. Used where the main thread hands datagrams over. */
  readonly router: (count: number) => DatagramRouter;
  /** How many. Default: as many as the machine runs at once. */
  readonly count?: number | undefined;
  /** Numeric addresses to listen on. Default: those of all interfaces, without loopback and link-local ones unless there are no others. */
  readonly addresses?: readonly string[] | undefined;
  /** The port, the same on all addresses. 0 or undefined: any. */
  readonly port?: number | undefined;
  /** Default `auto`: `reusePort` where the platform can. */
  readonly mode?: ShardMode | 'auto' | undefined;
  /** Worker threads, or processes of `node:cluster`. Default threads. */
  readonly via?: 'threads' | 'cluster' | undefined;
  /** Given to each shard as `Shard.data`; must be clonable. */
  readonly data?: unknown;
  /** For worker threads: environment, limits and so on. */
  readonly workerOptions?: WorkerOptions | undefined;
  /** ms that shards have to end when they are asked to. Default 5000. */
  readonly stopTimeout?: number | undefined;
}

/** A shard that is gone. */
export interface ShardExit {
  readonly index: number;
  /** Why, when it did not end by itself. */
  readonly error: Error | undefined;
}

/** Shards that run, seen from the main thread. */
export interface Shards {
  readonly count: number;
  readonly mode: ShardMode;
  /** Where they listen. */
  readonly addresses: readonly TransportAddress[];
  /** Shards that are there. */
  readonly running: number;
  /** Datagrams that the main thread has handed to shards. 0 where it has no socket. */
  readonly handedOver: number;
  /** Called when a shard is gone without `close`. Its connections are lost; `replace` puts a new one in its place. */
  onexit: ((exit: ShardExit) => void) | undefined;
  /** Called with what a shard gave to `Shard.post`. */
  onmessage: ((message: unknown, index: number) => void) | undefined;
  /** Called when the platform closed a socket of the main thread. */
  onerror: ((error: Error) => void) | undefined;
  /** Gives a message to the shard's `onmessage`. Nothing happens when it is gone. */
  post(index: number, message: unknown): void;
  /** Ends the shard if it is still there, and starts a new one in its place. Rejects with RuntimeError `RUNTIME_SHARD_FAILED`. */
  replace(index: number): Promise<void>;
  /** Asks all to end, and ends those that do not. Frees the port. Idempotent. */
  close(): Promise<void>;
}

/**
 * Spreads connections over worker threads or processes behind one UDP port. Rejects with the platform's error when the port
 * cannot be bound, and with RuntimeError `RUNTIME_SHARD_FAILED` when a shard does not come up; nothing is left then.
 */
export async function startShards(options: StartShardsOptions): Promise<Shards> {
  const count = options.count ?? availableParallelism();
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`${count} is not a number of shards`);
  const networks = networksOf(options.addresses, nodeNetwork);
  const { mode, sockets } = await bindPort(networks, options.port ?? 0, options.mode ?? 'auto', nodeNetwork);
  const shards = new ShardSet(options, count, mode, networks, sockets);
  try {
    await Promise.all(Array.from({ length: count }, (_, index) => shards.replace(index)));
  } catch (error) {
    await shards.close();
    throw error;
  }
  if (mode === 'reusePort') for (const socket of sockets) socket.close();
  return shards;
}

class ShardSet implements Shards {
  readonly count: number;
  readonly mode: ShardMode;
  readonly addresses: readonly TransportAddress[];
  handedOver = 0;
  onexit: ((exit: ShardExit) => void) | undefined = undefined;
  onmessage: ((message: unknown, index: number) => void) | undefined = undefined;
  onerror: ((error: Error) => void) | undefined = undefined;
  readonly #options: StartShardsOptions;
  readonly #networks: readonly InterfaceAddress[];
  readonly #sockets: readonly UdpSocket[];
  readonly #router: DatagramRouter;
  readonly #introduce: Introduce;
  readonly #running = new Map<number, Running>();
  #closing: Promise<void> | undefined = undefined;

  constructor(
    options: StartShardsOptions,
    count: number,
    mode: ShardMode,
    networks: readonly InterfaceAddress[],
    sockets: readonly UdpSocket[],
  ) {
    this.#options = options;
    this.count = count;
    this.mode = mode;
    this.#networks = networks;
    this.#sockets = sockets;
    this.addresses = sockets.map(({ local }) => local);
    this.#router = options.router(count);
    this.#introduce = options.via === 'cluster' ? introduceProcesses : introduceThreads;
    if (mode === 'handover') for (const [number, socket] of sockets.entries()) this.#distribute(number, socket);
  }

  get running(): number {
    return this.#running.size;
  }

  post(index: number, message: unknown): void {
    this.#running.get(index)?.host.post({ kaonShard: 'app', message });
  }

  async replace(index: number): Promise<void> {
    if (this.#closing !== undefined) throw new RuntimeError('RUNTIME_SHARD_FAILED', 'The shards are closed.');
    if (!Number.isInteger(index) || index < 0 || index >= this.count)
      throw new RangeError(`there is no shard ${index}`);
    const before = this.#running.get(index);
    if (before !== undefined) await this.#end(before);
    await this.#start(index);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#running.values()].map((one) => this.#end(one)));
    for (const socket of this.#sockets) socket.close();
  }

  /** Resolves when it takes datagrams. */
  #start(index: number): Promise<void> {
    const { script, via, workerOptions, data } = this.#options;
    const host = via === 'cluster' ? startProcess(script) : startThread(script, workerOptions);
    const { promise: exited, resolve: onExited } = Promise.withResolvers<void>();
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    const link = new Link(MAIN, index, host.post, (kind, socket, remote, bytes, ecn) => {
      const now = nodeClock.now();
      if (kind !== 'datagram') this.#router.prefer(remote, index, now, kind === 'claimAnswered');
      else {
        if ((bytes[0] ?? 255) < 2) this.#router.sent(bytes, 0, bytes.length, remote, index, now);
        this.#sockets[socket]?.send(bytes, 0, bytes.length, remote, ecn);
      }
    });
    const shard: Running = { index, host, link, exited, ready: false, ending: false };
    host.onMessage = (message) => {
      if (message.kaonShard === 'here') {
        const { count, mode } = this;
        const port = this.addresses[0]?.port ?? 0;
        host.post({ kaonShard: 'start', setup: { index, count, mode, networks: this.#networks, port, data } });
      } else if (message.kaonShard === 'ready') {
        this.#meetOthers(shard);
        resolve();
      } else if (message.kaonShard === 'failed') reject(failed(message.reason));
      else this.#onMessage(shard, message);
    };
    host.onExit = (error) => {
      reject(failed(error === undefined ? 'it ended before it was ready' : String(error), error));
      onExited();
      this.#gone(shard, error);
    };
    this.#running.set(index, shard);
    return ready;
  }

  #meetOthers(shard: Running): void {
    if (this.mode === 'reusePort') {
      for (const other of this.#running.values()) {
        if (other.ready) this.#introduce(shard.host, shard.index, other.host, other.index);
      }
    }
    shard.ready = true;
  }

  #onMessage(shard: Running, message: ShardMessage): void {
    if (message.kaonShard === 'app') this.onmessage?.(message.message, shard.index);
    else if (message.kaonShard === 'batch' || message.kaonShard === 'done') {
      if (message.to === MAIN) shard.link.receive(message);
      else this.#running.get(message.to)?.host.post(message);
    }
  }

  #gone(shard: Running, error: Error | undefined): void {
    shard.link.close();
    if (this.#running.get(shard.index) === shard) this.#running.delete(shard.index);
    this.#router.remove(shard.index);
    for (const { host } of this.#running.values()) host.post({ kaonShard: 'gone', index: shard.index });
    if (shard.ready && !shard.ending) this.onexit?.({ index: shard.index, error });
  }

  async #end(shard: Running): Promise<void> {
    shard.ending = true;
    const timer = setTimeout(() => shard.host.kill(), this.#options.stopTimeout ?? 5000);
    shard.host.post({ kaonShard: 'stop' });
    if (!shard.ready) shard.host.kill();
    await shard.exited;
    clearTimeout(timer);
  }

  #distribute(number: number, socket: UdpSocket): void {
    socket.onDatagram = (bytes, remote, ecn) => {
      const shard = this.#router.route(bytes, remote, nodeClock.now());
      const give = (to: Running | undefined): void => {
        if (to?.ready && to.link.send('datagram', number, remote, bytes, 0, bytes.length, ecn)) this.handedOver++;
      };
      // What was asked went by here: an answer to nobody is for nobody, unless a shard has just been replaced.
      if (typeof shard === 'number') give(this.#running.get(shard));
    };
    socket.onError = (error) => this.onerror?.(error);
  }
}

interface Running {
  readonly index: number;
  readonly host: ShardHost;
  /** Where the main thread hands datagrams over. */
  readonly link: Link;
  readonly exited: Promise<void>;
  ready: boolean;
  ending: boolean;
}

function failed(reason: string, cause?: unknown): RuntimeError {
  return new RuntimeError('RUNTIME_SHARD_FAILED', `A shard could not begin: ${reason}.`, { cause });
}
