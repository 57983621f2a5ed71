/** Prints what the first act measured. */
import { formatBytes, formatRate } from './format.ts';
import type { Measurements } from './sender.ts';

/** The figures, one in each line. */
export function describeMeasurements(measured: Measurements): string {
  const { file, connectTime, connectTimeAgain, roundTripP50, roundTripP99, stats } = measured;
  const lines: readonly (readonly [string, string])[] = [
    ['file', `${file.name}, ${formatBytes(file.size)}`],
    ['sha256', `${file.sha256}, the same on both sides`],
    ['throughput', formatRate(file.size, file.duration)],
    ['round trip', `${roundTripP50.toFixed(3)} ms (p50), ${roundTripP99.toFixed(3)} ms (p99)`],
    [
      'connect time',
      `${connectTime.toFixed(0)} ms in fresh processes, then ${connectTimeAgain.toFixed(1)} ms; signaling included`,
    ],
    ['path', stats.pair],
  ];
  return lines.map(([name, value]) => `  ${name.padEnd(13)} ${value}\n`).join('');
}
