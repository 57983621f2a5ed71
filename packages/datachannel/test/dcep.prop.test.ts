import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DcepOpen, decodeDcep, encodeOpen } from '../src/index.ts';

const reliability = fc.oneof(
  fc.constant({}),
  fc.record({ maxRetransmits: fc.nat(2 ** 32 - 1) }),
  fc.record({ maxPacketLifeTime: fc.nat(2 ** 32 - 1) }),
);
const open = fc
  .tuple(
    fc.record({
      ordered: fc.boolean(),
      priority: fc.nat(65535),
      label: fc.string({ unit: 'grapheme', maxLength: 200 }),
      protocol: fc.string({ unit: 'binary', maxLength: 200 }),
    }),
    reliability,
  )
  .map(([fields, rest]) => ({ type: 'open', ...fields, ...rest }) as DcepOpen);

describe('DCEP', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(open, (message) => {
        expect(decodeDcep(encodeOpen(message))).toEqual({
          maxRetransmits: undefined,
          maxPacketLifeTime: undefined,
          ...message,
        });
      }),
      { numRuns: 200 },
    );
  });

  it('returns for arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(2, 3, undefined), (bytes, first) => {
        if (first !== undefined && bytes.length > 0) bytes[0] = first;
        const decoded = decodeDcep(bytes);
        expect(isMalformed(decoded) || typeof decoded.type === 'string').toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
