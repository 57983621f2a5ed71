/**
 * ChaCha20-Poly1305 (RFC 8439) in AssemblyScript: four blocks of key stream at a time, one in each lane of the vectors; Poly1305
 * on limbs of 26 bits. No table look-ups and no branches on secrets.
 *
 * All addresses come from the caller, who owns the memory. `work` needs 512 bytes and `stream` 64 bytes more than the data,
 * both rounded up to 256. `pnpm --filter @kaon/runtime build:kernels` turns this file into src/node/kernels/chacha.wasm.ts.
 */

/**
 * Encrypts `length` bytes at `data` in place and writes the tag behind them. The associated data, padded with zeros to
 * `aadBlocks` blocks of 16, ends where the data begin; 32 bytes behind the data are overwritten. `key` has 32 bytes and `nonce` 12.
 */
export function seal(key: usize, nonce: usize, data: usize, length: u32, aadBlocks: u32, aadLength: u32, work: usize, stream: usize): void {
  keyStream(key, nonce, work, stream, length);
  xor(stream + 64, data, length);
  pad(data, length, aadLength);
  v128.store(data + length, poly1305(stream, data - (<usize>aadBlocks << 4), data + padded(length) + 16));
}

/**
 * Checks the tag behind the `length` bytes at `data` and decrypts them in place. Returns 1, or 0 when the tag is wrong: the
 * data are then left encrypted. Memory is laid out as for `seal`.
 */
export function open(key: usize, nonce: usize, data: usize, length: u32, aadBlocks: u32, aadLength: u32, work: usize, stream: usize): u32 {
  keyStream(key, nonce, work, stream, length);
  const given = v128.load(data + length);
  pad(data, length, aadLength);
  const tag = poly1305(stream, data - (<usize>aadBlocks << 4), data + padded(length) + 16);
  if (v128.any_true(v128.xor(tag, given))) return 0;
  xor(stream + 64, data, length);
  return 1;
}

/** Poly1305 alone, over whole blocks from `at` to `end`, for tests: its hard cases do not come up in records. */
export function authenticate(key: usize, at: usize, end: usize, out: usize): void {
  v128.store(out, poly1305(key, at, end));
}

/** Block 0, of which Poly1305 takes its key, and as many more as `length` needs, by fours (RFC 8439 §2.4, §2.6). */
function keyStream(key: usize, nonce: usize, work: usize, stream: usize, length: u32): void {
  const initial = work;
  const state = work + 256;
  v128.store(initial, i32x4.splat(0x61707865));
  v128.store(initial, i32x4.splat(0x3320646e), 16);
  v128.store(initial, i32x4.splat(0x79622d32), 32);
  v128.store(initial, i32x4.splat(0x6b206574), 48);
  for (let i: usize = 0; i < 8; i++) v128.store(initial + 64 + (i << 4), v128.load_splat<u32>(key + (i << 2)));
  v128.store(initial, i32x4(0, 1, 2, 3), 192);
  for (let i: usize = 0; i < 3; i++) v128.store(initial + 208 + (i << 4), v128.load_splat<u32>(nonce + (i << 2)));
  const end = stream + 64 + length;
  while (stream < end) {
    memory.copy(state, initial, 256);
    for (let i = 0; i < 10; i++) {
      quarterRound(state, 0, 64, 128, 192);
      quarterRound(state, 16, 80, 144, 208);
      quarterRound(state, 32, 96, 160, 224);
      quarterRound(state, 48, 112, 176, 240);
      quarterRound(state, 0, 80, 160, 240);
      quarterRound(state, 16, 96, 176, 192);
      quarterRound(state, 32, 112, 128, 208);
      quarterRound(state, 48, 64, 144, 224);
    }
    for (let group: usize = 0; group < 4; group++) writeGroup(initial, state, group << 6, stream + (group << 4));
    v128.store(initial, i32x4.add(v128.load(initial, 192), i32x4.splat(4)), 192);
    stream += 256;
  }
}

/** RFC 8439 §2.1 on the vectors at these offsets. */
// @ts-ignore: decorators of functions are AssemblyScript's own
@inline
function quarterRound(state: usize, ia: usize, ib: usize, ic: usize, id: usize): void {
  let a = v128.load(state + ia);
  let b = v128.load(state + ib);
  let c = v128.load(state + ic);
  let d = v128.load(state + id);
  a = i32x4.add(a, b);
  d = i8x16.swizzle(v128.xor(d, a), i8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
  c = i32x4.add(c, d);
  b = v128.xor(b, c);
  b = v128.or(i32x4.shl(b, 12), i32x4.shr_u(b, 20));
  a = i32x4.add(a, b);
  d = i8x16.swizzle(v128.xor(d, a), i8x16(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14));
  c = i32x4.add(c, d);
  b = v128.xor(b, c);
  b = v128.or(i32x4.shl(b, 7), i32x4.shr_u(b, 25));
  v128.store(state + ia, a);
  v128.store(state + ib, b);
  v128.store(state + ic, c);
  v128.store(state + id, d);
}

/** Adds the initial state to four words of four blocks, and writes each block's four words where they belong. */
function writeGroup(initial: usize, state: usize, offset: usize, out: usize): void {
  initial += offset;
  state += offset;
  const a = i32x4.add(v128.load(initial), v128.load(state));
  const b = i32x4.add(v128.load(initial, 16), v128.load(state, 16));
  const c = i32x4.add(v128.load(initial, 32), v128.load(state, 32));
  const d = i32x4.add(v128.load(initial, 48), v128.load(state, 48));
  const abLow = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(abLow, cdLow, 0, 2));
  v128.store(out, v128.shuffle<i64>(abLow, cdLow, 1, 3), 64);
  v128.store(out, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), 128);
  v128.store(out, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), 192);
}

