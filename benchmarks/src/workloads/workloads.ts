import type { Figures, Scenario } from '../scenarios.ts';
import { type LibraryId, Worker } from '../worker-process.ts';
import { type Flow, flowFigures, flowMetrics, rateOf } from './flow-figures.ts';
import type { LinkOptions } from './link.ts';
import { throughLink } from './through-link.ts';

const AT_ONCE = 100;
const FAIR = 10;
/** 50 ms to and fro, one of a hundred packets lost each way. */
const LOSSY: LinkOptions = { delay: 25, loss: 0.01, bitrate: 0, queue: 0, seed: 1 };
/** 20 Mbit/s for all, 20 ms to and fro, a queue of twice what is on the way. */
const SHARED: LinkOptions = { delay: 10, loss: 0, bitrate: 20e6, queue: 100_000, seed: 1 };

/** Workloads of data channels beyond those of scenarios.ts; every message is verified. */
export const workloads: readonly Scenario[] = [
  flow('16k-1', '16 KiB messages, 1 connection', { connections: 1, size: 16384 }),
  flow('16k-10', '16 KiB messages, 10 connections', { connections: 10, size: 16384 }),
  flow('unreliable-1k-1', '1 KiB unreliable and unordered, 1 connection', {
    connections: 1,
    size: 1024,
    unreliable: true,
  }),
  flow('unreliable-1k-10', '1 KiB unreliable and unordered, 10 connections', {
    connections: 10,
    size: 1024,
    unreliable: true,
  }),
  flow('messages-64', '64-byte messages, 1 connection', { connections: 1, size: 64 }),
  {
    id: 'connect-100',
    form: 'one process',
    metrics: [
      { key: 'all', title: `connect, ${AT_ONCE} pairs at once, all open`, unit: 'ms', better: 'lower' },
      { key: 'cpu', title: `CPU per pair, ${AT_ONCE} at once`, unit: 'ms', better: 'lower' },
    ],
    measure: (library) =>
      alone(library, async (worker) => {
        const { milliseconds, cpuSeconds } = await worker.call({ cmd: 'connect-at-once', count: AT_ONCE }, 240);
        return { all: milliseconds, cpu: (cpuSeconds * 1000) / AT_ONCE };
      }),
  },
  {
    id: 'idle-pair',
    form: 'one process',
    once: true,
    metrics: [{ key: 'pair', title: 'resident memory per idle pair', unit: 'KiB', better: 'lower' }],
    measure: (library, quick) =>
      alone(library, async (worker) => {
        const count = quick ? 30 : 200;
        const { rssBefore, rssOpen } = await worker.call({ cmd: 'memory', count, rounds: 1 }, 120);
        return { pair: (rssOpen - rssBefore) / count / 1024 };
      }),
  },
  {
    id: 'lossy-link',
    form: 'two processes',
    metrics: [
      { key: 'rate', title: '1 KiB messages, 50 ms RTT, 1 % lost', unit: 'MB/s', better: 'higher' },
      { key: 'lost', title: 'packets the link lost, 50 ms RTT', unit: '%', better: 'lower' },
    ],
    measure: (library, quick, seconds = quick ? 4 : 10) =>
      throughLink(library, 1, LOSSY, async ({ pairs, counts }) => {
        await counts();
        const [flow] = await transfer(pairs, 1024, quick ? 1 : 2, seconds);
        const { carried, lost } = await counts();
        return { rate: rateOf(flow!), lost: (lost / (carried + lost)) * 100 };
      }),
  },
  {
    id: 'fairness-10',
    form: 'two processes',
    metrics: [
      { key: 'rate', title: '10 connections on 20 Mbit/s, together', unit: 'MB/s', better: 'higher' },
      { key: 'apart', title: '10 connections on 20 Mbit/s, furthest from the mean', unit: '%', better: 'lower' },
      { key: 'jain', title: "10 connections on 20 Mbit/s, Jain's index", unit: '', better: 'higher' },
    ],
    measure: (library, quick, seconds = quick ? 5 : 20) =>
      throughLink(library, FAIR, SHARED, async ({ pairs }) => {
        const rates = (await transfer(pairs, 1024, quick ? 2 : 5, seconds)).map(rateOf);
        const total = rates.reduce((sum, rate) => sum + rate, 0);
        const mean = total / rates.length;
        const apart = Math.max(...rates.map((rate) => Math.abs(rate - mean))) / mean;
        const squares = rates.reduce((sum, rate) => sum + rate * rate, 0);
        return { rate: total, apart: apart * 100, jain: (total * total) / (rates.length * squares) };
      }),
  },
];

function flow(
  id: string,
  title: string,
  options: { connections: number; size: number; unreliable?: boolean },
): Scenario {
  return {
    id,
    form: 'one process',
    metrics: flowMetrics(title, options.unreliable),
    measure: (library, quick, seconds = quick ? 1 : 3) =>
      alone(library, async (worker) => {
        const warmup = quick ? 0.5 : 2;
        return flowFigures(await worker.call({ cmd: 'throughput', ...options, warmup, seconds }, seconds + 60));
      }),
  };
}

/** The first of each pair sends to the second as fast as it goes. */
function transfer(
  pairs: readonly (readonly [Worker, Worker])[],
  size: number,
  warmup: number,
  seconds: number,
): Promise<Flow[]> {
  return Promise.all(
    pairs.map(async ([from, to]) => {
      const received = to.call({ cmd: 'receive', warmup, seconds }, warmup + seconds + 20);
      const sent = from.call({ cmd: 'send', size, seconds: warmup + seconds }, warmup + seconds + 20);
      return (await Promise.all([received, sent]))[0];
    }),
  );
}

async function alone(library: LibraryId, measure: (worker: Worker) => Promise<Figures>): Promise<Figures> {
  const worker = new Worker(library);
  try {
    return await measure(worker);
  } finally {
    await worker.end();
  }
}
