import { type LibraryId, Worker } from './worker-process.ts';
import { flowFigures, flowMetrics } from './workloads/flow-figures.ts';

export type Form = 'one process' | 'two processes';

/** What one measurement of one library gives. `undefined`: it cannot be measured there. */
export type Figures = Readonly<Record<string, number | undefined>>;

/** One figure of a scenario, a line of the table. */
export interface Metric {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

/** What is measured in one go. */
export interface Scenario {
  readonly id: string;
  readonly form: Form;
  readonly metrics: readonly Metric[];
  /** Left out of every round but the first: it takes long and varies little. */
  readonly once?: boolean;
  /** `seconds` is how long to measure, where that can be chosen. */
  measure(library: LibraryId, quick: boolean, seconds?: number): Promise<Figures>;
}

/** Rounds of the memory scenario before those that count: allocators and compilers take what they keep. */
const WARM_ROUNDS = 2;

export const scenarios: readonly Scenario[] = [
  throughput('1 KiB messages, 1 connection', 'throughput-1k-1', 1, 1024),
  throughput('1 KiB messages, 10 connections', 'throughput-1k-10', 10, 1024),
  throughput('64 KiB messages, 1 connection', 'throughput-64k-1', 1, 65536),
  throughputBetween('1 KiB messages, 1 connection', 'throughput-1k-1-two', 1024),
  throughputBetween('64 KiB messages, 1 connection', 'throughput-64k-1-two', 65536),
  {
    id: 'roundtrip',
    form: 'one process',
    metrics: roundtripMetrics(),
    measure: (library, quick) =>
      alone(library, async (worker) => {
        const { p50, p99 } = await worker.call({ cmd: 'roundtrip', size: 1024, seconds: quick ? 0.7 : 2 }, 20);
        return { p50, p99 };
      }),
  },
  {
    id: 'roundtrip-two',
    form: 'two processes',
    metrics: roundtripMetrics(),
    measure: (library, quick) =>
      together(library, async (a, b) => {
        await b.call({ cmd: 'echo' }, 10);
        const { p50, p99 } = await a.call({ cmd: 'ping', size: 1024, seconds: quick ? 0.7 : 2 }, 20);
        return { p50, p99 };
      }),
  },
  {
    id: 'connect',
    form: 'one process',
    metrics: [{ key: 'median', title: 'connect, offer to both open, median', unit: 'ms', better: 'lower' }],
    measure: (library, quick) =>
      alone(library, async (worker) => {
        const { milliseconds } = await worker.call({ cmd: 'connect', count: quick ? 10 : 25 }, 60);
        return { median: median(milliseconds) };
      }),
  },
  {
    id: 'memory',
    form: 'one process',
    once: true,
    metrics: [
      { key: 'idle', title: 'resident memory per idle connection', unit: 'KiB', better: 'lower' },
      { key: 'closed', title: 'resident memory over the start, all closed', unit: 'KiB', better: 'lower' },
      { key: 'leftRss', title: 'resident memory left per connection', unit: 'KiB', better: 'lower' },
      { key: 'leftHeap', title: 'heap left per connection', unit: 'KiB', better: 'lower' },
    ],
    measure: (library, quick) =>
      alone(library, async (worker) => {
        const count = quick ? 30 : 100;
        const rounds = WARM_ROUNDS + 3;
        const { rssBefore, rssOpen, rssClosed, heapClosed } = await worker.call({ cmd: 'memory', count, rounds }, 240);
        // A pair is two connections, one of each end.
        const later = 2 * count * 3;
        const left = (values: readonly number[]): number =>
          ((values.at(-1) ?? 0) - (values[WARM_ROUNDS - 1] ?? 0)) / later / 1024;
        return {
          idle: (rssOpen - rssBefore) / (2 * count) / 1024,
          closed: ((rssClosed[0] ?? 0) - rssBefore) / 1024,
          leftRss: left(rssClosed),
          leftHeap: heapClosed === undefined || library === 'node-datachannel' ? undefined : left(heapClosed),
        };
      }),
  },
];

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

function throughput(title: string, id: string, connections: number, size: number): Scenario {
  return {
    id,
    form: 'one process',
    metrics: flowMetrics(title),
    measure: (library, quick, seconds = quick ? 1 : 3) =>
      alone(library, async (worker) => {
        const warmup = quick ? 0.5 : 2;
        return flowFigures(await worker.call({ cmd: 'throughput', connections, size, warmup, seconds }, seconds + 60));
      }),
  };
}

function throughputBetween(title: string, id: string, size: number): Scenario {
  return {
    id,
    form: 'two processes',
    metrics: flowMetrics(title),
    measure: (library, quick, seconds = quick ? 1 : 3) =>
      together(library, async (a, b) => {
        const warmup = quick ? 0.5 : 2;
        const [received, sent] = await Promise.all([
          b.call({ cmd: 'receive', warmup, seconds }, seconds + 30),
          a.call({ cmd: 'send', size, seconds: warmup + seconds }, seconds + 30),
        ]);
        // The sender's time covers the warm-up too.
        const cpuSeconds = received.cpuSeconds + (sent.cpuSeconds * seconds) / (warmup + seconds);
        return flowFigures({ ...received, cpuSeconds });
      }),
  };
}

function roundtripMetrics(): readonly Metric[] {
  return [
    { key: 'p50', title: 'round trip of 1 KiB, p50', unit: 'µs', better: 'lower' },
    { key: 'p99', title: 'round trip of 1 KiB, p99', unit: 'µs', better: 'lower' },
  ];
}

async function alone(library: LibraryId, measure: (worker: Worker) => Promise<Figures>): Promise<Figures> {
  const worker = new Worker(library);
  try {
    return await measure(worker);
  } finally {
    await worker.end();
  }
}

/** Two workers with one connection between them. */
async function together(library: LibraryId, measure: (a: Worker, b: Worker) => Promise<Figures>): Promise<Figures> {
  const [a, b] = [new Worker(library), new Worker(library)];
  try {
    const offer = await a.call({ cmd: 'offer' }, 10);
    const answer = await b.call({ cmd: 'answer', sdp: offer.sdp }, 10);
    await a.call({ cmd: 'accept', sdp: answer.sdp }, 10);
    await Promise.all([a.call({ cmd: 'opened' }, 10), b.call({ cmd: 'opened' }, 10)]);
    return await measure(a, b);
  } finally {
    await Promise.all([a.end(), b.end()]);
  }
}
