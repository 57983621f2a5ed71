/** Both acts: the transfer between two processes, and the page. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrowserPeers } from './browser-peers.ts';
import type { LocalFile } from './files.ts';
import { describeMeasurements } from './report.ts';
import { sendInOwnProcesses } from './sender.ts';
import { startServer } from './server.ts';
import { SharedFiles } from './shared-files.ts';

/** What to do. */
export interface RunOptions {
  /** End after the transfer. */
  readonly once: boolean;
  readonly port: number | undefined;
  /** Ends everything. */
  readonly interrupted: AbortSignal;
}

/** Sends `file` between two processes, then serves the page until interrupted. Leaves no files behind. */
export async function run(file: LocalFile, options: RunOptions): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'kaon-'));
  try {
    await runIn(directory, file, options);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function runIn(directory: string, file: LocalFile, { once, port, interrupted }: RunOptions): Promise<void> {
  const shared = new SharedFiles(join(directory, 'files'), [file]);
  const peers = new BrowserPeers(shared, (line) => process.stdout.write(`  ${printable(line)}\n`));
  const server = await startServer(port, (socket) => peers.accept(socket));
  try {
    process.stdout.write(`Sending ${file.name} from this process to another one\n`);
    const received = join(directory, 'received');
    await mkdir(received);
    const measured = await sendInOwnProcesses(server.url, file, received, interrupted);
    process.stdout.write(describeMeasurements(measured));
    await rm(received, { recursive: true });
    if (once) return;
    // A page may have been here before.
    await mkdir(shared.directory, { recursive: true });
    process.stdout.write(`\nNow with a browser: open ${server.url}   (Ctrl+C ends)\n`);
    process.stdout.write(`Uploads are kept in ${shared.directory} until then.\n`);
    await aborted(interrupted);
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
