import { describe, expect, it } from 'vitest';
import { CORE_PACKAGES, IMPURE_FOLDERS } from '../src/layers.ts';
import { codeOnly, importsOf } from '../src/scan.ts';
import { allPackages, sources } from '../src/workspace.ts';

/** What sans-I/O code must not touch: time, randomness, the platform, and waiting. */
const FORBIDDEN: readonly RegExp[] = [
  /(?<![.\w$])Date\b/,
  /\bMath\s*\.\s*random\b/,
  /(?<![.\w$])(?:set|clear)(?:Timeout|Interval|Immediate)\b/,
  /(?<![.\w$])queueMicrotask\b/,
  /(?<![.\w$])performance\b/,
  /(?<![.\w$#])process\s*\./,
  /(?<![.\w$])Buffer\b/,
  /(?<![.\w$])console\b/,
  /(?<![.\w$])globalThis\s*\./,
  /(?<![.\w$])crypto\s*\.\s*(?:getRandomValues|subtle|randomUUID)\b/,
  /(?<![.\w$])Text(?:En|De)coder\b/,
  /(?<![.\w$])(?:fetch|require|eval)\s*\(/,
  /(?<![.\w$])(?:async|await)\s/,
  /(?<![.\w$])Promise\b/,
  /\bFinalizationRegistry\b|\bWeakRef\b/,
];

const files = allPackages()
  .filter(({ short }) => CORE_PACKAGES.includes(short))
  .flatMap((each) => sources(each, 'src'))
  .filter(({ path }) => !IMPURE_FOLDERS.some((folder) => path.startsWith(folder)));

describe('the cores know no platform', () => {
  it('the check sees forbidden code, and not words in comments, strings and property names', () => {
    const caught = (text: string): boolean => FORBIDDEN.some((pattern) => pattern.test(codeOnly(text)));
    for (const text of [
      'Date.now()',
      'x = new Date()',
      'Math.random()',
      'await x',
      'const b = Buffer.from(x)',
      `\`$${'{'}Date.now()}\``,
    ]) {
      expect(caught(text), text).toBe(true);
    }
    for (const text of [
      '// Date.now()',
      "'Date.now()'",
      '/* await x */',
      'this.process(x)',
      'x.Date',
      '`await x`',
      '/Date/.test(x)',
    ]) {
      expect(caught(`(${text}\n)`), text).toBe(false);
    }
  });

  it.each(files.map(({ path, text }) => ({ path, text })))('$path', ({ text }) => {
    const code = codeOnly(text);
    const found = FORBIDDEN.flatMap((pattern) => pattern.exec(code)?.[0] ?? []);
    expect(found).toEqual([]);
    expect(importsOf(text).filter(({ specifier }) => specifier.startsWith('node:'))).toEqual([]);
  });
});
