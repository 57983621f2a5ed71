import { describe, expect, it } from 'vitest';
import { ExtensionLayout, encodeRtp, parseRtp, writeRtpHeader } from '../src/index.ts';
import { hex, toHex } from './helpers/hex.ts';
import * as vectors from './vectors/rtp-packets.ts';

const HEADER = { payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3 };

/** A packet whose extension block has these bytes. */
function withBlock(profile: number, block: string): ReturnType<typeof parseRtp> {
  return parseRtp(encodeRtp({ ...HEADER, extensionBlock: { profile, data: hex(block) }, payload: hex('aabb') }));
}

function list(packet: ReturnType<typeof parseRtp>): [number, string][] {
  return packet.extensions().map(({ id, data }) => [id, toHex(data)]);
}

describe('the one-byte form (§4.2)', () => {
  it('finds elements in any order', () => {
    const packet = withBlock(0xbede, '100a 21bbcc 3201 0203 0000 00');
    expect(list(packet)).toEqual([
      [1, '0a'],
      [2, 'bbcc'],
      [3, '010203'],
    ]);
    for (const { id, data } of packet.extensions()) {
      expect(packet.bytes.subarray(packet.extensionOffset(id)).subarray(0, packet.extensionLength(id))).toEqual(data);
      expect(packet.extension(id)).toEqual(data);
    }
    expect(packet.extension(4)).toBeUndefined();
  });

  it('takes bytes of zero for padding, between elements as well', () => {
    expect(list(withBlock(0xbede, '00 00 100a 00 200b 00'))).toEqual([
      [1, '0a'],
      [2, '0b'],
    ]);
  });

  it('stops at id 15 and keeps what stood before', () => {
    const packet = parseRtp(vectors.RESERVED_ID);
    expect(list(packet)).toEqual([[1, '0056ce']]);
    expect(packet.extensionOffset(9)).toBe(-1);
    expect(packet.extensionOffset(15)).toBe(-1);
  });

  it('stops at id 0 with a length and keeps what stood before', () => {
    const packet = parseRtp(vectors.INVALID_PADDING);
    expect(list(packet)).toEqual([[1, '0056ce']]);
    expect(packet.extensionOffset(9)).toBe(-1);
    expect(packet.extensionOffset(0)).toBe(-1);
  });

  it('stops at an element that is longer than the block', () => {
    const packet = withBlock(0xbede, '100a 2f 01');
    expect(list(packet)).toEqual([[1, '0a']]);
    expect([packet.extensionOffset(2), packet.extensionLength(2)]).toEqual([-1, -1]);
  });

  it('answers with the first of two elements with one id', () => {
    expect(withBlock(0xbede, '100a 100b').extension(1)).toEqual(hex('0a'));
  });
});

describe('the two-byte form (§4.3)', () => {
  it('reads long and empty elements and any id', () => {
    const packet = withBlock(0x1000, '0100 0f01aa f002bbcc 000000');
    expect(list(packet)).toEqual([
      [1, ''],
      [15, 'aa'],
      [240, 'bbcc'],
    ]);
    expect([packet.extensionLength(1), packet.extensionLength(15), packet.extensionLength(240)]).toEqual([0, 1, 2]);
    expect(packet.extensionForm).toBe('two-byte');
  });

  it('ignores the four bits of the application', () => {
    for (let bits = 0; bits < 16; bits++) expect(withBlock(0x1000 | bits, '0101aa00').extension(1)).toEqual(hex('aa'));
    expect(withBlock(0x1010, '0101aa00').extension(1)).toBeUndefined();
    expect(withBlock(0x0fff, '0101aa00').extension(1)).toBeUndefined();
  });

  it('takes bytes of zero for padding, between elements as well', () => {
    expect(list(parseRtp(vectors.TWO_BYTE_PADDED))).toEqual([
      [0xf0, '0056ce'],
      [9, 'da'],
    ]);
  });

  it('stops at an element that is longer than the block or has no length', () => {
    expect(list(withBlock(0x1000, '0101aa 02 '))).toEqual([[1, 'aa']]);
    expect(withBlock(0x1000, '0101aa02').extensionOffset(2)).toBe(-1);
    expect(list(withBlock(0x1000, '0101aa00 0203aabb'))).toEqual([[1, 'aa']]);
    expect(withBlock(0x1000, '0101aa00 0203aabb').extensionOffset(2)).toBe(-1);
  });

  it('reads the vectors', () => {
    expect(list(parseRtp(vectors.TWO_BYTE))).toEqual([[0xf0, '0056ce']]);
    expect(parseRtp(vectors.TWO_BYTE_LONG).extensionLength(0xf0)).toBe(0x29);
    expect(list(parseRtp(vectors.TWO_BYTE_FIRST))).toEqual([
      [0xf0, '003022'],
      [1, '0056ce'],
      [9, 'da'],
    ]);
  });
});

