import { seededRandom } from '@kaon/testing';
import { datagramCoreConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { MdnsEndpoint } from '../src/index.ts';
import { ETH0, PEER } from './helpers.ts';

datagramCoreConformance({ describe, it }, 'MdnsEndpoint', (seed) => {
  const random = seededRandom(seed);
  const a = new MdnsEndpoint({ random: random.fork('a') });
  const b = new MdnsEndpoint({ random: random.fork('b') });
  let name = '';
  return {
    a,
    b,
    start(now) {
      a.addLink({ local: ETH0 }, now);
      b.addLink({ local: PEER }, now);
      name = b.register(PEER.address, now);
      a.resolve(name, now);
    },
    isReady: (pair) => pair.a.has('resolved'),
    close: (now) => a.close(now),
    misuses: [
      { name: 'a name for nothing', call: (now) => void a.register('nothing', now) },
      { name: 'a link without an address', call: (now) => a.addLink({ local: { ...ETH0, address: 'eth0' } }, now) },
    ],
    commands: [
      { name: 'register', call: (now) => a.unregister(a.register(ETH0.address, now), now) },
      { name: 'addLink', call: (now) => a.addLink({ local: ETH0 }, now) },
      { name: 'removeLink', call: (now) => a.removeLink({ ...ETH0, address: '192.168.9.9' }, now) },
      { name: 'cancel', call: (now) => a.cancel('x', now) },
    ],
  };
});
