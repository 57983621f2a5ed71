/** One line of the layer benchmarks. */
export interface LayerResult {
  readonly layer: string;
  readonly operation: string;
  readonly microseconds: number;
}

/**
 * Microseconds that one operation takes: the best of several stretches, after a warm-up, so that a busy machine or a
 * late compilation does not count.
 *
 * @param run performs `count` operations
 * @param operations operations per stretch
 */
export function time(
  layer: string,
  operation: string,
  operations: number,
  run: (count: number) => void,
  quick: boolean,
): LayerResult {
  const stretches = quick ? 3 : 7;
  run(operations);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < stretches; i++) {
    const start = performance.now();
    run(operations);
    best = Math.min(best, performance.now() - start);
  }
  return { layer, operation, microseconds: (best * 1000) / operations };
}
