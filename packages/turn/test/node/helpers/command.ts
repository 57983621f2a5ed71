import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { transportAddress } from '@kaon/wire';
import type { ListenerProtocol, ListeningAddress } from '../../../src/node/index.ts';

const CLI = fileURLToPath(new URL('../../../src/node/cli.ts', import.meta.url));

/** `kaon-turn` as a process of its own. */
export class Command {
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #changed = Promise.withResolvers<void>();
  #isOver = false;

  constructor(...args: readonly string[]) {
    const options = ['--conditions=@kaon/source', '--disable-warning=ExperimentalWarning', CLI, ...args];
    this.#child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
      this.#change();
    });
    this.#child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
      this.#change();
    });
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code) => {
        this.#isOver = true;
        this.#change();
        resolve(code);
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves when a text has been written to either stream `times` times; rejects when the process ends without. */
  async says(text: string, times = 1): Promise<void> {
    while (`${this.stdout}\n${this.stderr}`.split(text).length <= times) {
      if (this.#isOver) throw new Error(`It ended without "${text}":\n${this.stdout}${this.stderr}`);
      await this.#changed.promise;
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Where it listens, as it says. */
  address(protocol: ListenerProtocol): ListeningAddress {
    const [, address = '', port] =
      new RegExp(`^listening ${protocol} \\[?([^\\]]*?)\\]?:(\\d+)$`, 'm').exec(this.stdout) ?? [];
    return { protocol, ...transportAddress(address, Number(port)) };
  }

  /** Ends it if it has not ended. */
  async close(): Promise<void> {
    if (!this.#isOver) this.#child.kill('SIGKILL');
    await this.ended;
  }

  #change(): void {
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }
}
