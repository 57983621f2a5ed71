import { seededRandom } from '@kaon/testing';
import { datagramCoreConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { UDP } from '../helpers/conversation.ts';
import { ClientSide, PEERS, ServerSide } from '../helpers/line.ts';

datagramCoreConformance({ describe, it }, 'TurnServer', (seed) => {
  const random = seededRandom(seed);
  const a = new ServerSide({
    realm: 'r',
    random: random.fork('server'),
    relayAddress: { IPv4: '198.51.100.1' },
    authenticate: () => ({ password: 'p' }),
    tcpRelay: true,
  });
  const b = new ClientSide({
    path: UDP,
    random: random.fork('client'),
    now: 1000,
    credentials: { username: 'u', password: 'p' },
  });
  const path = { protocol: 'udp', local: UDP.remote, remote: UDP.local } as const;
  let isTalking = false;
  return {
    a,
    b,
    pair: { start: 1000, path, mtu: 1500 },
    start: () => undefined,
    isReady: (pair) => {
      if (!pair.b.has('allocated')) return false;
      if (!isTalking) for (const peer of PEERS) b.send(peer, Uint8Array.of(1, 2, 3), pair.now);
      isTalking = true;
      return b.received.length > 0;
    },
    close: (now) => a.server.close(now),
    commands: [
      { name: 'drain', call: () => a.server.drain() },
      { name: 'deallocate', call: (now) => void a.server.deallocate(12_345, now) },
      { name: 'relayFailed', call: (now) => a.server.relayFailed(12_345, now) },
      { name: 'credential', call: (now) => a.server.credential(12_345, undefined, now) },
      { name: 'connectionClosed', call: (now) => a.server.connectionClosed(12_345, now) },
    ],
  };
});
