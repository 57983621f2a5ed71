export { nodeClock } from './clock.ts';
export { createNodeCrypto, type NodeCryptoOptions, nodeCrypto } from './crypto.ts';
export { nodeNetwork } from './network.ts';
