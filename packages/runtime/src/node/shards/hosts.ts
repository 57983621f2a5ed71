import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker, type WorkerOptions } from 'node:worker_threads';
import type { Post } from './link.ts';
import type { ShardMessage } from './types.ts';

/** A shard's thread or process, as the main thread sees it. */
export interface ShardHost {
  readonly post: Post;
  onMessage: ((message: ShardMessage) => void) | undefined;
  /** Called once when it is gone, with the reason when it did not end by itself. */
  onExit: ((error: Error | undefined) => void) | undefined;
  /** Ends it at once. */
  kill(): void;
}

/** Joins two shards: each gets its end by a `peer` message. */
export type Introduce = (a: ShardHost, indexOfA: number, b: ShardHost, indexOfB: number) => void;

/** A worker thread that runs the script. */
export function startThread(script: string | URL, options: WorkerOptions | undefined): ShardHost {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(script, {
    ...options,
    workerData: { ...(options?.workerData as object | undefined), kaonShardPort: port2 },
    transferList: [port2, ...(options?.transferList ?? [])],
  });
  let error: Error | undefined;
  const host: ShardHost = {
    post: (message, transfer = []) => port1.postMessage(message, transfer),
    onMessage: undefined,
    onExit: undefined,
    kill: () => void worker.terminate(),
  };
  port1.on('message', (message: ShardMessage) => host.onMessage?.(message));
  worker.on('error', (reason) => {
    error = reason instanceof Error ? reason : new Error(String(reason));
  });
  worker.on('exit', () => {
    port1.close();
    host.onExit?.(error);
  });
  return host;
}

/** A process of `node:cluster` that runs the script. */
export function startProcess(script: string | URL): ShardHost {
  cluster.setupPrimary({ exec: script instanceof URL ? fileURLToPath(script) : script, serialization: 'advanced' });
  const worker = cluster.fork();
  const host: ShardHost = {
    post: (message) => {
      if (worker.isConnected()) worker.send(message, undefined, () => {});
    },
    onMessage: undefined,
    onExit: undefined,
    kill: () => void worker.process.kill('SIGKILL'),
  };
  worker.on('message', (message: Partial<ShardMessage> | null) => {
    if (typeof message === 'object' && message?.kaonShard !== undefined) host.onMessage?.(message as ShardMessage);
  });
  worker.on('error', () => {});
  worker.on('exit', (code, signal) => {
    const ended = code === 0 || code === null ? undefined : new Error(`the process ended with code ${code}`);
    host.onExit?.(signal === null || signal === undefined ? ended : new Error(`the process was ended by ${signal}`));
  });
  return host;
}

/** Threads talk to each other directly. */
export const introduceThreads: Introduce = (a, indexOfA, b, indexOfB) => {
  const { port1, port2 } = new MessageChannel();
  a.post({ kaonShard: 'peer', index: indexOfB, port: port1 }, [port1]);
  b.post({ kaonShard: 'peer', index: indexOfA, port: port2 }, [port2]);
};

/** Processes talk by way of the primary one. */
export const introduceProcesses: Introduce = (a, indexOfA, b, indexOfB) => {
  a.post({ kaonShard: 'peer', index: indexOfB });
  b.post({ kaonShard: 'peer', index: indexOfA });
};
