import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileKernel, KERNELS, modulePath } from '../kernels/build.ts';

describe('the kernels', () => {
  // The compiler takes seconds to load.
  it.each(KERNELS)('that are checked in are what %s.ts compiles to', { timeout: 120_000 }, async (name) => {
    expect(await compileKernel(name)).toBe(readFileSync(modulePath(name), 'utf8'));
  });
});
