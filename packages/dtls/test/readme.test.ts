import { readFileSync } from 'node:fs';
import * as dtls from '@kaon/dtls';
import * as certificate from '@kaon/dtls/certificate';
import * as wire from '@kaon/wire';
import { expect, it } from 'vitest';

const MODULES: Record<string, unknown> = {
  '@kaon/dtls': dtls,
  '@kaon/dtls/certificate': certificate,
  '@kaon/wire': wire,
};

it('the example of the README runs and prints what it should', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = code.replace(/import (\{[^}]*\}) from '([^']*)';/g, "const $1 = modules['$2'];");
  const printed: string[] = [];
  const fake = { log: (...words: unknown[]) => printed.push(words.join(' ')) };
  const AsyncFunction = (async () => undefined).constructor as new (
    ...parts: string[]
  ) => (...args: unknown[]) => Promise<void>;
  await new AsyncFunction('modules', 'console', body)(MODULES, fake);
  expect(printed).toEqual(['connected TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'hello']);
});
