// draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.3, §3.1.4
//
//  0                   1
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |0| S |       Run Length        |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |1|S|  14 symbols of 1 bit, or 7 of 2 bits
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** Statuses of packets. The value is the size of the arrival's delta. */
export const LOST = 0;
export const SMALL = 1;
export const LARGE = 2;

const MAX_RUN = 0x1fff;

/** The chunk that tells most of the symbols from `from` on. A vector may tell more than there are: those are zeros. */
export function nextChunk(symbols: Uint8Array, from: number): number {
  const first = symbols[from]!;
  const left = symbols.length - from;
  let run = 1;
  while (run < left && run < MAX_RUN && symbols[from + run] === first) run++;
  let small = 0;
  while (small < left && small < 14 && symbols[from + small] !== LARGE) small++;
  const fitsOneBit = small === Math.min(14, left);
  if (run >= Math.min(fitsOneBit ? 14 : 7, left)) return (first << 13) | run;
  return fitsOneBit ? oneBitVector(symbols, from, small) : twoBitVector(symbols, from, Math.min(7, left));
}

function oneBitVector(symbols: Uint8Array, from: number, count: number): number {
  let chunk = 0x8000;
  for (let i = 0; i < count; i++) chunk |= symbols[from + i]! << (13 - i);
  return chunk;
}

function twoBitVector(symbols: Uint8Array, from: number, count: number): number {
  let chunk = 0xc000;
  for (let i = 0; i < count; i++) chunk |= symbols[from + i]! << (12 - 2 * i);
  return chunk;
}
