import { describe, expect, it } from 'vitest';
import { receiveWindow } from '../src/transport/receive-window.ts';

const KIB = 1024;

describe('the default receive window', () => {
  it.each([
    ['no socket says', [], 1024],
    ['none can be known', [undefined], 1024],
    ['the kernel holds more', [4096 * KIB], 1024],
    ['the kernel holds less', [4096 * KIB, 700 * KIB], 700],
    ['the kernel holds next to nothing', [208 * KIB, undefined], 512],
  ])('where %s, of %j', (_, sizes, kib) => {
    expect(receiveWindow(sizes.map((receiveBufferSize) => ({ receiveBufferSize })))).toBe(kib * KIB);
  });
});
