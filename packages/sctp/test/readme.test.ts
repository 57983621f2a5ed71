import { readFileSync } from 'node:fs';
import { Slot } from '@kaon/wire';
import { expect, it } from 'vitest';
import { Association } from '../src/index.ts';

it("README's example runs and prints what it says", () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const script = code.replaceAll(/^import .*$/gm, '').replaceAll(/: (Uint8Array|Association|number|boolean)\b/g, '');
  const printed: unknown[][] = [];
  new Function('Slot', 'Association', 'console', script)(Slot, Association, {
    log: (...line: unknown[]) => printed.push(line),
  });
  expect(printed).toEqual([[1, 'hello']]);
});
