import { before32 } from '@kaon/wire';
import { CHUNK_OVERHEAD } from '../association/events.ts';
import { FLAG_BEGIN, FLAG_END, FLAG_UNORDERED } from '../chunks/data.ts';

/** Fragments with neighbouring TSNs of one message. */
export class Run {
  first: number;
  last: number;
  begins: boolean;
  ends: boolean;
  readonly stream: number;
  readonly ssn: number;
  readonly unordered: boolean;
  readonly ppid: number;
  readonly parts: Uint8Array[];
  bytes: number;

  constructor(tsn: number, flags: number, stream: number, ssn: number, ppid: number, part: Uint8Array) {
    this.first = tsn;
    this.last = tsn;
    this.begins = (flags & FLAG_BEGIN) !== 0;
    this.ends = (flags & FLAG_END) !== 0;
    this.stream = stream;
    this.ssn = ssn;
    this.unordered = (flags & FLAG_UNORDERED) !== 0;
    this.ppid = ppid;
    this.parts = [part];
    this.bytes = part.length;
  }

  get isWhole(): boolean {
    return this.begins && this.ends;
  }

  /** What it counts for in the receive window. */
  get cost(): number {
    return this.bytes + CHUNK_OVERHEAD * this.parts.length;
  }
}

/**
 * Reassembly of DATA chunks. The fragments of a message have consecutive TSNs (RFC 9260 §6.9), so one list of runs in
 * TSN order serves all streams, ordered or not. In order a fragment is appended to the last run; a search happens only
 * when TSNs come out of order.
 */
export class Fragments {
  readonly #runs: Run[] = [];
  /** What all fragments here count for in the receive window. */
  cost = 0;

  /** Takes a fragment; answers its run, which is the whole message when it `isWhole` and is then forgotten here. */
  add(tsn: number, flags: number, stream: number, ssn: number, ppid: number, part: Uint8Array): Run {
    const at = this.#placeOf(tsn);
    let run: Run | undefined = this.#runs[at - 1];
    this.cost += part.length + CHUNK_OVERHEAD;
    if (
      run !== undefined &&
      (flags & FLAG_BEGIN) === 0 &&
      !run.ends &&
      (run.last + 1) >>> 0 === tsn &&
      isSameMessage(run, flags, stream, ssn)
    ) {
      run.parts.push(part);
      run.bytes += part.length;
      run.last = tsn;
      run.ends = (flags & FLAG_END) !== 0;
    } else {
      run = undefined;
    }
    const next = this.#runs[at];
    const joinsNext =
      next !== undefined &&
      (flags & FLAG_END) === 0 &&
      !next.begins &&
      (tsn + 1) >>> 0 === next.first &&
      isSameMessage(next, flags, stream, ssn);
    if (joinsNext) {
      if (run === undefined) {
        next.parts.unshift(part);
        next.first = tsn;
        next.begins = (flags & FLAG_BEGIN) !== 0;
        next.bytes += part.length;
        run = next;
      } else {
        for (const behind of next.parts) run.parts.push(behind);
        run.bytes += next.bytes;
        run.last = next.last;
        run.ends = next.ends;
        this.#runs.splice(at, 1);
      }
    }
    if (run === undefined) {
      run = new Run(tsn, flags, stream, ssn, ppid, part);
      if (at === this.#runs.length) this.#runs.push(run);
      else this.#runs.splice(at, 0, run);
    }
    if (run.isWhole) this.#remove(run, at);
    return run;
  }

  /** Drops what the peer gave up (RFC 3758 §3.6): every run that begins at `tsn` or before. */
  skip(tsn: number): void {
    let count = 0;
    while (count < this.#runs.length && !before32(tsn, this.#runs[count]!.first))
      this.cost -= this.#runs[count++]!.cost;
    if (count > 0) this.#runs.splice(0, count);
  }

  /** Index of the first run behind `tsn`. */
  #placeOf(tsn: number): number {
    let low = 0;
    let high = this.#runs.length;
    if (high === 0 || before32(this.#runs[high - 1]!.first, tsn)) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before32(this.#runs[middle]!.first, tsn)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #remove(run: Run, near: number): void {
    this.cost -= run.cost;
    const at = this.#runs[near] === run ? near : near - 1;
    if (at === this.#runs.length - 1) this.#runs.pop();
    else this.#runs.splice(at, 1);
  }
}

function isSameMessage(run: Run, flags: number, stream: number, ssn: number): boolean {
  const unordered = (flags & FLAG_UNORDERED) !== 0;
  // The SSN of unordered messages means nothing (RFC 9260 §6.6).
  return run.stream === stream && run.unordered === unordered && (unordered || run.ssn === ssn);
}
