import { seededRandom } from '@kaon/testing';
import { messageStreamsConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { Association, type AssociationOptions } from '../src/index.ts';

function suite(name: string, options: Partial<AssociationOptions>): void {
  messageStreamsConformance({ describe, it }, name, (seed) => {
    const random = seededRandom(seed);
    const a = new Association({ ...options, random: random.fork('a') });
    const b = new Association({ ...options, random: random.fork('b') });
    return {
      a,
      b,
      hasChecksum: options.zeroChecksum === false,
      start(now) {
        a.connect(now);
        b.connect(now);
      },
    };
  });
}

suite('Association', {});
suite('Association with checksums and without interleaving', { zeroChecksum: false, interleaving: false });
