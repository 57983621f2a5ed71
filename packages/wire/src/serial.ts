/** Serial number arithmetic (RFC 1982): numbers that wrap, compared by their distance. */

/** Whether 16-bit `a` comes before `b`. Undefined distance (2^15) counts as before. */
export function before16(a: number, b: number): boolean {
  return a !== b && ((b - a) & 0xffff) <= 0x8000;
}

/** Whether 32-bit `a` comes before `b`. Undefined distance (2^31) counts as before. */
export function before32(a: number, b: number): boolean {
  return a !== b && (b - a) >>> 0 <= 0x8000_0000;
}

/** `a + count` modulo 2^16. */
export function add16(a: number, count: number): number {
  return (a + count) & 0xffff;
}

/** `a + count` modulo 2^32. */
export function add32(a: number, count: number): number {
  return (a + count) >>> 0;
}

/** Signed distance from 16-bit `a` to `b`: positive when `b` is later. */
export function distance16(a: number, b: number): number {
  return ((b - a) << 16) >> 16;
}

/** Signed distance from 32-bit `a` to `b`: positive when `b` is later. */
export function distance32(a: number, b: number): number {
  return (b - a) | 0;
}
