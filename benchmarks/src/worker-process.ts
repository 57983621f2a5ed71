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

/** A process that answers lines of JSON on its standard input by lines on its output, one at a time. */
export class LineProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<string>;
  #answer: (line: string) => void = () => {};

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', process.env['KAON_BENCH_VERBOSE'] ? 'inherit' : 'ignore'],
      env: { ...process.env, ...env },
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

  /** 0 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * Says something and waits for what comes; undefined: only waits. Rejects with the error in the answer, when the process is
   * gone, or after `limit` seconds.
   */
  async ask(message: { readonly cmd: string } | undefined, limit: number): Promise<unknown> {
    const what = message === undefined ? 'its start' : `'${message.cmd}'`;
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<string>((resolve, reject) => {
      this.#answer = resolve;
      void this.#gone.then((why) => reject(new Error(why)));
      timer = setTimeout(() => reject(new Error(`no answer to ${what} within ${limit} s`)), limit * 1000);
    });
    if (message !== undefined) this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
    try {
      const value = JSON.parse(await answer) as object;
      if ('error' in value) throw new Error(String(value.error));
      return value;
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

/** A process that measures one library. */
export class Worker extends LineProcess {
  /** Throws when the library is not there to be started. `env` is added to the environment. */
  constructor(id: LibraryId, nodeArguments: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    if (id === 'pion' && !existsSync(PION)) {
      throw new Error('benchmarks/bin/pion is missing: cd benchmarks/pion && go build -trimpath -o ../bin/pion .');
    }
    const [program, args] =
      id === 'pion' ? [PION, []] : [process.execPath, [...process.execArgv, '--expose-gc', ...nodeArguments, MAIN, id]];
    super(program, args, env);
  }

  /** As `ask`. */
  async call<C extends Command>(command: C, limit: number): Promise<Answers[C['cmd']]> {
    return (await this.ask(command, limit)) as Answers[C['cmd']];
  }
}
