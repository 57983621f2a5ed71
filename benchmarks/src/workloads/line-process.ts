import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process that answers lines of JSON on its standard input by lines on its output, one at a time. */
export class LineProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<string>;
  #answer: (line: string) => void = () => {};

  constructor(program: string, args: readonly string[]) {
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

  /** Rejects with the error in the answer, when the process is gone, or after `limit` seconds. */
  async ask(message: { readonly cmd: string }, limit: number): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<string>((resolve, reject) => {
      this.#answer = resolve;
      void this.#gone.then((why) => reject(new Error(why)));
      timer = setTimeout(() => reject(new Error(`no answer to '${message.cmd}' within ${limit} s`)), limit * 1000);
    });
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
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
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
    await this.#gone;
    clearTimeout(timer);
  }
}
