import cluster from 'node:cluster';
import process from 'node:process';
import { type MessagePort, workerData } from 'node:worker_threads';
import { RuntimeError } from '../../errors.ts';
import type { Post } from './link.ts';
import { openShard, type PeerCarrier, type Shard, type ShardCarrier } from './shard.ts';
import type { DatagramRouter, ShardMessage, ShardSetup } from './types.ts';

/** What `joinShards` needs. */
export interface JoinOptions {
  /** Makes what tells the shard of a datagram, such as `new ShardRouter(count)` of `@kaon/ice/mux`. */
  readonly router: (count: number) => DatagramRouter;
}

/**
 * Takes the place of this thread or process among the shards; to be called once by the script that `startShards` was given.
 * Rejects with RuntimeError `RUNTIME_NO_SHARD` elsewhere, and with the platform's error when a socket cannot be bound.
 */
export async function joinShards({ router }: JoinOptions): Promise<Shard> {
  const port = (workerData as { readonly kaonShardPort?: MessagePort } | null)?.kaonShardPort;
  const carrier = port !== undefined ? threadCarrier(port) : cluster.isWorker ? processCarrier() : undefined;
  if (carrier === undefined) {
    throw new RuntimeError('RUNTIME_NO_SHARD', 'This thread or process was not started by startShards.');
  }
  const setup = await new Promise<ShardSetup>((resolve) => {
    carrier.onMessage = (message) => {
      if (message.kaonShard === 'start') resolve(message.setup);
    };
    // A process does not hear what was said before it listened.
    carrier.post({ kaonShard: 'here' });
  });
  try {
    const shard = await openShard(setup, carrier, router);
    carrier.post({ kaonShard: 'ready' });
    return shard;
  } catch (error) {
    carrier.post({ kaonShard: 'failed', reason: String(error) });
    carrier.close();
    throw error;
  }
}

/** The other end of a port of `node:worker_threads`. */
function portCarrier(port: MessagePort): PeerCarrier {
  const carrier: PeerCarrier = {
    post: (message, transfer = []) => port.postMessage(message, transfer),
    onMessage: undefined,
    close: () => port.close(),
  };
  port.on('message', (message: ShardMessage) => carrier.onMessage?.(message));
  return carrier;
}

function threadCarrier(port: MessagePort): ShardCarrier {
  const { post, close } = portCarrier(port);
  const carrier: ShardCarrier = {
    post,
    close,
    onMessage: undefined,
    peer: (_, other) => portCarrier(other as MessagePort),
  };
  port.on('message', (message: ShardMessage) => carrier.onMessage?.(message));
  return carrier;
}

/** By way of the primary process, which knows from `to` where a message goes. */
function processCarrier(): ShardCarrier {
  const post: Post = (message) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  };
  const onMessage = (message: Partial<ShardMessage> | null): void => {
    if (typeof message === 'object' && message?.kaonShard !== undefined) carrier.onMessage?.(message as ShardMessage);
  };
  const carrier: ShardCarrier = {
    post,
    onMessage: undefined,
    peer: () => ({ post, onMessage: undefined, close: () => {} }),
    close: () => {
      process.off('message', onMessage);
      if (process.connected) process.disconnect();
    },
  };
  process.on('message', onMessage);
  return carrier;
}
