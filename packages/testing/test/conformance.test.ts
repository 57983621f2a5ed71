import { describe, it } from 'vitest';
import {
  clockConformance,
  multicastConformance,
  type NetworkSubject,
  networkConformance,
  streamConformance,
} from '../src/conformance/index.ts';
import { Simulation, simulatedCertificate, VirtualClock } from '../src/index.ts';

clockConformance({ describe, it }, 'VirtualClock', () => {
  const clock = new VirtualClock();
  return { clock, until: (predicate) => clock.runUntil(predicate) };
});

function subject(): NetworkSubject {
  const sim = new Simulation();
  return {
    network: sim.host({ addresses: ['192.0.2.1'] }),
    address: '192.0.2.1',
    until: (predicate) => sim.run(predicate),
  };
}

networkConformance({ describe, it }, 'Host', subject);
streamConformance({ describe, it }, 'Host', () => {
  const certificate = simulatedCertificate(['turn.example', '192.0.2.1'], { selfSigned: true });
  return { ...subject(), tls: { certificate, privateKey: certificate } };
});
multicastConformance({ describe, it }, 'Host', () => ({ ...subject(), group: '224.0.0.251', port: 5353 }));
