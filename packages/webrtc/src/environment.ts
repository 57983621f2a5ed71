import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, Network } from '@kaon/interface/network/v1';
import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import type { KaonOptions } from './kaon-options.ts';

/** The platform under one connection. */
export interface Environment {
  readonly network: Network;
  readonly clock: Clock;
  readonly crypto: CryptoProvider;
}

/** What the options bring, and the process's own for the rest. */
export function environmentOf(options: KaonOptions): Environment {
  return {
    network: options.network ?? nodeNetwork,
    clock: options.clock ?? nodeClock,
    crypto: options.crypto ?? nodeCrypto,
  };
}
