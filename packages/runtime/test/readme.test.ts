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
    const example = new Function(
      'run',
      'nodeClock',
      'nodeNetwork',
      `return (async () => { ${withoutImports}\nreturn { driver, socket }; })()`,
    );
    const { driver, socket } = await example(runtime.run, node.nodeClock, node.nodeNetwork);
    const client = await node.nodeNetwork.bindUdp({ address: '127.0.0.1' });
    const answer = new Promise((resolve) => {
      client.onDatagram = (bytes) => resolve([...bytes]);
    });
    client.send(Uint8Array.of(1, 2, 3), 0, 3, socket.local);
    expect(await answer).toEqual([1, 2, 3]);
    expect(log).toHaveBeenCalledWith({ type: 'echoed', length: 3 });
    driver.stop();
    socket.close();
    client.close();
    log.mockRestore();
  });
});
