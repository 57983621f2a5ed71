import { parseArgs } from 'node:util';

export interface Arguments {
  /** Ids of the peers to run; all when empty. */
  readonly only: readonly string[];
  /** Ids of the scenarios to run; all when empty. */
  readonly scenarios: readonly string[];
  /** Run what takes long, too. */
  readonly all: boolean;
  /** Write docs/interop.md. */
  readonly write: boolean;
  /** What stands in Kaon's place. */
  readonly stack: string;
}

export const USAGE = `pnpm interop [options]
  --only chromium,pion    these peers alone (without it, a missing peer is an error)
  --scenario text,vanish  these scenarios alone
  --all                   the scenarios that take long, too
  --write                 write the tables to docs/interop.md; runs all
  --stack NAME            run werift or node-datachannel in Kaon's place, to tell whose a failure is`;

/** Throws on an option that does not exist. */
export function parseArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    options: {
      only: { type: 'string', default: '' },
      scenario: { type: 'string', default: '' },
      stack: { type: 'string', default: 'kaon' },
      write: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
    },
  });
  const { stack, write, all } = values;
  return { only: list(values.only), scenarios: list(values.scenario), stack, write, all: all || write };
}

function list(text: string): string[] {
  return text.split(',').filter((item) => item !== '');
}
