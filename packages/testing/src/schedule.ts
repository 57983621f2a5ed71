import type { Instant } from '@kaon/interface/core/v1';

/** Items by due time; items due at the same time come out in the order they went in. A binary heap. */
export class Schedule<T> {
  readonly #heap: Entry<T>[] = [];
  #sequence = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(at: Instant, item: T): void {
    const entry: Entry<T> = { at, sequence: this.#sequence++, item };
    const heap = this.#heap;
    let hole = heap.length;
    heap.push(entry);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (isBefore(heap[parent]!, entry)) break;
      heap[hole] = heap[parent]!;
      hole = parent;
    }
    heap[hole] = entry;
  }

  /** When the first item is due, or Infinity. */
  next(): Instant {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** The first item, whenever it is due. */
  peek(): T | undefined {
    return this.#heap[0]?.item;
  }

  /** Takes the first item if it is due at `now`. */
  take(now: Instant): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.at > now) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) sink(heap, last);
    return first.item;
  }

  clear(): void {
    this.#heap.length = 0;
  }
}

interface Entry<T> {
  readonly at: Instant;
  readonly sequence: number;
  readonly item: T;
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}

/** Puts `entry` into the hole at the root. */
function sink<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let hole = 0;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (isBefore(entry, heap[child]!)) break;
    heap[hole] = heap[child]!;
    hole = child;
  }
  heap[hole] = entry;
}
