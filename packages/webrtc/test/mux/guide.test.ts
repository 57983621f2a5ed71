import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const guide = readFileSync(new URL('../../../../docs/guide/single-port-server.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code as string);

it.each(examples)('example %# of the guide to servers with one port runs, and the process ends', (code) => {
  // Any port that is free, on loopback alone, whatever the machine's addresses are.
  const script = code
    .replaceAll('port: 5000, includeLoopback: true', "addresses: ['127.0.0.1']")
    .replace('{ kaon: { includeLoopback: true } }', "{ kaon: { bindAddresses: ['127.0.0.1'] } }")
    .replace('.port, udpMux.connections', '.port === udpMux.addresses[0]?.port, udpMux.connections');
  const out = execFileSync(
    process.execPath,
    ['--conditions=@kaon/source', '--input-type=module-typescript', '-e', script],
    { cwd: new URL('../..', import.meta.url), timeout: 25_000, encoding: 'utf8' },
  );
  expect(out).toBe(code.includes('console.log(client') ? 'true 1\n' : '');
});

it('the guide has examples', () => {
  expect(examples).toHaveLength(2);
});
