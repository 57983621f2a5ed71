import { addressFromBytes, isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeQuery, encodeResponse, type MdnsRecord } from '../src/index.ts';
import { ALL } from './vectors/messages.ts';

const name = fc.uuid().map((uuid) => `${uuid}.local`);
const ttl = fc.nat(0xffff_ffff);
const record: fc.Arbitrary<MdnsRecord> = fc.oneof(
  fc.record({
    name,
    ttl,
    type: fc.constant('A' as const),
    address: fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => addressFromBytes(bytes)!),
    flush: fc.constant(true),
  }),
  fc.record({
    name,
    ttl,
    type: fc.constant('AAAA' as const),
    address: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => addressFromBytes(bytes)!),
    flush: fc.constant(true),
  }),
);

describe('messages', () => {
  it('decode(encode(x)) is x', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 10 }), (records) => {
        expect(decodeMessage(encodeResponse({ records }))).toMatchObject({ response: true, records });
      }),
    );
    fc.assert(
      fc.property(name, fc.constantFrom('A' as const, 'AAAA' as const), (asked, type) => {
        expect(decodeMessage(encodeQuery(asked, type))).toMatchObject({ questions: [{ name: asked, type }] });
      }),
    );
  });

  it('any bytes are read or refused, never thrown at', () => {
    const anyBytes = fc.uint8Array({ maxLength: 1600 });
    const nearly = fc
      .tuple(fc.constantFrom(...ALL), fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 8 }))
      .map(([bytes, changes]) => {
        const copy = bytes.slice();
        for (const [at, value] of changes) copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(anyBytes, nearly), (bytes) => {
        const message = decodeMessage(bytes);
        if (!isMalformed(message)) expect(message.records.length + message.questions.length).toBeLessThanOrEqual(64);
      }),
      { numRuns: 2000 },
    );
  });
});
