/** A process that watches interfaces and has nothing else to do. */
import { nodeNetwork } from '../../src/node/index.ts';

nodeNetwork.watchInterfaces?.(() => {});
