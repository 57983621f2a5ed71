import { seededRandom } from '@kaon/testing';
import { datagramCoreConformance } from '@kaon/testing/conformance';
import { transportAddress } from '@kaon/wire';
import { describe, it } from 'vitest';
import { Agent, parseCandidate } from '../src/index.ts';

const A = transportAddress('192.0.2.1', 5001);
const B = transportAddress('198.51.100.1', 5002);

datagramCoreConformance({ describe, it }, 'Agent', (seed) => {
  const random = seededRandom(seed);
  const a = new Agent({ role: 'controlling', random: random.fork('a') });
  const b = new Agent({ role: 'controlled', random: random.fork('b') });
  return {
    a,
    b,
    start(now) {
      a.addLocalBase({ address: A }, now);
      b.addLocalBase({ address: B }, now);
      a.setRemoteCredentials(b.localCredentials, now);
      b.setRemoteCredentials(a.localCredentials, now);
      a.addRemoteCandidate(parseCandidate(`candidate:1 1 udp 2130706431 ${B.address} ${B.port} typ host`), now);
      b.addRemoteCandidate(parseCandidate(`candidate:1 1 udp 2130706431 ${A.address} ${A.port} typ host`), now);
    },
    isReady: (pair) => pair.a.has('selected-pair') && pair.b.has('selected-pair'),
    close: (now) => a.close(now),
    commands: [{ name: 'sentData', call: (now) => a.sentData(now) }],
    misuses: [
      {
        name: 'credentials that are too short',
        call: (now) => a.setRemoteCredentials({ usernameFragment: 'x', password: 'y' }, now),
      },
    ],
  };
});
