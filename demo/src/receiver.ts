/**
 * The receiving peer of the first act, a process of its own: `receiver.ts URL DIRECTORY`. Takes one connection after
 * the other, as many as the sender makes.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { answerPings } from './answer-pings.ts';
import { FILE_PROTOCOL, type FileResult, receiveFile, type Sink } from './file-transfer.ts';
import { sha256 } from './files.ts';
import { messageOf } from './format.ts';
import { CONNECTIONS, joinRelay } from './link.ts';

const [url, directory] = process.argv.slice(2) as [string, string];
// Ctrl+C goes to both processes; the sender decides what becomes of it, and nothing of this one outlives it.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(1));
process.channel?.unref();

try {
  for (let n = 0; n < CONNECTIONS; n++) await serveOne();
} catch (error) {
  process.stderr.write(`receiver: ${messageOf(error)}\n`);
  process.exitCode = 1;
}

/** Takes one connection; resolves when the sender has left and every file that came is whole. */
async function serveOne(): Promise<void> {
  const link = joinRelay(url, true);
  const over = new AbortController();
  const transfers: Promise<FileResult>[] = [];
  const broken = new Promise<never>((_, reject) => {
    link.connection.addEventListener('datachannel', ({ channel }) => {
      if (channel.protocol === FILE_PROTOCOL) {
        const transfer = receiveFile(channel as never, {
          open: () => fileAt(join(directory, `file-${transfers.length}`)),
          hash: sha256(),
          signal: over.signal,
        });
        transfers.push(transfer);
        transfer.catch(reject);
      } else answerPings(channel as never);
    });
  });
  try {
    await Promise.race([link.ended, link.failed, broken]);
  } finally {
    over.abort();
    link.close();
  }
  await Promise.all(transfers);
}

async function fileAt(path: string): Promise<Sink> {
  const handle = await open(path, 'w');
  return {
    write: (chunk) => handle.writeFile(chunk),
    close: () => handle.close(),
    discard: () => handle.close(),
  };
}
