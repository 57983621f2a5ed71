import { CHUNK_OVERHEAD } from '../association/events.ts';
import { FLAG_BEGIN, FLAG_END } from '../chunks/data.ts';

/** A message whose fragments carry numbers of their own (RFC 8260 §2.1). */
export class Partial {
  readonly mid: number;
  readonly unordered: boolean;
  ppid = 0;
  readonly parts: Uint8Array[] = [];
  /** Fragment numbers of `parts`, ascending. */
  readonly #numbers: number[] = [];
  bytes = 0;
  /** Number of the last fragment, -1 while unknown. */
  #end = -1;

  constructor(mid: number, unordered: boolean) {
    this.mid = mid;
    this.unordered = unordered;
  }

  get isWhole(): boolean {
    return this.#end >= 0 && this.parts.length === this.#end + 1;
  }

  /** What it counts for in the receive window. */
  get cost(): number {
    return this.bytes + CHUNK_OVERHEAD * this.parts.length;
  }

  /** Takes a fragment; false when it contradicts the others: a number twice, or behind the end. */
  add(flags: number, last: number, part: Uint8Array): boolean {
    const number = flags & FLAG_BEGIN ? 0 : last;
    const count = this.#numbers.length;
    let at = count;
    if (count > 0 && this.#numbers[count - 1]! >= number) {
      at = placeOf(this.#numbers, number);
      if (this.#numbers[at] === number) return false;
    }
    if (this.#end >= 0 && number > this.#end) return false;
    if (flags & FLAG_END) {
      if (this.#end >= 0 || at < count) return false;
      this.#end = number;
    }
    if (flags & FLAG_BEGIN) this.ppid = last;
    if (at === count) {
      this.#numbers.push(number);
      this.parts.push(part);
    } else {
      this.#numbers.splice(at, 0, number);
      this.parts.splice(at, 0, part);
    }
    this.bytes += part.length;
    return true;
  }
}

function placeOf(numbers: readonly number[], number: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
