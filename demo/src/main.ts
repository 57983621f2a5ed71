/**
 * `pnpm start [file] [--once] [--port N]`
 *
 * Two peers in two processes find each other through the embedded signaling server and move a file over ICE, DTLS
 * and SCTP on real sockets. Then a page on localhost lets a browser talk to the same Node peer.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Arguments, HELP, readArguments } from './arguments.ts';
import { BrowserPeers } from './browser-peers.ts';
import { localFile } from './files.ts';
import { messageOf } from './format.ts';
import { describeMeasurements } from './report.ts';
import { sendInOwnProcesses } from './sender.ts';
import { startServer } from './server.ts';
import { SharedFiles } from './shared-files.ts';

/** Aborted by the first Ctrl+C; the second one ends the process as usual. */
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());

await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});

async function main(args: readonly string[]): Promise<void> {
  const asked = readArguments(args);
  if (asked.help) {
    process.stdout.write(HELP);
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), 'kaon-'));
  try {
    await run(asked, directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function run({ file: path, once, port }: Arguments, directory: string): Promise<void> {
  const file = await localFile(path ?? process.execPath);
  const shared = new SharedFiles(join(directory, 'files'), [file]);
  const peers = new BrowserPeers(shared, (line) => process.stdout.write(`  ${printable(line)}\n`));
  const server = await startServer(port, (socket) => peers.accept(socket));
  try {
    process.stdout.write(`Sending ${file.name} from this process to another one\n`);
    const received = join(directory, 'received');
    await mkdir(received);
    const measured = await sendInOwnProcesses(server.url, file, received, interrupt.signal);
    process.stdout.write(describeMeasurements(measured));
    await rm(received, { recursive: true });
    if (once) return;
    await mkdir(shared.directory);
    process.stdout.write(`\nNow with a browser: open ${server.url}   (Ctrl+C ends)\n`);
    process.stdout.write(`Uploads are kept in ${shared.directory} until then.\n`);
    await aborted(interrupt.signal);
  } finally {
    await Promise.all([peers.close(), server.close()]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Names come from pages: what would steer the terminal is left out. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}
