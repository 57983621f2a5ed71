export { nodeClock } from './clock.ts';
export { nodeCrypto } from './crypto.ts';
export { nodeNetwork } from './network.ts';