describe('ExtensionLayout', () => {
  it('writes what writeRtpHeader writes for elements of zeros', () => {
    for (const elements of [
      [{ id: 1, length: 3 }],
      [
        { id: 3, length: 2 },
        { id: 14, length: 16 },
        { id: 4, length: 1 },
      ],
      [
        { id: 3, length: 2 },
        { id: 15, length: 1 },
      ],
      [{ id: 1, length: 0 }],
      [{ id: 200, length: 255 }],
    ]) {
      const layout = new ExtensionLayout(elements);
      const extensions = elements.map(({ id, length }) => ({ id, data: new Uint8Array(length) }));
      const expected = encodeRtp({ ...HEADER, extensions, payload: hex('') });
      expect(toHex(encodeRtp({ ...HEADER, layout, payload: hex('') }))).toBe(toHex(expected));
      expect(layout.length).toBe(expected.length - 12);
      const packet = parseRtp(expected);
      for (const { id } of elements) expect(layout.offset(id) + 12).toBe(packet.extensionOffset(id));
    }
  });

  it('is filled in place', () => {
    const layout = new ExtensionLayout([
      { id: 2, length: 2 },
      { id: 5, length: 1 },
    ]);
    const buffer = new Uint8Array(40).fill(0xff);
    const end = writeRtpHeader(buffer, 0, { ...HEADER, layout });
    buffer[12 + layout.offset(5)] = 0x7f;
    const packet = parseRtp(buffer.subarray(0, end));
    expect([packet.extension(2), packet.extension(5)]).toEqual([hex('0000'), hex('7f')]);
    expect([layout.offset(1), layout.offset(0), layout.offset(-1), layout.offset(999)]).toEqual([-1, -1, -1, -1]);
  });

  it('is nothing at all without elements', () => {
    const layout = new ExtensionLayout([]);
    expect(layout.length).toBe(0);
    expect(parseRtp(encodeRtp({ ...HEADER, layout, payload: hex('aa') })).hasExtension).toBe(false);
  });

  it('allowTwoByte: false refuses elements that need the two-byte form', () => {
    expect(() => new ExtensionLayout([{ id: 15, length: 1 }], { allowTwoByte: false })).toThrow(/two-byte form/);
    expect(new ExtensionLayout([{ id: 14, length: 16 }], { allowTwoByte: false }).length).toBe(24);
  });

  it('refuses ids and lengths that do not exist, and an id that is there twice', () => {
    const wrong = expect.objectContaining({ code: 'RTP_BAD_EXTENSION' });
    for (const element of [
      { id: 0, length: 1 },
      { id: 256, length: 1 },
      { id: 1, length: -1 },
      { id: 1, length: 256 },
      { id: 1.5, length: 1 },
    ])
      expect(() => new ExtensionLayout([element])).toThrow(wrong);
    expect(
      () =>
        new ExtensionLayout([
          { id: 1, length: 1 },
          { id: 1, length: 2 },
        ]),
    ).toThrow(wrong);
  });
});

describe('unknownExtensions', () => {
  const known = (...ids: number[]): Uint8Array => {
    const table = new Uint8Array(256);
    for (const id of ids) table[id] = 1;
    return table;
  };

  it('counts the elements that the list has and the table has not, whatever the bytes', () => {
    for (let seed = 0; seed < 3000; seed++) {
      const data = Uint8Array.from({ length: 4 * (seed % 6) }, (_, i) => (seed * 2_654_435_761 * (i + 1)) >>> 24);
      for (const profile of [0xbede, 0x1000, 0x100f, 0x1234]) {
        const packet = parseRtp(encodeRtp({ ...HEADER, extensionBlock: { profile, data }, payload: hex('aabb') }));
        const ids = packet.extensions().map(({ id }) => id);
        expect(packet.unknownExtensions(known())).toBe(ids.length);
        expect(packet.unknownExtensions(known(...ids))).toBe(0);
        const [first] = ids;
        if (first !== undefined)
          expect(packet.unknownExtensions(known(first))).toBe(ids.filter((id) => id !== first).length);
      }
    }
  });

  it('is 0 without a block', () => {
    expect(parseRtp(encodeRtp({ ...HEADER, payload: hex('aabb') })).unknownExtensions(known())).toBe(0);
  });
});
