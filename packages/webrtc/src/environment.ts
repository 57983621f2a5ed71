import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, Network } from '@kaon/interface/network/v1';
import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import type { KaonOptions } from './kaon-options.ts';

/** The platform under one connection. */
export interface Environment {
  readonly network: Network;
  readonly clock: Clock;
  readonly crypto: CryptoProvider;
  /** One name for all that the connection sends (RFC 7022 §4.2). */
  readonly cname: string;
}

/** What the options bring, and the process's own for the rest. */
export function environmentOf(options: KaonOptions): Environment {
  const { network = nodeNetwork, clock = nodeClock, crypto = nodeCrypto } = options;
  const random = new Uint8Array(12);
  crypto.random(random);
  return { network, clock, crypto, cname: btoa(String.fromCharCode(...random)) };
}
