import { seededRandom } from '@kaon/testing';
import { messageStreamsConformance, type StreamsWorld } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { Association, type AssociationOptions } from '../src/index.ts';

const world =
  (options: Partial<AssociationOptions>, hasChecksum: boolean) =>
  (seed: number): StreamsWorld => {
    const a = new Association({ random: seededRandom(seed), ...options });
    const b = new Association({ random: seededRandom(seed + 1), ...options });
    return {
      a,
      b,
      hasChecksum,
      start: (now) => {
        a.connect(now);
        b.connect(now);
      },
    };
  };

messageStreamsConformance({ describe, it }, 'Association', world({}, false));
messageStreamsConformance(
  { describe, it },
  'Association with DATA and CRC-32C',
  world({ interleaving: false, zeroChecksum: false }, true),
);
