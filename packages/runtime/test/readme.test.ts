import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import * as runtime from '../src/index.ts';
import * as node from '../src/node/index.ts';

describe('the example of the README', () => {
  it('sends back what it is sent', async () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const code = /```ts\n([^`]+)```/.exec(readme)?.[1] ?? '';
    const log = vi.spyOn(console, 'log').mockReturnValue(undefined);
    const withoutImports = code.replace(/^import .*$/gm, '');
    const example = new Function('run', 'nodeClock', 'nodeNetwork', `return (async () => { ${withoutImports} })()`);
    const back = new Promise((resolve) => {
      log.mockImplementation((...words) => words[0] === 'came back:' && resolve(words[1]));
    });
    await example(runtime.run, node.nodeClock, node.nodeNetwork);
    expect(await back).toEqual(Uint8Array.of(1, 2, 3));
    expect(log).toHaveBeenCalledWith({ type: 'echoed', length: 3 });
    log.mockRestore();
  });
});
