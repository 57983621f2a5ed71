/**
 * The half of AES-GCM (NIST SP 800-38D) that is not AES, in AssemblyScript: counter blocks, the XOR with the key stream, and
 * GHASH. AES itself stays with the platform, which has an instruction for it: a cipher in ECB mode turns the counter blocks of
 * many records into key stream in one call.
 *
 * All addresses come from the caller, who owns the memory. `pnpm --filter @kaon/runtime build:kernels` turns this file into
 * src/node/kernels/gcm.wasm.ts.
 *
 * GHASH multiplies by a constant, which is linear in the other factor: the product is the sum of one table entry per byte (or
 * half byte) of it. Two tables per key:
 *
 *     tables + 0      32 x 16 entries of 16 bytes: products of H with each half byte          (8 KiB)
 *     tables + 8192   16 x 256 entries of 16 bytes: products of H^2 with each byte            (64 KiB)
 *
 * By H^2 the even and the odd blocks are summed side by side, so that the loads of one hide the latency of the other. Entries
 * are picked by secret bytes: see docs/decisions/0002-hybrid-aes-gcm.md about timing.
 */

/** Bytes of the first table. */
const TABLE_H: usize = 8192;

/**
 * Fills the tables of a key at `tables` from H = AES(key, 0) at `h`. Needs 2 KiB of working space at `scratch`.
 */
export function initTables(h: usize, tables: usize, scratch: usize): void {
  powers(v128.load(h), scratch);
  for (let position: usize = 0; position < 32; position++) {
    combine(tables + (position << 8), scratch + (position << 6), 4);
  }
  powers(multiplyByH(tables, v128.load(h)), scratch);
  for (let position: usize = 0; position < 16; position++) {
    combine(tables + TABLE_H + (position << 12), scratch + (position << 7), 8);
  }
}

/**
 * Writes the counter blocks of `records` records, `blocks` each, to `out`. `nonce` points to the 12 bytes of the first record's
 * nonce; the last 4 of them count up by one from record to record, and the caller sees to it that they do not wrap.
 */
export function counters(out: usize, nonce: usize, records: u32, blocks: u32): void {
  let block = v128.load(nonce);
  const first = bswap<u32>(load<u32>(nonce, 8));
  for (let record: u32 = 0; record < records; record++) {
    block = i32x4.replace_lane(block, 2, bswap<u32>(first + record));
    for (let counter: u32 = 1; counter <= blocks; counter++) {
      v128.store(out, i32x4.replace_lane(block, 3, bswap<u32>(counter)));
      out += 16;
    }
  }
}

/**
 * The same for nonces that are the one at `mask` with a 48-bit index, `high` and `low`, put onto their last 6 bytes by XOR, as those
 * of SRTP (RFC 7714 §8.1). The index goes up by one from record to record, and the caller sees to it that `low` does not wrap.
 */
export function maskedCounters(out: usize, mask: usize, high: u32, low: u32, records: u32, blocks: u32): void {
  const base = v128.xor(v128.load(mask), i32x4(0, bswap<u32>(high), 0, 0));
  const last = bswap<u32>(load<u32>(mask, 8));
  for (let record: u32 = 0; record < records; record++) {
    const block = i32x4.replace_lane(base, 2, bswap<u32>(last ^ (low + record)));
    for (let counter: u32 = 1; counter <= blocks; counter++) {
      v128.store(out, i32x4.replace_lane(block, 3, bswap<u32>(counter)));
      out += 16;
    }
  }
}

/**
 * Encrypts `length` bytes at `data` in place and writes the tag behind them. The associated data, padded with zeros to
 * `aadBlocks` blocks, ends where the data begin; 32 bytes behind the data are overwritten. `stream` is the record's key
 * stream, whose first block masks the tag.
 */
export function seal(tables: usize, stream: usize, data: usize, length: u32, aadBlocks: u32, aadLength: u32): void {
  xor(stream + 16, data, length);
  const tag = authenticate(tables, data, length, aadBlocks, aadLength);
  v128.store(data + length, v128.xor(tag, v128.load(stream)));
}

/**
 * Checks the tag behind the `length` bytes at `data` and decrypts them in place. Returns 1, or 0 when the tag is wrong: the
 * data are then left encrypted. Memory is laid out as for `seal`.
 */
