import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import { TurnError } from '../errors.ts';
import { resolveListeners } from './addresses.ts';
import { prometheusText, sumMetrics } from './metrics.ts';
import { listenForMetrics, type MetricsServer } from './metrics-server.ts';
import type {
  CreateTurnServerOptions,
  ListenerOptions,
  ListeningAddress,
  Metrics,
  Reload,
  RunningTurnServer,
} from './options.ts';
import type { Part } from './part.ts';
import { ThreadServer } from './thread-server.ts';
import { WorkerServer } from './worker-server.ts';

/**
 * Starts a TURN server (RFC 8656) on this machine. Resolves when all of its ports are open; rejects, with nothing left open, with
 * a `TurnError` `TURN_INVALID_ARGUMENT` or a RangeError for options that make no sense, and with the platform's error, such as
 * `EADDRINUSE`, for a port that cannot be had.
 */
export async function createTurnServer(options: CreateTurnServerOptions): Promise<RunningTurnServer> {
  const workers = options.workers ?? 1;
  checkWorkers(options, workers);
  const guarded = { ...options, onError: guardedOnError(options) };
  const server = new Running();
  try {
    if (workers === 1) await server.openHere(guarded);
    else await server.openWorkers(guarded, workers);
    if (options.metrics !== undefined) await server.tellMetrics(options.metrics);
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

class Running implements RunningTurnServer {
  readonly ended: Promise<Error | undefined>;
  readonly #parts: Part[] = [];
  readonly #end: (reason: Error | undefined) => void;
  #metrics: MetricsServer | undefined = undefined;
  #serving = true;
  #closing: Promise<void> | undefined = undefined;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    this.ended = promise;
    this.#end = resolve;
  }

  get addresses(): readonly ListeningAddress[] {
    return this.#parts[0]?.addresses ?? [];
  }

  get metricsAddress(): RunningTurnServer['metricsAddress'] {
    const metrics = this.#metrics;
    if (metrics === undefined) return undefined;
    return { address: metrics.address, family: metrics.address.includes(':') ? 'IPv6' : 'IPv4', port: metrics.port };
  }

  async openHere(options: GuardedOptions): Promise<void> {
    const { authenticate } = options;
    const part = new ThreadServer(options, {
      network: options.network ?? nodeNetwork,
      clock: options.clock ?? nodeClock,
      crypto: options.crypto ?? nodeCrypto,
      reusePort: false,
      authenticate: authenticate === undefined ? undefined : async (request) => authenticate(request),
      permit: options.permit,
      onEvent: options.onEvent,
      onError: options.onError,
    });
    this.#parts.push(part);
    await part.open(options);
  }

  async openWorkers(options: GuardedOptions, count: number): Promise<void> {
    const open = async (listeners: readonly ListenerOptions[]): Promise<Part> => {
      const part = new WorkerServer({ ...options, listeners }, (error) => this.#died(error));
      this.#parts.push(part);
      await part.open();
      return part;
    };
    // The first one finds the ports that the others share.
    const listeners = resolveListeners(options.listeners, nodeNetwork);
    const { addresses } = await open(listeners);
    const shared = listeners.map((one, i) => ({ ...one, port: addresses[i]?.port ?? one.port }));
    await Promise.all(Array.from({ length: count - 1 }, () => open(shared)));
  }

  async tellMetrics(where: NonNullable<CreateTurnServerOptions['metrics']>): Promise<void> {
    const running = this;
    this.#metrics = await listenForMetrics(where.address ?? '127.0.0.1', where.port ?? 9641, {
      text: async () => prometheusText(await this.metrics()),
      get serving() {
        return running.#serving;
      },
    });
  }

  async metrics(): Promise<Metrics> {
    return sumMetrics(await Promise.all(this.#parts.map((part) => part.metrics())));
  }

  async reload(change: Reload): Promise<void> {
    if ((change.certificate === undefined) !== (change.privateKey === undefined)) {
      throw new TurnError('TURN_INVALID_ARGUMENT', 'certificate and privateKey go together.');
    }
    await Promise.all(this.#parts.map((part) => part.reload(change)));
  }

  async drain(timeout?: number): Promise<void> {
    this.#serving = false;
    const drained = Promise.all(this.#parts.map((part) => part.drain()));
    if (timeout === undefined) {
      await drained;
    } else {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = nodeClock.timer(resolve);
      timer.reset(nodeClock.now() + timeout);
      await Promise.race([drained, promise]);
      timer.cancel();
    }
    await this.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close(undefined);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(reason: Error | undefined): Promise<void> {
    this.#serving = false;
    await Promise.all([this.#metrics?.close(), ...this.#parts.map((part) => part.close())]);
    this.#end(reason);
  }

  /** A thread that dies takes the server with it: half of the clients would have nobody, and nobody would know. */
  #died(error: Error): void {
    this.#closing ??= this.#close(error);
  }
}

type GuardedOptions = CreateTurnServerOptions & { readonly onError: (error: Error) => void };

/** What `onError` throws has nobody left to be told to. */
function guardedOnError({ onError }: CreateTurnServerOptions): (error: Error) => void {
  return (error) => {
    try {
      onError?.(error);
    } catch {
      // As said.
    }
  };
}

function checkWorkers(options: CreateTurnServerOptions, workers: number): void {
  if (!Number.isInteger(workers) || workers < 1 || workers > 256) {
    throw new TurnError('TURN_INVALID_ARGUMENT', `workers must be from 1 to 256, not ${workers}.`);
  }
  if (workers === 1) return;
  // What comes from another port of the client may reach another thread, which knows nothing of its allocation.
  if (options.tcpRelay === true || options.mobility === true) {
    const which = options.tcpRelay === true ? 'tcpRelay' : 'mobility';
    throw new TurnError('TURN_INVALID_ARGUMENT', `${which} works with one worker only.`);
  }
  for (const name of ['permit', 'network', 'clock', 'crypto'] as const) {
    if (options[name] !== undefined) {
      throw new TurnError('TURN_INVALID_ARGUMENT', `${name} cannot be given to several workers.`);
    }
  }
}
