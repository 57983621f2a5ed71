import { describe, expect, it } from 'vitest';
import { Reader, readU16, readU32 } from '../src/index.ts';

const BYTES = Uint8Array.from({ length: 32 }, (_, i) => 0xf0 ^ (i * 7));

describe('Reader', () => {
  it('reads big-endian fields of every width, exactly', () => {
    const reader = new Reader(
      Uint8Array.of(0xff, 0xff, 0xfe, 0xff, 0xff, 0xfd, 0xff, 0xff, 0xff, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfb),
    );
    expect([reader.u8(), reader.u16(), reader.u24(), reader.u32(), reader.u48()]).toEqual([
      0xff, 0xfffe, 0xffff_fd, 0xffff_fffc, 0xffff_ffff_fffb,
    ]);
    expect(reader.remaining).toBe(0);
    expect(reader.failed).toBe(false);
    expect(new Reader(new Uint8Array(8).fill(0xff)).u64()).toBe(0xffff_ffff_ffff_ffffn);
  });

  it('a read that does not fit gives zero, moves nothing and is remembered', () => {
    const reads: ((reader: Reader) => unknown)[] = [
      (reader) => reader.u8(),
      (reader) => reader.u16(),
      (reader) => reader.u24(),
      (reader) => reader.u32(),
      (reader) => reader.u48(),
      (reader) => Number(reader.u64()),
      (reader) => reader.view(1).length,
    ];
    for (const read of reads) {
      const reader = new Reader(new Uint8Array(0));
      expect(read(reader)).toBe(0);
      expect(reader.failed).toBe(true);
    }
    const reader = new Reader(Uint8Array.of(1, 2, 3));
    reader.u16();
    expect(reader.u16()).toBe(0);
    expect(reader.offset).toBe(2);
    expect(reader.u8()).toBe(0);
    expect(reader.remaining).toBe(0);
    expect(reader.rest()).toHaveLength(0);
  });

  it('keeps within start and end, which are pulled into the array', () => {
    const reader = new Reader(BYTES, 4, 6);
    expect(reader.u16()).toBe(readU16(BYTES, 4));
    expect(reader.u8()).toBe(0);
    expect(reader.failed).toBe(true);
    expect(new Reader(BYTES, -5, 1000).remaining).toBe(BYTES.length);
    expect(new Reader(BYTES, 1000).remaining).toBe(0);
    expect(new Reader(BYTES, 8, 4).remaining).toBe(0);
  });

  it('gives views, not copies', () => {
    const reader = new Reader(BYTES, 2);
    const view = reader.view(3);
    expect(view.buffer).toBe(BYTES.buffer);
    expect([view.byteOffset, view.length, reader.offset]).toEqual([2, 3, 5]);
    expect(reader.rest()).toHaveLength(BYTES.length - 5);
  });

  it('a sub-reader cannot leave its part, and fails by itself', () => {
    const reader = new Reader(BYTES);
    const sub = reader.sub(2);
    expect(reader.offset).toBe(2);
    sub.u32();
    expect(sub.failed).toBe(true);
    expect(reader.failed).toBe(false);
    const missing = reader.sub(1000);
    expect([missing.failed, reader.failed]).toEqual([true, true]);
  });

  it('refuses negative lengths', () => {
    const reader = new Reader(BYTES, 8);
    expect(reader.view(-4)).toHaveLength(0);
    expect([reader.failed, reader.offset]).toEqual([true, 8]);
  });

  it('skips', () => {
    const reader = new Reader(BYTES);
    reader.skip(31);
    expect(reader.remaining).toBe(1);
    reader.skip(2);
    expect(reader.failed).toBe(true);
  });
});

describe('readU16 and readU32', () => {
  it('read unsigned numbers', () => {
    const bytes = Uint8Array.of(0, 0xff, 0xfe, 0xfd, 0xfc);
    expect(readU16(bytes, 1)).toBe(0xfffe);
    expect(readU32(bytes, 1)).toBe(0xfffe_fdfc);
  });
});
