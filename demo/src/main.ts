/**
 * `pnpm start [file] [--once] [--port N]`
 *
 * Two peers in two processes find each other through the embedded signaling server and move a file over ICE, DTLS
 * and SCTP on real sockets. Then a page on localhost lets a browser talk to the same Node peer.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BrowserPeers } from './browser-peers.ts';
import { localFile } from './files.ts';
import { printMeasurements } from './report.ts';
import { sendInOwnProcesses } from './sender.ts';
import { startServer } from './server.ts';

const HELP = `Usage: npx pnpm@12 start [file] [--once] [--port N]

  file      the file to send; the running Node executable when none is given
  --once    end after the transfer instead of serving the page
  --port N  port of the page and of signaling on localhost (default 8080; any free one when it is taken)
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { once: { type: 'boolean' }, port: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (positionals.length > 1) throw new Error(`one file at a time, got ${positionals.length}`);
  const port = Number(values.port ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`${values.port} is not a port`);
  const file = await localFile(positionals[0] ?? process.execPath);

  const directory = await mkdtemp(join(tmpdir(), 'kaon-'));
  const peers = new BrowserPeers(directory, [file]);
  const server = await startServer(port, { page: (socket) => peers.accept(socket) });
  const end = async (): Promise<void> => {
    peers.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    printMeasurements(await sendInOwnProcesses(server.url, file, directory));
  } catch (error) {
    await end();
    throw error;
  }
  if (values.once) {
    await end();
    return;
  }
  process.stdout.write(`\nNow with a browser: open ${server.url}   (Ctrl+C ends)\n`);
  process.stdout.write(`Files uploaded there are kept in ${directory} until then.\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end());
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
