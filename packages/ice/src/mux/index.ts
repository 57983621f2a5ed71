export { type ShardAnswer, ShardRouter, type ShardRouterOptions, shardOf, shardPrefix } from './shard-router.ts';
export { type CheckUsername, checkUsername } from './stun-peek.ts';
export { UfragRouter, type UfragRouterOptions } from './ufrag-router.ts';
export { type UnknownRequest, UnknownRequests, type UnknownRequestsOptions } from './unknown-requests.ts';
