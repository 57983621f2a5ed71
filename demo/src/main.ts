/**
 * `pnpm start [file] [--once] [--port N]`
 *
 * Two peers in two processes find each other through the embedded signaling server and move a file over ICE, DTLS
 * and SCTP on real sockets. Then a page on localhost lets a browser talk to the same Node peer.
 */
import { HELP, readArguments } from './arguments.ts';
import { localFile } from './files.ts';
import { messageOf } from './format.ts';

/** Aborted by the first Ctrl+C; the second one ends the process as usual. */
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

async function main(args: readonly string[]): Promise<void> {
  const { help, file: path, once, port } = readArguments(args);
  if (help) {
    process.stdout.write(HELP);
    return;
  }
  const file = await localFile(path ?? process.execPath);
  // Loaded late: a wrong argument is answered at once.
  const { run } = await import('./run.ts');
  await run(file, { once, port, interrupted: interrupt.signal });
}
