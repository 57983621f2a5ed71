import { describe, expect, it } from 'vitest';
import { freeName, safeName } from '../src/safe-name.ts';

describe('a name from elsewhere', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['日本 ü.txt', '日本 ü.txt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\me\\a.txt', 'a.txt'],
    ['/', 'unnamed'],
    ['', 'unnamed'],
    ['.', 'unnamed'],
    ['..', 'unnamed'],
    ['a\u0000b\n.txt', 'a_b_.txt'],
    ['what?<>|.txt', 'what____.txt'],
    ['name. . ', 'name'],
    ['con', '_con'],
    ['COM1.txt', '_COM1.txt'],
    ['.profile', '.profile'],
    ['u\u0308.txt', '\u00fc.txt'],
    ['\ud800.txt', '\ufffd.txt'],
  ])('%j becomes %j', (given, safe) => {
    expect(safeName(given)).toBe(safe);
  });

  it('is cut to what file systems take, by whole characters, with its extension', () => {
    const name = safeName(`${'日'.repeat(300)}.txt`);
    expect(name).toMatch(/^日+\.txt$/);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
    expect(Buffer.byteLength(safeName(`x.${'y'.repeat(300)}`))).toBe(200);
  });

  it('does not replace another', () => {
    const taken = new Set(['a.txt', 'a (2).txt', '.b', 'c']);
    const free = (name: string): string => freeName(name, (each) => taken.has(each));
    expect([free('new.txt'), free('a.txt'), free('.b'), free('c')]).toEqual([
      'new.txt',
      'a (3).txt',
      '.b (2)',
      'c (2)',
    ]);
  });
});
