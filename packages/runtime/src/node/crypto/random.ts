import { randomFillSync } from 'node:crypto';

/** Bytes fetched at a time; a call for a few bytes costs the platform as much as one for all of these. */
const POOL_LENGTH = 4096;
/** Longer requests go to the platform directly, in bytes. */
const FROM_POOL = 256;

const pool = new Uint8Array(POOL_LENGTH);
let used = POOL_LENGTH;

/** Fills `out` from the platform's generator. Small requests are served from a pool, whose bytes are erased as they are given out. */
export function random(out: Uint8Array): void {
  const { length } = out;
  if (length > FROM_POOL) {
    randomFillSync(out);
    return;
  }
  if (used + length > POOL_LENGTH) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, used + length);
  out.set(bytes);
  bytes.fill(0);
  used += length;
}
