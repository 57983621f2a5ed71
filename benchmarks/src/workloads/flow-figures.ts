import type { Figures, Metric } from '../scenarios.ts';
import type { Answers } from '../worker/protocol.ts';

/** What a receiver counted. */
export type Flow = Answers['receive'];

/** What a throughput scenario says of itself. */
export function flowMetrics(title: string, unreliable = false): readonly Metric[] {
  return [
    { key: 'rate', title, unit: 'MB/s', better: 'higher' },
    { key: 'messages', title: `messages, ${title}`, unit: 'k/s', better: 'higher' },
    ...(unreliable ? ([{ key: 'lost', title: `lost, ${title}`, unit: '%', better: 'lower' }] as const) : []),
    { key: 'cpu', title: `CPU, ${title}`, unit: 's/GB', better: 'lower' },
    { key: 'cores', title: `cores in use, ${title}`, unit: '', better: 'lower' },
    { key: 'rss', title: `resident memory, ${title}`, unit: 'MiB', better: 'lower' },
  ];
}

export function flowFigures(flow: Flow): Figures {
  return {
    rate: rateOf(flow),
    messages: flow.messages / flow.seconds / 1000,
    lost: flow.messages + flow.lost === 0 ? undefined : (flow.lost / (flow.messages + flow.lost)) * 100,
    cpu: flow.bytes === 0 ? undefined : flow.cpuSeconds / (flow.bytes / 1e9),
    cores: flow.cpuSeconds / flow.seconds,
    rss: flow.rss / 2 ** 20,
  };
}

/** In MB/s. */
export function rateOf({ bytes, seconds }: Flow): number {
  return bytes / seconds / 1e6;
}
