/** The sending peer of the first act; the receiving one is started as a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FILE_PROTOCOL, type FileResult, opened, sendFile } from './file-transfer.ts';
import { type LocalFile, readLocalFile, sha256 } from './files.ts';
import { CONNECTIONS, joinRelay, type Link } from './link.ts';
import { progressBar } from './progress-bar.ts';
import { CONTROL_LABEL, control, readControl } from './protocol.ts';
import { type PeerStats, readStats } from './stats.ts';

/** What the first act measured. Times in ms. */
export interface Measurements {
  readonly file: FileResult;
  /** From the start of the negotiation to an open channel, signaling included, in fresh processes. */
  readonly connectTime: number;
  /** The same for further connections between the same two: their median. */
  readonly connectTimeAgain: number;
  readonly roundTripP50: number;
  readonly roundTripP99: number;
  readonly stats: PeerStats;
}

/**
 * Sends `file` from this process to another one, which writes it into `directory`. Rejects when anything fails or
 * `signal` says so; the other process has ended either way.
 */
export async function sendInOwnProcesses(
  url: string,
  file: LocalFile,
  directory: string,
  signal: AbortSignal,
): Promise<Measurements> {
  if (signal.aborted) throw new Error('interrupted');
  const receiver = fork(fileURLToPath(new URL('receiver.ts', import.meta.url)), [url, directory]);
  const exited = exitOf(receiver);
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
    exited.then((code) => reject(new Error(`the receiving process ended early (exit code ${code})`)), reject);
  });
  try {
    const first = await useLink(url, stopped, async (link, over) => {
      const { connectTime } = await connect(link);
      const result = await send(link, file, over);
      return { connectTime, result, stats: await readStats(link.connection as never) };
    });
    const again: number[] = [];
    let roundTrips: readonly number[] = [];
    while (again.length < CONNECTIONS - 1) {
      await useLink(url, stopped, async (link) => {
        const { channel, connectTime } = await connect(link);
        again.push(connectTime);
        if (again.length === CONNECTIONS - 1) roundTrips = await pings(channel, 1000);
      });
    }
    const code = await exited;
    if (code !== 0) throw new Error(`the receiving process reported a failure (exit code ${code})`);
    return {
      file: first.result,
      connectTime: first.connectTime,
      connectTimeAgain: quantile(again, 0.5),
      roundTripP50: quantile(roundTrips, 0.5),
      roundTripP99: quantile(roundTrips, 0.99),
      stats: first.stats,
    };
  } finally {
    receiver.kill();
    await exited;
    stopped.catch(() => undefined);
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return once(child, 'exit').then(([code]) => code as number | null);
}

/** Opens a link to the receiver for as long as `use` takes; `over` is aborted at its end. */
async function useLink<T>(
  url: string,
  stopped: Promise<never>,
  use: (link: Link, over: AbortSignal) => Promise<T>,
): Promise<T> {
  const link = joinRelay(url, false);
  const over = new AbortController();
  try {
    return await Promise.race([use(link, over.signal), link.failed, stopped]);
  } finally {
    over.abort();
    link.close();
  }
}

async function connect({ connection, ready }: Link): Promise<{ channel: RTCDataChannel; connectTime: number }> {
  await ready;
  const start = performance.now();
  const channel = connection.createDataChannel(CONTROL_LABEL) as unknown as RTCDataChannel;
  await opened(channel);
  return { channel, connectTime: performance.now() - start };
}

async function send({ connection }: Link, file: LocalFile, signal: AbortSignal): Promise<FileResult> {
  const channel = connection.createDataChannel(`file:${file.name}`, { protocol: FILE_PROTOCOL });
  const bar = progressBar(file.name, file.size);
  try {
    return await sendFile(channel as never, {
      header: file,
      source: readLocalFile(file),
      hash: sha256(),
      progress: (received) => bar.update(received),
      signal,
    });
  } finally {
    bar.stop();
  }
}

/** Round-trip times of `count` pings one after the other, in ms. Rejects when the channel closes. */
async function pings(channel: RTCDataChannel, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let id = 0; id < count; id++) {
    const start = performance.now();
    const answered = new Promise<void>((resolve, reject) => {
      channel.onmessage = ({ data }) => {
        const message = readControl(data);
        if (message?.type === 'pong' && message.id === id) resolve();
      };
      channel.onclose = () => reject(new Error('the channel closed early'));
    });
    channel.send(control({ type: 'ping', id }));
    await answered;
    times.push(performance.now() - start);
  }
  return times;
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] as number;
}
