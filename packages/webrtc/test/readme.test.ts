import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it("the README's example says hello, and the process ends", () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] as string;
  // Only loopback, whatever the machine's addresses are.
  const script = code.replaceAll(
    'new RTCPeerConnection()',
    "new RTCPeerConnection({ kaon: { bindAddresses: ['127.0.0.1'] } })",
  );
  const out = execFileSync(
    process.execPath,
    ['--conditions=@kaon/source', '--input-type=module-typescript', '-e', script],
    { cwd: new URL('..', import.meta.url), timeout: 25_000, encoding: 'utf8' },
  );
  expect(out).toBe('you said hello\n');
});