/** Whole blocks: what is behind the data is overwritten by whoever calls. */
function xor(stream: usize, data: usize, length: u32): void {
  const end = data + length;
  while (data < end) {
    v128.store(data, v128.xor(v128.load(data), v128.load(stream)));
    data += 16;
    stream += 16;
  }
}

/** Zeros behind the data up to a whole block, then both lengths (RFC 8439 §2.8). */
function pad(data: usize, length: u32, aadLength: u32): void {
  v128.store(data + length, i64x2.splat(0));
  v128.store(data + padded(length), i64x2(<u64>aadLength, <u64>length));
}

function padded(length: u32): usize {
  return (<usize>length + 15) & ~15;
}

/** RFC 8439 §2.5 over whole blocks from `at` to `end`; `key` has 32 bytes. */
function poly1305(key: usize, at: usize, end: usize): v128 {
  const r0: u64 = load<u32>(key) & 0x3ffffff;
  const r1: u64 = (load<u32>(key, 3) >> 2) & 0x3ffff03;
  const r2: u64 = (load<u32>(key, 6) >> 4) & 0x3ffc0ff;
  const r3: u64 = (load<u32>(key, 9) >> 6) & 0x3f03fff;
  const r4: u64 = (load<u32>(key, 12) >> 8) & 0xfffff;
  // 2^130 = 5.
  const s1 = r1 * 5;
  const s2 = r2 * 5;
  const s3 = r3 * 5;
  const s4 = r4 * 5;
  let h0: u64 = 0;
  let h1: u64 = 0;
  let h2: u64 = 0;
  let h3: u64 = 0;
  let h4: u64 = 0;
  while (at < end) {
    h0 += load<u32>(at) & 0x3ffffff;
    h1 += (load<u32>(at, 3) >> 2) & 0x3ffffff;
    h2 += (load<u32>(at, 6) >> 4) & 0x3ffffff;
    h3 += load<u32>(at, 9) >> 6;
    h4 += (load<u32>(at, 12) >> 8) | (1 << 24);
    const d0 = h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1;
    let d1 = h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2;
    let d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3;
    let d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4;
    let d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0;
    d1 += d0 >> 26;
    d2 += d1 >> 26;
    d3 += d2 >> 26;
    d4 += d3 >> 26;
    h0 = (d0 & 0x3ffffff) + (d4 >> 26) * 5;
    h1 = (d1 & 0x3ffffff) + (h0 >> 26);
    h0 &= 0x3ffffff;
    h2 = d2 & 0x3ffffff;
    h3 = d3 & 0x3ffffff;
    h4 = d4 & 0x3ffffff;
    at += 16;
  }
  // All carries, so that each limb has 26 bits.
  h2 += h1 >> 26;
  h1 &= 0x3ffffff;
  h3 += h2 >> 26;
  h2 &= 0x3ffffff;
  h4 += h3 >> 26;
  h3 &= 0x3ffffff;
  h0 += (h4 >> 26) * 5;
  h4 &= 0x3ffffff;
  h1 += h0 >> 26;
  h0 &= 0x3ffffff;
  h2 += h1 >> 26;
  h1 &= 0x3ffffff;
  h3 += h2 >> 26;
  h2 &= 0x3ffffff;
  h4 += h3 >> 26;
  h3 &= 0x3ffffff;
  // h - p, taken when it is not negative.
  let g0 = h0 + 5;
  let g1 = h1 + (g0 >> 26);
  let g2 = h2 + (g1 >> 26);
  let g3 = h3 + (g2 >> 26);
  const g4 = h4 + (g3 >> 26) - (1 << 26);
  const mask: u64 = (g4 >> 63) - 1;
  g0 &= 0x3ffffff;
  g1 &= 0x3ffffff;
  g2 &= 0x3ffffff;
  g3 &= 0x3ffffff;
  h0 = (h0 & ~mask) | (g0 & mask);
  h1 = (h1 & ~mask) | (g1 & mask);
  h2 = (h2 & ~mask) | (g2 & mask);
  h3 = (h3 & ~mask) | (g3 & mask);
  h4 = (h4 & ~mask) | (g4 & mask);
  // Plus the second half of the key, modulo 2^128.
  const low = h0 | (h1 << 26) | (h2 << 52);
  const high = (h2 >> 12) | (h3 << 14) | (h4 << 40);
  const sum = low + load<u64>(key, 16);
  const carry: u64 = sum < low ? 1 : 0;
  return i64x2(sum, high + load<u64>(key, 24) + carry);
}
