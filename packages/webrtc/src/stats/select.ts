import type { RTCStats } from './report.ts';

/** The objects with these ids and all that they refer to, directly or not (W3C WebRTC §8.5, "stats selection algorithm"). */
export function withReferences(stats: ReadonlyMap<string, RTCStats>, roots: readonly string[]): RTCStats[] {
  const found = new Set<RTCStats>();
  const waiting = [...roots];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const one = stats.get(id);
    if (one === undefined || found.has(one)) continue;
    found.add(one);
    for (const name in one) if (name.endsWith('Id')) waiting.push(one[name] as string);
  }
  return [...stats.values()].filter((one) => found.has(one));
}
