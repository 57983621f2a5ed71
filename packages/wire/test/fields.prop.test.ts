import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader, Writer } from '../src/index.ts';

const field = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.integer({ min: 0, max: 0xff }) }),
  fc.record({ kind: fc.constant('u16' as const), value: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ kind: fc.constant('u24' as const), value: fc.integer({ min: 0, max: 0xffffff }) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant('u48' as const), value: fc.integer({ min: 0, max: 2 ** 48 - 1 }) }),
);

describe('Reader and Writer', () => {
  it('read back what was written', () => {
    fc.assert(
      fc.property(
        fc.array(field),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.uint8Array(),
        (fields, big, bytes) => {
          const writer = new Writer(1);
          for (const { kind, value } of fields) writer[kind](value);
          const reader = new Reader(writer.u64(big).bytes(bytes).finish());
          for (const { kind, value } of fields) expect(reader[kind]()).toBe(value);
          expect(reader.u64()).toBe(big);
          expect(reader.rest()).toEqual(bytes);
          expect(reader.failed).toBe(false);
        },
      ),
    );
  });

  it('a reader over any bytes, read in any way, never throws and never leaves its bounds', () => {
    const step = fc.oneof(
      fc.constantFrom('u8', 'u16', 'u24', 'u32', 'u48', 'u64', 'rest'),
      fc.record({ take: fc.integer({ min: -10, max: 80 }) }),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.integer({ min: -5, max: 70 }),
        fc.integer({ min: -5, max: 70 }),
        fc.array(step),
        (bytes, start, end, steps) => {
          const reader = new Reader(bytes, start, end);
          for (const each of steps) {
            if (typeof each === 'object') reader.view(each.take);
            else reader[each as 'u8']();
            expect(reader.offset).toBeLessThanOrEqual(reader.end);
            expect(reader.end).toBeLessThanOrEqual(bytes.length);
            expect(reader.remaining).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });
});
