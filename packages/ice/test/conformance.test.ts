import { seededRandom } from '@kaon/testing';
import { datagramCoreConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { Agent } from '../src/index.ts';
import { A4, B4, signal } from './helpers.ts';

datagramCoreConformance({ describe, it }, 'Agent', (seed) => {
  const random = seededRandom(seed);
  const a = new Agent({ role: 'controlling', random: random.fork('a') });
  const b = new Agent({ role: 'controlled', random: random.fork('b') });
  return {
    a,
    b,
    start(now) {
      a.addLocalBase({ address: A4 }, now);
      b.addLocalBase({ address: B4 }, now);
      a.setRemoteCredentials(b.localCredentials, now);
      b.setRemoteCredentials(a.localCredentials, now);
      for (const { candidate } of a.stats().localCandidates) b.addRemoteCandidate(candidate, now);
      for (const { candidate } of b.stats().localCandidates) a.addRemoteCandidate(candidate, now);
      for (const agent of [a, b]) {
        agent.endOfLocalCandidates(now);
        agent.endOfRemoteCandidates(now);
      }
    },
    isReady: () => a.state === 'completed' && b.state === 'completed',
    close: (now) => a.close(now),
    misuses: [
      { name: 'bad credentials', call: (now) => a.setRemoteCredentials({ usernameFragment: '', password: '' }, now) },
      {
        name: 'a bad base',
        call: (now) => a.addLocalBase({ address: { address: '::', family: 'IPv6', port: 1 } }, now),
      },
    ],
    commands: [
      { name: 'sentData', call: (now) => a.sentData(now) },
      { name: 'setRole', call: (now) => a.setRole(a.role, now) },
      { name: 'addLocalBase', call: (now) => a.addLocalBase({ address: { ...A4, port: 6000 } }, now) },
      { name: 'endOfRemoteCandidates', call: (now) => a.endOfRemoteCandidates(now) },
      {
        name: 'a candidate of its own',
        call: (now) => signal({ type: 'candidate', candidate: a.stats().localCandidates[0]!.candidate }, a, now),
      },
    ],
  };
});
