export { nodeClock } from './clock.ts';
export { createNodeCrypto, type NodeCryptoOptions, nodeCrypto } from './crypto.ts';
export { nodeNetwork } from './network.ts';
export { type JoinOptions, joinShards } from './shards/join.ts';
export type { Shard } from './shards/shard.ts';
export { type ShardExit, type Shards, type StartShardsOptions, startShards } from './shards/start.ts';
export type { DatagramRouter, ShardMode, ShardSocket } from './shards/types.ts';
export { byteStream } from './tcp.ts';
