import type { AttributeCodec } from './codec.ts';
import { type PasswordAlgorithmEntry, readPasswordAlgorithm, writePasswordAlgorithm } from './password-algorithm.ts';

/** PASSWORD-ALGORITHMS: what the server supports, best first (RFC 8489 §14.11). */
export interface PasswordAlgorithms {
  readonly type: 'password-algorithms';
  readonly algorithms: readonly PasswordAlgorithmEntry[];
}

export const passwordAlgorithms: AttributeCodec<PasswordAlgorithms> = {
  type: 'password-algorithms',
  code: 0x8002,
  decode(value) {
    const algorithms: PasswordAlgorithmEntry[] = [];
    while (value.remaining > 0) {
      const entry = readPasswordAlgorithm(value);
      algorithms.push(entry);
      // Each entry starts on a word; the last one's padding may be left to the attribute.
      value.skip(Math.min(padding(entry), value.remaining));
    }
    return { type: 'password-algorithms', algorithms };
  },
  encode(value, attribute) {
    for (const entry of attribute.algorithms) {
      writePasswordAlgorithm(value, entry);
      value.zeros(padding(entry));
    }
  },
};

function padding(entry: PasswordAlgorithmEntry): number {
  return -entry.parameters.length & 3;
}
