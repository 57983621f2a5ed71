import { describe, expect, it } from 'vitest';
import { Reader, Writer, writeU16, writeU32 } from '../src/index.ts';

describe('Writer', () => {
  it('writes big-endian fields of every width', () => {
    const bytes = new Writer(1).u8(1).u16(0x203).u24(0x40506).u32(0x708090a).u48(0x0b0c0d0e0f10).finish();
    expect([...bytes]).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect([...new Writer().u64(0xff00_0000_0000_0001n).finish()]).toEqual([255, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('grows as needed and keeps what was written', () => {
    const writer = new Writer(0);
    for (let i = 0; i < 1000; i++) writer.u8(i & 0xff);
    expect(writer.length).toBe(1000);
    expect(writer.finish().every((byte, i) => byte === (i & 0xff))).toBe(true);
  });

  it('refuses numbers that do not fit their field', () => {
    const writer = new Writer();
    const wrong: (() => unknown)[] = [
      () => writer.u8(256),
      () => writer.u8(-1),
      () => writer.u8(1.5),
      () => writer.u8(Number.NaN),
      () => writer.u16(0x10000),
      () => writer.u24(0x1000000),
      () => writer.u32(2 ** 32),
      () => writer.u48(2 ** 48),
      () => writer.u64(2n ** 64n),
      () => writer.u64(-1n),
    ];
    for (const call of wrong) expect(call).toThrow(RangeError);
    expect(writer.length).toBe(0);
  });

  it('puts the length in front of a vector', () => {
    const bytes = new Writer().vector(1, (w) => w.vector(2, (inner) => inner.u8(7)).vector(3, (inner) => inner.u16(8)));
    expect([...bytes.finish()]).toEqual([8, 0, 1, 7, 0, 0, 2, 0, 8]);
    expect(() => new Writer().vector(1, (w) => w.zeros(256))).toThrow(RangeError);
  });

  it('writes bytes and zeros', () => {
    expect([...new Writer().bytes(Uint8Array.of(1, 2)).zeros(2).u8(3).finish()]).toEqual([1, 2, 0, 0, 3]);
  });

  it('patches what was written and nothing else', () => {
    const writer = new Writer().u8(1).u16(0).u8(4);
    writer.patchU16(1, 0x203);
    expect([...writer.finish()]).toEqual([1, 2, 3, 4]);
    expect(() => writer.patchU16(3, 1)).toThrow(RangeError);
    expect(() => writer.patchU16(-1, 1)).toThrow(RangeError);
    expect(() => writer.patchU16(0, 65_536)).toThrow(RangeError);
  });

  it('finish is a copy, peek is a view', () => {
    const writer = new Writer().u8(1);
    const copy = writer.finish();
    const view = writer.peek();
    expect(() => writer.patchU16(0, 0)).toThrow(RangeError);
    expect([copy.length, view.length]).toEqual([1, 1]);
    expect(copy.buffer).not.toBe(view.buffer);
  });
});

describe('writeU16 and writeU32', () => {
  it('write unsigned numbers, which read back', () => {
    const bytes = new Uint8Array(6);
    writeU16(bytes, 0, 0xfffe);
    writeU32(bytes, 2, 0xfffd_fcfb);
    const reader = new Reader(bytes);
    expect([reader.u16(), reader.u32()]).toEqual([0xfffe, 0xfffd_fcfb]);
  });
});
