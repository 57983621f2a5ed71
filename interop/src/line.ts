import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Command, PeerEvent, Reply, Result } from './agent/protocol.ts';

/** The control line to a peer. Ends for good when the peer is gone. */
export interface Line {
  /** Rejects with the peer's error, or when the peer is gone. */
  call(command: Command): Promise<Result>;
  onEvent: (event: PeerEvent) => void;
  /** Ends the peer the polite way. */
  close(): Promise<void>;
  /** Ends the peer as a crash would: nothing is said to anyone. */
  kill(): Promise<void>;
}

/** Starts a program that speaks the control protocol on its standard input and output. */
export function startProcess(command: readonly [string, ...string[]], environment: NodeJS.ProcessEnv = {}): Line {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', process.env['KAON_INTEROP_VERBOSE'] ? 'inherit' : 'ignore'],
    env: { ...process.env, ...environment },
  });
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${program} did not start: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`${program} exited (${signal ?? code})`));
  });
  const waiting = new Map<number, { resolve: (result: Result) => void; reject: (error: Error) => void }>();
  let ended: string | undefined;
  void gone.then((why) => {
    ended = why;
    for (const { reject } of waiting.values()) reject(new Error(why));
    waiting.clear();
  });
  let seq = 0;

  const line: Line = {
    onEvent: () => {},
    call: (request) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(new Error(ended));
        waiting.set(++seq, { resolve, reject });
        child.stdin?.write(`${JSON.stringify({ ...request, seq })}\n`);
      }),
    close: async () => {
      child.stdin?.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await gone;
      clearTimeout(timer);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
  child.stdin?.on('error', () => {});
  listen(child, (message) => {
    if ('event' in message) return line.onEvent(message);
    const call = waiting.get(message.seq);
    waiting.delete(message.seq);
    if ('error' in message) call?.reject(new Error(message.error));
    else call?.resolve(message.result);
  });
  return line;
}

function listen(child: ChildProcess, take: (message: Reply | PeerEvent) => void): void {
  if (child.stdout === null) return;
  createInterface({ input: child.stdout }).on('line', (text) => take(JSON.parse(text) as Reply | PeerEvent));
}
