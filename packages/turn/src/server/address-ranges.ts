/** Sets of IP addresses, given as addresses, CIDR blocks or `first-last`. */
import { addressToBytes } from '@kaon/wire';

/** Ranges of addresses of both families; looked up when a permission is made, not for each packet. */
export class AddressRanges {
  readonly #ranges: readonly Range[];

  /** Throws RangeError on text that is no range. */
  constructor(texts: readonly string[]) {
    this.#ranges = texts.map(parseRange);
  }

  /** Whether 4 or 16 bytes of an address are in one of the ranges. */
  has(address: Uint8Array): boolean {
    return this.#ranges.some(({ first, last }) => compare(first, address) <= 0 && compare(address, last) <= 0);
  }
}

interface Range {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

function parseRange(text: string): Range {
  const [head, tail] = splitOnce(text, '/');
  if (tail !== undefined) {
    const first = addressToBytes(head)?.slice();
    const prefix = /^[0-9]{1,3}$/.test(tail) ? Number(tail) : Number.NaN;
    if (first === undefined || !(prefix <= first.length * 8)) throw notRange(text);
    const last = first.slice();
    for (let i = 0; i < first.length; i++) {
      const kept = Math.min(8, Math.max(0, prefix - i * 8));
      const mask = 0xff & ~(0xff >> kept);
      first[i]! &= mask;
      last[i]! |= 0xff & ~mask;
    }
    return { first, last };
  }
  const [from, to] = splitOnce(text, '-');
  const first = addressToBytes(from);
  const last = to === undefined ? first : addressToBytes(to);
  if (first === undefined || last === undefined || first.length !== last.length || compare(first, last) > 0) {
    throw notRange(text);
  }
  return { first, last };
}

function splitOnce(text: string, by: string): readonly [string, string | undefined] {
  const at = text.indexOf(by);
  return at < 0 ? [text.trim(), undefined] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function notRange(text: string): RangeError {
  return new RangeError(`'${text}' is no address, no CIDR block and no range of addresses`);
}

/** Addresses of different families are in no range of each other: NaN compares false. */
function compare(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Number.NaN;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
