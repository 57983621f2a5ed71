/** The command line of the demo. */
import { parseArgs } from 'node:util';

/** What was asked for. */
export interface Arguments {
  readonly help: boolean;
  /** The file to send; the running Node executable when undefined. */
  readonly file: string | undefined;
  /** End after the transfer. */
  readonly once: boolean;
  /** Port of the server; 0 means any free one, undefined the default one, or any free one when that is taken. */
  readonly port: number | undefined;
}

/** What `--help` prints. */
export const HELP: string = `Usage: npx pnpm@12 start [file] [--once] [--port N]

Two processes find each other and move a file; then a page on localhost lets a browser join.

  file      the file to send; the running Node executable when none is given
  --once    end after the transfer instead of serving the page
  --port N  port of the page and of signaling on localhost (default 8080, or any free one when that is taken)
  --help    print this
`;

/** Reads the arguments behind the script's name. Throws an Error whose message says what is wrong. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { once: { type: 'boolean' }, port: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (positionals.length > 1)
    throw new Error(`one file at a time, got ${positionals.length}: ${positionals.join(' ')}`);
  return {
    help: values.help === true,
    file: positionals[0],
    once: values.once === true,
    port: values.port === undefined ? undefined : portOf(values.port),
  };
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65535)) throw new Error(`"${text}" is not a port: a number from 0 to 65535 is`);
  return port;
}
