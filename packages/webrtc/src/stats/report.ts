/** One statistics object (W3C WebRTC §8.4); which members it has depends on its `type`. */
export interface RTCStats {
  /** Milliseconds since the Unix epoch. */
  timestamp: number;
  type: string;
  id: string;
  [member: string]: unknown;
}

/** Statistics by their ids: a read-only map (W3C WebRTC §8.3). */
export class RTCStatsReport implements Iterable<[string, RTCStats]> {
  readonly #stats: ReadonlyMap<string, RTCStats>;

  constructor(stats: Iterable<RTCStats> = []) {
    this.#stats = new Map(Array.from(stats, (one) => [one.id, one]));
  }

  get size(): number {
    return this.#stats.size;
  }

  get(id: string): RTCStats | undefined {
    return this.#stats.get(id);
  }

  has(id: string): boolean {
    return this.#stats.has(id);
  }

  keys(): MapIterator<string> {
    return this.#stats.keys();
  }

  values(): MapIterator<RTCStats> {
    return this.#stats.values();
  }

  entries(): MapIterator<[string, RTCStats]> {
    return this.#stats.entries();
  }

  forEach(callback: (value: RTCStats, id: string, report: RTCStatsReport) => void, thisArg?: unknown): void {
    for (const [id, value] of this.#stats) callback.call(thisArg, value, id, this);
  }

  [Symbol.iterator](): MapIterator<[string, RTCStats]> {
    return this.#stats.entries();
  }

  get [Symbol.toStringTag](): string {
    return 'RTCStatsReport';
  }
}
