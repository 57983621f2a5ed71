import { describe, it } from 'vitest';
import { clockConformance, networkConformance } from '../src/conformance/index.ts';
import { Simulation, VirtualClock } from '../src/index.ts';

clockConformance({ describe, it }, 'VirtualClock', () => {
  const clock = new VirtualClock();
  return { clock, until: (predicate) => clock.runUntil(predicate) };
});

networkConformance({ describe, it }, 'Host', () => {
  const sim = new Simulation();
  return {
    network: sim.host({ addresses: ['192.0.2.1'] }),
    address: '192.0.2.1',
    until: (predicate) => sim.run(predicate),
  };
});
