/** Prints what the first act measured. */
import type { Measurements } from './sender.ts';

/** Writes one line per figure to standard output. */
export function printMeasurements(measured: Measurements): void {
  const { file, connectTime, roundTripP50, roundTripP99, stats } = measured;
  const lines: readonly (readonly [string, string])[] = [
    ['file', `${file.name}, ${(file.size / 1e6).toFixed(1)} MB`],
    ['sha256', `${file.sha256}  the same on both sides`],
    ['throughput', `${(file.size / 1e3 / file.duration).toFixed(1)} MB/s`],
    ['round trip', `p50 ${roundTripP50.toFixed(3)} ms, p99 ${roundTripP99.toFixed(3)} ms`],
    ['connect time', `${connectTime.toFixed(1)} ms, signaling included`],
    ['path', stats.pair],
  ];
  for (const [name, value] of lines) process.stdout.write(`  ${name.padEnd(13)} ${value}\n`);
}
