/** One stream that shares the target bitrate. Rates in bit/s. */
export interface StreamDemand {
  /** Below this it is of no use and pauses. Default 0. */
  readonly min?: number | undefined;
  /** More is of no use to it. Default: unlimited. */
  readonly max?: number | undefined;
  /** Its share relative to that of others, more than 0. Default 1; W3C's priorities are 0.5, 1, 2 and 4. */
  readonly weight?: number | undefined;
}

/**
 * Splits `target` (bit/s) among streams and returns the bitrate of each, in the same order; 0: it had better pause. Streams get
 * their minimum in order, the heavier ones first, as long as it lasts; what is left is shared by weight up to each maximum.
 *
 * Throws RangeError for a weight that is not above 0, or a negative or reversed bound.
 *
 * @example
 * allocateBitrate(1_000_000, [{ max: 40_000, weight: 4 }, { min: 100_000, max: 2_500_000 }]); // [40000, 960000]
 */
export function allocateBitrate(target: number, streams: readonly StreamDemand[]): number[] {
  const bitrates: number[] = streams.map(() => 0);
  const active: number[] = [];
  let left = Math.max(0, target);
  const byWeight = streams.map((stream, index) => ({ index, ...checked(stream) }));
  // Sorting is stable: equal weights keep their order, such as layers from the lowest up.
  for (const { index, min, max } of [...byWeight].sort((a, b) => b.weight - a.weight)) {
    if (min > left || max === 0) continue;
    bitrates[index] = min;
    left -= min;
    active.push(index);
  }
  let open = active.filter((index) => bitrates[index]! < byWeight[index]!.max);
  while (open.length > 0 && left > 0.5) {
    const weights = open.reduce((sum, index) => sum + byWeight[index]!.weight, 0);
    const share = left / weights;
    for (const index of open) {
      const { weight, max } = byWeight[index]!;
      const more = Math.min(share * weight, max - bitrates[index]!);
      bitrates[index]! += more;
      left -= more;
    }
    // Whoever reached the maximum leaves the rest to the others.
    open = open.filter((index) => bitrates[index]! < byWeight[index]!.max);
  }
  return bitrates.map(Math.floor);
}

function checked({ min = 0, max = Number.POSITIVE_INFINITY, weight = 1 }: StreamDemand): Required<{
  [K in 'min' | 'max' | 'weight']: number;
}> {
  if (!(min >= 0 && max >= min)) throw new RangeError(`a stream cannot have ${min} to ${max} bit/s`);
  if (!(weight > 0)) throw new RangeError(`a weight of ${weight} is not above 0`);
  return { min, max, weight };
}