export function open(tables: usize, stream: usize, data: usize, length: u32, aadBlocks: u32, aadLength: u32): u32 {
  const given = v128.xor(v128.load(data + length), v128.load(stream));
  const tag = authenticate(tables, data, length, aadBlocks, aadLength);
  if (v128.any_true(v128.xor(tag, given))) return 0;
  xor(stream + 16, data, length);
  return 1;
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

/** GHASH of associated data, ciphertext and both lengths, which are put together into one run of blocks first. */
function authenticate(tables: usize, data: usize, length: u32, aadBlocks: u32, aadLength: u32): v128 {
  const lengths = data + ((<usize>length + 15) & ~15);
  v128.store(data + length, i64x2.splat(0));
  // Lengths in bits, big-endian, 64 bits each.
  v128.store(lengths, i64x2(bswap<u64>((<u64>aadLength) << 3), bswap<u64>((<u64>length) << 3)));
  return ghash(tables, data - ((<usize>aadBlocks) << 4), lengths + 16);
}

function ghash(tables: usize, at: usize, end: usize): v128 {
  const squares = tables + TABLE_H;
  // An odd number of blocks begins with one of zeros.
  let even = i64x2.splat(0);
  if (((end - at) & 16) === 0) {
    even = v128.load(at);
    at += 16;
  }
  let odd = v128.load(at);
  at += 16;
  while (at < end) {
    even = v128.xor(multiplyBySquare(squares, even), v128.load(at));
    odd = v128.xor(multiplyBySquare(squares, odd), v128.load(at, 16));
    at += 32;
  }
  return v128.xor(multiplyBySquare(squares, even), multiplyByH(tables, odd));
}

/** The product with H^2, `table` being the second one. */
// @ts-ignore: decorators of functions are AssemblyScript's own
@inline
function multiplyBySquare(table: usize, factor: v128): v128 {
  return v128.xor(bytes(table, i64x2.extract_lane(factor, 0)), bytes(table + 32768, i64x2.extract_lane(factor, 1)));
}

/** The sum of the entries for 8 bytes, which are little-endian in `half`; an entry has 16 bytes, so indices come times 16. */
// @ts-ignore: decorators of functions are AssemblyScript's own
@inline
function bytes(table: usize, half: u64): v128 {
  let a = v128.load(table + <usize>((half << 4) & 0xff0));
  let b = v128.load(table + <usize>((half >> 4) & 0xff0), 4096);
  a = v128.xor(a, v128.load(table + <usize>((half >> 12) & 0xff0), 8192));
  b = v128.xor(b, v128.load(table + <usize>((half >> 20) & 0xff0), 12288));
  a = v128.xor(a, v128.load(table + <usize>((half >> 28) & 0xff0), 16384));
  b = v128.xor(b, v128.load(table + <usize>((half >> 36) & 0xff0), 20480));
  a = v128.xor(a, v128.load(table + <usize>((half >> 44) & 0xff0), 24576));
  b = v128.xor(b, v128.load(table + <usize>((half >> 52) & 0xff0), 28672));
  return v128.xor(a, b);
}

/** The product with H, once per record and for setting up: by half bytes, so that it needs little memory. */
function multiplyByH(table: usize, factor: v128): v128 {
  let product = i64x2.splat(0);
  let half: u64 = i64x2.extract_lane(factor, 0);
  for (let i = 0; i < 2; i++) {
    for (let j = 0; j < 8; j++) {
      product = v128.xor(product, v128.load(table + <usize>(half & 0xf0)));
      product = v128.xor(product, v128.load(table + <usize>((half << 4) & 0xf0), 256));
      half >>= 8;
      table += 512;
    }
    half = i64x2.extract_lane(factor, 1);
  }
  return product;
}

/** Writes element * x^0 ... element * x^127 to `out`. The first bit of an element's bytes is the coefficient of x^0. */
function powers(element: v128, out: usize): void {
  let high = bswap<u64>(i64x2.extract_lane(element, 0));
  let low = bswap<u64>(i64x2.extract_lane(element, 1));
  for (let i = 0; i < 128; i++) {
    v128.store(out, i64x2(bswap<u64>(high), bswap<u64>(low)));
    out += 16;
    // x^128 = x^7 + x^2 + x + 1.
    const overflow: u64 = low & 1 ? 0xe1 << 56 : 0;
    low = (low >> 1) | (high << 63);
    high = (high >> 1) ^ overflow;
  }
}

/** Writes the sums of all subsets of `bits` elements at `elements`, of which the first belongs to the highest bit. */
function combine(out: usize, elements: usize, bits: u32): void {
  v128.store(out, i64x2.splat(0));
  for (let i: u32 = 1; i < 1 << bits; i++) {
    const lowest = bits - 1 - ctz<u32>(i);
    const rest = v128.load(out + ((<usize>(i & (i - 1))) << 4));
    v128.store(out + ((<usize>i) << 4), v128.xor(rest, v128.load(elements + ((<usize>lowest) << 4))));
  }
}
