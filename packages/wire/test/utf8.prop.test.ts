import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../src/index.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

describe('UTF-8', () => {
  it('is encoded as TextEncoder does, lone surrogates included', () => {
    const units = fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 0xd700, max: 0xe0ff }),
        fc.constantFrom(0xd83d, 0xde00),
      ),
    );
    fc.assert(
      fc.property(units, (codes) => {
        const text = String.fromCharCode(...codes);
        expect(encodeUtf8(text)).toEqual(encoder.encode(text));
      }),
    );
  });

  it('is decoded as TextDecoder does, ill-formed parts included', () => {
    const bytes = fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 0xff }),
        fc.integer({ min: 0x7f, max: 0xc2 }),
        fc.constantFrom(0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(bytes, (list) => {
        const all = Uint8Array.from(list);
        expect(decodeUtf8(all)).toBe(decoder.decode(all));
      }),
      { numRuns: 200 },
    );
  });

  it('comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeUtf8(encodeUtf8(text))).toBe(text.isWellFormed() ? text : text.toWellFormed());
      }),
    );
  });

  it('keeps a byte order mark, which protocols do not treat specially', () => {
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe('\ufeffA');
  });
});
