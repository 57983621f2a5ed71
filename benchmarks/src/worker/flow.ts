import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, connectPair, type Library, type Pair } from './library.ts';
import { cpuSeconds } from './measure.ts';
import type { Answers } from './protocol.ts';

/** Enough queued to keep any sender busy, little enough not to measure memory. */
const HIGH_WATER = 1024 * 1024;
const LOW_WATER = 256 * 1024;
/** The last four bytes of a message are its number with these bits turned. */
const TURNED = 0x6b616f6e;
/** Of these many messages one is looked at byte by byte. */
const WHOLE = 1024;

/** Keeps the channel's queue between the water marks with numbered messages until told to stop. */
export function pour(channel: Channel, size: number): { stop(): void } {
  const message = Uint8Array.from({ length: size }, (_, i) => i & 0xff);
  const view = new DataView(message.buffer);
  let number = 0;
  let isRunning = true;
  const fill = (): void => {
    while (isRunning && channel.bufferedAmount() < HIGH_WATER) {
      view.setUint32(0, number);
      view.setUint32(size - 4, (number ^ TURNED) >>> 0);
      number = (number + 1) >>> 0;
      channel.send(message);
    }
  };
  channel.onLow(LOW_WATER, fill);
  fill();
  return {
    stop: () => {
      isRunning = false;
    },
  };
}

/** Reads what `pour` sends. What is not as it was sent counts as corrupt. */
class Reader {
  bytes = 0;
  messages = 0;
  corrupt = 0;
  /** Messages that came before or after their turn. */
  disordered = 0;
  /** One more than the highest number seen. */
  next = 0;

  read(data: ArrayBuffer | Uint8Array): void {
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    const number = readNumber(bytes, 0);
    this.bytes += bytes.length;
    this.messages++;
    if (readNumber(bytes, bytes.length - 4) !== (number ^ TURNED) >>> 0) this.corrupt++;
    else if (number % WHOLE === 0 && !isWhole(bytes)) this.corrupt++;
    if (number !== this.next) this.disordered++;
    if (number >= this.next) this.next = number + 1;
  }
}

/** Counts and verifies what arrives on the channels between `warmup` and `warmup + seconds`. */
export async function receive(
  channels: readonly Channel[],
  options: { warmup: number; seconds: number; unreliable?: boolean | undefined },
): Promise<Answers['receive']> {
  const readers = channels.map((channel) => {
    const reader = new Reader();
    channel.onMessage((_, data) => reader.read(data));
    return reader;
  });
  const sum = (key: 'bytes' | 'messages' | 'corrupt' | 'disordered' | 'next'): number =>
    readers.reduce((total, reader) => total + reader[key], 0);
  await sleep(options.warmup * 1000);
  const [start, before] = [performance.now(), process.cpuUsage()];
  const [bytes, messages, numbers] = [sum('bytes'), sum('messages'), sum('next')];
  const each = readers.map((reader) => reader.bytes);
  await sleep(options.seconds * 1000);
  const used = cpuSeconds(process.cpuUsage(before));
  const seconds = (performance.now() - start) / 1000;
  if (sum('corrupt') > 0) throw new Error(`${sum('corrupt')} of ${sum('messages')} messages are not what was sent`);
  if (options.unreliable !== true && sum('disordered') > 0)
    throw new Error(`${sum('disordered')} messages out of turn`);
  const came = sum('messages') - messages;
  return {
    bytes: sum('bytes') - bytes,
    messages: came,
    lost: Math.max(0, sum('next') - numbers - came),
    seconds,
    cpuSeconds: used,
    rss: process.memoryUsage.rss(),
    each: readers.map((reader, i) => reader.bytes - (each[i] ?? 0)),
  };
}

/** Both ends here: `connections` pairs, each sending one way as fast as it goes. */
export async function throughput(
  library: Library,
  options: { connections: number; size: number; warmup: number; seconds: number; unreliable?: boolean | undefined },
): Promise<Answers['throughput']> {
  const pairs: Pair[] = [];
  for (let i = 0; i < options.connections; i++) pairs.push(await connectPair(library, undefined, options.unreliable));
  const received = receive(
    pairs.map(({ channels }) => channels[1]),
    options,
  );
  const pourers = pairs.map(({ channels }) => pour(channels[0], options.size));
  const result = await received;
  for (const pourer of pourers) pourer.stop();
  return result;
}

/** Connects `count` pairs at once, three times over, the first of which warms up; the faster of the two others. */
export async function connectAtOnce(library: Library, count: number): Promise<Answers['connect-at-once']> {
  let best = { milliseconds: Number.POSITIVE_INFINITY, cpuSeconds: 0 };
  for (let round = 0; round < 3; round++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    const pairs = await Promise.all(Array.from({ length: count }, () => connectPair(library)));
    const milliseconds = performance.now() - start;
    const used = cpuSeconds(process.cpuUsage(before));
    if (round > 0 && milliseconds < best.milliseconds) best = { milliseconds, cpuSeconds: used };
    await Promise.all(pairs.flatMap(({ ends }) => ends.map((end) => end.close())));
    await sleep(300);
  }
  return best;
}

function readNumber(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function isWhole(bytes: Uint8Array): boolean {
  for (let i = 4; i < bytes.length - 4; i++) if (bytes[i] !== (i & 0xff)) return false;
  return true;
}
