import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeMessage,
  defaultCrypto,
  encodeMessage,
  isStun,
  type StunMessage,
  verifyFingerprint,
  verifyIntegrity,
  verifyIntegritySha256,
} from '../src/index.ts';
import { anyAttribute } from './helpers/attributes.ts';
import { hex } from './helpers/hex.ts';

const anyMessage: fc.Arbitrary<StunMessage> = fc.record({
  class: fc.constantFrom('request' as const, 'indication' as const, 'success' as const, 'error' as const),
  method: fc.nat({ max: 0xff }),
  transactionId: fc.uint8Array({ minLength: 12, maxLength: 12 }).map((array) => Uint8Array.from(array)),
  attributes: fc.array(anyAttribute, { maxLength: 8 }),
});
const sha1 = defaultCrypto.mac('SHA-1', new Uint8Array(4));
const sha256 = defaultCrypto.mac('SHA-256', new Uint8Array(4));

describe('messages', () => {
  it('decode(encode(message)) is the message', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual(message);
      }),
      { numRuns: 200 },
    );
  });

  it('are verified when signed, whatever they contain', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const encoded = encodeMessage(message, { integrity: sha1, integritySha256: sha256, fingerprint: true });
        expect([
          verifyIntegrity(encoded, sha1),
          verifyIntegritySha256(encoded, sha256),
          verifyFingerprint(encoded),
        ]).toEqual([true, true, true]);
      }),
      { numRuns: 50 },
    );
  });

  it('come back from arbitrary bytes as themselves or not at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (array, framed) => {
        let bytes = Uint8Array.from(array);
        if (framed) {
          // A right frame lets the attribute decoders see the bytes.
          const length = bytes.length & ~3;
          const header = [0, 1, 0, length, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(12)];
          bytes = Uint8Array.from([...header, ...bytes.subarray(0, length)]);
        }
        const message = decodeMessage(bytes);
        verifyIntegrity(bytes, sha1);
        verifyIntegritySha256(bytes, sha256);
        verifyFingerprint(bytes);
        if (isMalformed(message)) return;
        expect(isStun(bytes)).toBe(true);
        const again = encodeMessage(message);
        expect(hex(encodeMessage(decodeMessage(again) as StunMessage))).toBe(hex(again));
      }),
      { numRuns: 200 },
    );
  });
});
