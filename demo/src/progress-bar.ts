/** The progress of a transfer on standard error: a bar on a terminal, a line every second elsewhere. */
import { Presets, SingleBar } from 'cli-progress';
import { formatBytes, formatRate } from './format.ts';

/** A bar that was started. */
export interface ProgressBar {
  update(received: number): void;
  stop(): void;
}

/** Starts a bar for `size` bytes. */
export function progressBar(name: string, size: number): ProgressBar {
  const bar = new SingleBar(
    {
      format: '  {name} [{bar}] {percentage}%  {done} of {all}  {rate}',
      barsize: 25,
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 1000,
    },
    Presets.rect,
  );
  const start = performance.now();
  const short = name.length > 20 ? `${name.slice(0, 19)}…` : name;
  const payload = (received: number): object => ({
    done: formatBytes(received),
    rate: formatRate(received, performance.now() - start),
  });
  bar.start(Math.max(1, size), 0, { name: short, all: formatBytes(size), ...payload(0) });
  return {
    update: (received) => bar.update(size === 0 ? 1 : received, payload(received)),
    stop: () => bar.stop(),
  };
}
