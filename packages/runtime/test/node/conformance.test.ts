import {
  clockConformance,
  cryptoConformance,
  multicastConformance,
  networkConformance,
  streamConformance,
} from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { nodeClock, nodeCrypto, nodeNetwork } from '../../src/node/index.ts';
import { TLS } from '../vectors/tls.ts';

/** Waits in real time for what the kernel does, a second at most. */
async function until(predicate: () => boolean): Promise<void> {
  const end = performance.now() + 1000;
  while (!predicate()) {
    if (performance.now() > end) throw new Error('it did not happen within a second');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

clockConformance({ describe, it }, 'nodeClock', () => ({ clock: nodeClock, until }));
const subject = { network: nodeNetwork, address: '127.0.0.1', until };
networkConformance({ describe, it }, 'nodeNetwork', () => subject);
streamConformance({ describe, it }, 'nodeNetwork', () => ({ ...subject, tls: TLS }));
multicastConformance({ describe, it }, 'nodeNetwork', () => ({ ...subject, group: '224.0.0.251', port: 5399 }));
cryptoConformance({ describe, it }, 'nodeCrypto', nodeCrypto);
