import type { OutStream } from './out-stream.ts';

/**
 * Which stream sends next: weighted fair queueing (RFC 8260 §3.6) by start times. A stream that sent `n` bytes waits
 * `n / priority` of virtual time; the one with the earliest time goes first, equals take turns. A binary heap, so
 * that thousands of busy streams cost no scan.
 */
export class Scheduler {
  readonly #heap: OutStream[] = [];
  /** Start time of what was served last: newcomers begin here, they cannot save up for a burst. */
  #clock = 0;
  #turns = 0;

  /** The stream to serve, or undefined when none has data. */
  first(): OutStream | undefined {
    return this.#heap[0];
  }

  /** Takes up a stream that has data now. One that is in already stays as it is. */
  add(stream: OutStream): void {
    if (stream.place >= 0) return;
    if (stream.virtualTime < this.#clock) stream.virtualTime = this.#clock;
    stream.turn = this.#turns++;
    stream.place = this.#heap.length;
    this.#heap.push(stream);
    this.#up(stream);
  }

  /** Notes that a stream was served. */
  charge(stream: OutStream, bytes: number): void {
    this.#clock = stream.virtualTime;
    stream.virtualTime += bytes / stream.priority;
    stream.turn = this.#turns++;
    if (stream.place >= 0 && this.#heap.length > 1) this.#down(stream);
  }

  /** Takes out a stream that has nothing to send. */
  remove(stream: OutStream): void {
    const place = stream.place;
    if (place < 0) return;
    const last = this.#heap.pop() as OutStream;
    stream.place = -1;
    if (last === stream) return;
    this.#heap[place] = last;
    last.place = place;
    this.#up(last);
    this.#down(last);
  }

  #up(stream: OutStream): void {
    let place = stream.place;
    while (place > 0) {
      const parent = this.#heap[(place - 1) >> 1]!;
      if (!isBefore(stream, parent)) break;
      this.#heap[place] = parent;
      parent.place = place;
      place = (place - 1) >> 1;
    }
    this.#heap[place] = stream;
    stream.place = place;
  }

  #down(stream: OutStream): void {
    let place = stream.place;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      const least = this.#heap[child]!;
      if (!isBefore(least, stream)) break;
      this.#heap[place] = least;
      least.place = place;
      place = child;
    }
    this.#heap[place] = stream;
    stream.place = place;
  }
}

function isBefore(a: OutStream, b: OutStream): boolean {
  return a.virtualTime < b.virtualTime || (a.virtualTime === b.virtualTime && a.turn < b.turn);
}
