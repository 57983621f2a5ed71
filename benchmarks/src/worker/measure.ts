import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, connectPair, type Library, type Pair } from './library.ts';
import type { Answers, Route } from './protocol.ts';

/** Opened at once in the memory rounds. */
const AT_ONCE = 10;

/** One message to and fro at a time. In microseconds. */
export async function ping(channel: Channel, size: number, seconds: number): Promise<Answers['roundtrip']> {
  const message = new Uint8Array(size);
  const view = new DataView(message.buffer);
  const times: number[] = [];
  let number = 0;
  const warm = performance.now() + 300;
  const end = warm + seconds * 1000;
  await new Promise<void>((resolve, reject) => {
    let sent = performance.now();
    channel.onMessage((length, data) => {
      const now = performance.now();
      const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
      const back = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
      if (length !== size || back !== number) return reject(new Error('what came back is not what was sent'));
      if (now > warm) times.push(now - sent);
      if (now > end) return resolve();
      view.setUint32(0, ++number);
      sent = performance.now();
      channel.send(message);
    });
    channel.send(message);
  });
  times.sort((a, b) => a - b);
  const at = (part: number): number => (times[Math.floor(times.length * part)] ?? Number.NaN) * 1000;
  return { p50: at(0.5), p99: at(0.99), count: times.length };
}

/** Sends back each message. */
export function echo(channel: Channel): void {
  channel.onMessage((_, data) => channel.send(data instanceof ArrayBuffer ? new Uint8Array(data) : data));
}

export async function roundtrip(library: Library, size: number, seconds: number): Promise<Answers['roundtrip']> {
  const { channels } = await connectPair(library);
  echo(channels[1]);
  return ping(channels[0], size, seconds);
}

/** Connects pairs one after the other. The first two warm up and are left out; of the others half at least must come about. */
export async function connect(library: Library, pairs: number, route?: Route): Promise<Answers['connect']> {
  const milliseconds: number[] = [];
  let failed = 0;
  for (let i = -2; i < pairs; i++) {
    try {
      const pair = await connectPair(library, route);
      if (i >= 0) milliseconds.push(pair.milliseconds);
      await Promise.all(pair.ends.map((end) => end.close()));
    } catch (error) {
      if (++failed > pairs / 2) throw error;
    }
  }
  return { milliseconds, failed };
}

/** Opens and closes `pairs` connections `rounds` times over. */
export async function memory(library: Library, pairs: number, rounds: number): Promise<Answers['memory']> {
  // What a first connection loads once is no connection's own.
  await openAndClose(library, 2);
  await settle();
  const rssBefore = process.memoryUsage.rss();
  let rssOpen = 0;
  const rssClosed: number[] = [];
  const heapClosed: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await openAndClose(library, pairs, async () => {
      if (round > 0) return;
      await settle();
      rssOpen = process.memoryUsage.rss();
    });
    await settle();
    const { rss, heapUsed, external } = process.memoryUsage();
    rssClosed.push(rss);
    heapClosed.push(heapUsed + external);
  }
  return { rssBefore, rssOpen, rssClosed, heapClosed };
}

async function openAndClose(library: Library, pairs: number, whileOpen?: () => Promise<void>): Promise<void> {
  const open: Pair[] = [];
  while (open.length < pairs) {
    const some = Array.from({ length: Math.min(AT_ONCE, pairs - open.length) }, () => connectPair(library));
    open.push(...(await Promise.all(some)));
  }
  await whileOpen?.();
  await Promise.all(open.flatMap(({ ends }) => ends.map((end) => end.close())));
}

/** Lets closing finish and collects garbage; timers of closed connections get two seconds to run out. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await sleep(500);
    globalThis.gc?.();
  }
}

export function cpuSeconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}
