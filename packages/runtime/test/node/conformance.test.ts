import { clockConformance, cryptoConformance, networkConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { nodeClock, nodeCrypto, nodeNetwork } from '../../src/node/index.ts';

/** Waits in real time for what the kernel does, a second at most. */
async function until(predicate: () => boolean): Promise<void> {
  const end = performance.now() + 1000;
  while (!predicate()) {
    if (performance.now() > end) throw new Error('it did not happen within a second');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

clockConformance({ describe, it }, 'nodeClock', () => ({ clock: nodeClock, until }));
networkConformance({ describe, it }, 'nodeNetwork', () => ({ network: nodeNetwork, address: '127.0.0.1', until }));
cryptoConformance({ describe, it }, 'nodeCrypto', nodeCrypto);
