import { datagramCoreConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { introduce, twoStacks } from '../helpers/stacks.ts';

datagramCoreConformance({ describe, it }, 'DataStack', (seed) => {
  const sides = twoStacks(seed);
  const [a, b] = sides;
  return {
    a: a.stack,
    b: b.stack,
    // The curves of noble blind their multiplications with it; nothing of it is seen outside.
    ambient: ['crypto.getRandomValues'],
    start(now) {
      introduce(sides, now);
      a.stack.channels?.open({ label: 'x' }, now);
    },
    isReady: () => a.stack.association?.state === 'established' && b.stack.association?.state === 'established',
    close: (now) => a.stack.close(now),
  };
});
