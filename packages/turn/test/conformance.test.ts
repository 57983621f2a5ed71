import { seededRandom } from '@kaon/testing';
import { datagramCoreConformance } from '@kaon/testing/conformance';
import { Slot } from '@kaon/wire';
import { describe, it } from 'vitest';
import { TurnClient } from '../src/index.ts';
import { UDP } from './helpers/conversation.ts';
import { PEERS, ServerSide } from './helpers/line.ts';

datagramCoreConformance({ describe, it }, 'TurnClient', (seed) => {
  const random = seededRandom(seed);
  const a = new TurnClient({ path: UDP, random, now: 1000, credentials: { username: 'u', password: 'p' } });
  const b = new ServerSide({
    realm: 'r',
    random: random.fork('server'),
    relayAddress: { IPv4: '198.51.100.1' },
    authenticate: () => ({ password: 'p' }),
  });
  return {
    a,
    b,
    pair: { path: UDP, start: 1000, mtu: 1500 },
    start() {},
    isReady: (pair) => pair.a.has('allocated'),
    close: (now) => a.close(now),
    misuses: [
      { name: 'permit(no address)', call: (now) => a.permit({ address: 'nowhere', family: 'IPv4', port: 1 }, now) },
      { name: 'migrate without a ticket', call: (now) => a.migrate(UDP, now) },
      { name: 'connect over UDP', call: (now) => a.connect(PEERS[0]!, now) },
    ],
    commands: [
      { name: 'permit', call: (now) => a.permit(PEERS[0]!, now) },
      { name: 'prefer', call: (now) => a.prefer(PEERS[1]!, now) },
      { name: 'refresh', call: (now) => a.refresh(now) },
      { name: 'wrap', call: (now) => void a.wrap(PEERS[2]!, new Uint8Array(9), 0, 9, new Slot(1500), now) },
    ],
  };
});
