/** The control protocol over stdin and stdout, for peers that are Node processes. */
import { createInterface } from 'node:readline';
import type { Command, PeerEvent, Request, Result } from './protocol.ts';

/**
 * Serves commands until stdin ends, then ends the process. Standard output carries the protocol only, so what a
 * stack writes with `console.log` goes to standard error.
 *
 * @param start receives the function to report events with and returns the one that carries out commands
 */
export function serveStdio(start: (report: (event: PeerEvent) => void) => (command: Command) => Promise<Result>): void {
  const write = (message: unknown): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
  console.log = console.error;
  const handle = start(write);
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const request = JSON.parse(line) as Request;
      handle(request).then(
        (result) => write({ seq: request.seq, result }),
        (error: unknown) => write({ seq: request.seq, error: String(error) }),
      );
    })
    .on('close', () => process.exit(0));
}
