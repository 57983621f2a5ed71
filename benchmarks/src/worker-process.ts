import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answers, Command } from './worker/protocol.ts';

/** The libraries measured, in the order of the table. */
export const LIBRARIES = ['kaon', 'node-datachannel', 'pion', 'werift'] as const;
export type LibraryId = (typeof LIBRARIES)[number];

const MAIN = fileURLToPath(new URL('worker/main.ts', import.meta.url));
const PION = fileURLToPath(new URL('../bin/pion', import.meta.url));

/** A process that measures one library. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #gone: Promise<string>;
  #answer: (line: string) => void = () => {};

  /** Throws when the library is not there to be started. */
  constructor(id: LibraryId, nodeArguments: readonly string[] = []) {
    if (id === 'pion' && !existsSync(PION)) {
      throw new Error('benchmarks/bin/pion is missing: cd benchmarks/pion && go build -trimpath -o ../bin/pion .');
    }
    const [program, args] =
      id === 'pion' ? [PION, []] : [process.execPath, [...process.execArgv, '--expose-gc', ...nodeArguments, MAIN, id]];
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', process.env['KAON_BENCH_VERBOSE'] ? 'inherit' : 'ignore'],
    });
    this.#gone = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('exit', (code, signal) => resolve(`exited (${signal ?? code})`));
    });
    this.#child.stdin?.on('error', () => {});
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answer(line));
    }
  }

  /** Rejects with the worker's error, when it is gone, or after `limit` seconds. One call at a time. */
  async call<C extends Command>(command: C, limit: number): Promise<Answers[C['cmd']]> {
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<string>((resolve, reject) => {
      this.#answer = resolve;
      void this.#gone.then((why) => reject(new Error(why)));
      timer = setTimeout(() => reject(new Error(`no answer to '${command.cmd}' within ${limit} s`)), limit * 1000);
    });
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    try {
      const message = JSON.parse(await answer) as Answers[C['cmd']] | { error: string };
      if ('error' in message) throw new Error(message.error);
      return message;
    } finally {
      clearTimeout(timer);
    }
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 1000);
    await this.#gone;
    clearTimeout(timer);
  }
}
