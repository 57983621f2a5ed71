import { Worker } from 'node:worker_threads';
import { TurnError } from '../errors.ts';
import { credentialOf } from './credential.ts';
import { carry, type FromWorker, type ToWorker, uncarry, type WorkerStart } from './messages.ts';
import type {
  AuthenticationRequest,
  CreateTurnServerOptions,
  ListeningAddress,
  Metrics,
  Reload,
  TurnServerSettings,
} from './options.ts';
import type { Part } from './part.ts';

/** A `ThreadServer` in a thread of its own, seen from the main thread. */
export class WorkerServer implements Part {
  addresses: readonly ListeningAddress[] = [];
  readonly #options: CreateTurnServerOptions;
  readonly #onDeath: (error: Error) => void;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: FromWorker & { readonly type: 'done' }) => void>();
  readonly #exited: Promise<void>;
  readonly #opened = Promise.withResolvers<void>();
  #nextId = 0;
  #closing = false;
  #ended = false;

  /** `onDeath` is told when the thread dies without having been closed. */
  constructor(options: CreateTurnServerOptions, onDeath: (error: Error) => void) {
    this.#options = options;
    this.#onDeath = onDeath;
    const start: WorkerStart = {
      settings: settingsOf(options),
      authenticates: options.authenticate !== undefined,
      tells: options.onEvent !== undefined,
    };
    // The source runs as it is, so the neighbour has the same ending as this module.
    const neighbour = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    this.#worker = new Worker(new URL(neighbour, import.meta.url), { workerData: start });
    this.#worker.on('message', (message: FromWorker) => this.#message(message));
    this.#worker.on('error', (error) => this.#failed(error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#ended = true;
        this.#failed(hasEnded());
        resolve();
      });
    });
  }

  /** Rejects with what kept the thread from opening its ports. */
  open(): Promise<void> {
    return this.#opened.promise;
  }

  async metrics(): Promise<Metrics> {
    return (await this.#ask((id) => ({ type: 'metrics', id }))).metrics ?? {};
  }

  async reload(change: Reload): Promise<void> {
    const { error } = await this.#ask((id) => ({ type: 'reload', id, change }));
    if (error !== undefined) throw uncarry(error);
  }

  async drain(): Promise<void> {
    await this.#ask((id) => ({ type: 'drain', id }));
  }

  /** Resolves when the thread has ended. */
  async close(): Promise<void> {
    this.#closing = true;
    void this.#ask((id) => ({ type: 'close', id }));
    await this.#exited;
  }

  #ask(make: (id: number) => ToWorker): Promise<FromWorker & { readonly type: 'done' }> {
    const id = this.#nextId++;
    if (this.#ended) return Promise.resolve({ type: 'done', id, error: carry(hasEnded()) });
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#worker.postMessage(make(id));
    });
  }

  #message(message: FromWorker): void {
    switch (message.type) {
      case 'open':
        this.addresses = message.addresses;
        this.#opened.resolve();
        return;
      case 'failed':
        this.#failed(uncarry(message.error));
        return;
      case 'done':
        this.#waiting.get(message.id)?.(message);
        this.#waiting.delete(message.id);
        return;
      case 'authenticate':
        void this.#authenticate(message.id, message.request);
        return;
      case 'event':
        this.#guard(() => this.#options.onEvent?.(message.event));
        return;
      case 'error':
        this.#options.onError?.(uncarry(message.error));
        return;
    }
  }

  async #authenticate(id: number, request: AuthenticationRequest): Promise<void> {
    let credential: (ToWorker & { readonly type: 'credential' })['credential'];
    try {
      credential = credentialOf(await this.#options.authenticate?.(request));
    } catch (error) {
      this.#options.onError?.(error instanceof Error ? error : new Error(String(error)));
    }
    this.#worker.postMessage({ type: 'credential', id, credential } satisfies ToWorker);
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.onError?.(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The first reason counts; nobody waits for a thread that is gone. */
  #failed(error: Error): void {
    this.#opened.promise.then(
      () => {
        if (this.#closing) return;
        this.#closing = true;
        this.#onDeath(error);
      },
      () => {},
    );
    this.#opened.reject(error);
    for (const [id, resolve] of this.#waiting) resolve({ type: 'done', id, error: carry(error) });
    this.#waiting.clear();
  }
}

function hasEnded(): TurnError {
  return new TurnError('TURN_INVALID_STATE', 'A worker has ended.');
}

/** What can cross to a thread. */
function settingsOf(options: CreateTurnServerOptions): TurnServerSettings {
  const { authenticate, permit, workers, metrics, onEvent, onError, network, clock, crypto, ...settings } = options;
  return settings;
}
