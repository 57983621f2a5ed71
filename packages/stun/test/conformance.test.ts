import { seededRandom } from '@kaon/testing';
import { datagramCoreConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { BindingClient, BindingResponder } from '../src/index.ts';
import { CLIENT, SERVER, TO_SERVER } from './helpers/paths.ts';

datagramCoreConformance({ describe, it }, 'BindingClient and BindingResponder', (seed) => {
  const random = seededRandom(seed);
  return {
    a: new BindingClient({
      local: CLIENT,
      server: SERVER,
      random,
      now: 1000,
      fingerprint: true,
      credentials: { username: 'user', password: 'pass' },
    }),
    b: new BindingResponder({
      authentication: { mechanism: 'long-term', realm: 'realm', password: () => 'pass', random: random.fork('server') },
    }),
    pair: { path: TO_SERVER, start: 1000 },
    start() {},
    isReady: (pair) => pair.a.has('mapped-address'),
  };
});
