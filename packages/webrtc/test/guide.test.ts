import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it("the media guide's example receives what it sends, and the process ends", () => {
  const guide = readFileSync(new URL('../../../docs/guide/media.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(guide)?.[1] as string;
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
  expect(out).toBe('10 frames of audio/opus until 180 ms\n');
});
