/**
 * SHA-1 (RFC 3174) in AssemblyScript for HMAC (RFC 2104) of short inputs, where a hash object of the platform costs many times
 * the hashing. HMAC's two padded keys are one block each: they are hashed once per key, and every tag goes on from there.
 *
 * No table look-ups and no branches on secrets. All addresses come from the caller, who owns the memory.
 * `pnpm --filter @kaon/runtime build:kernels` turns this file into src/node/kernels/sha1.wasm.ts.
 */

const BLOCK: usize = 64;
/** Bytes of 80 words. `schedule` addresses point to twice as many. */
const WORDS: usize = 320;

/**
 * Hashes the key's two padded blocks from the initial state. `key` points to 64 bytes, the key padded with zeros, which are
 * overwritten; `states` gets 40 bytes: the state behind the inner block and behind the outer one.
 */
export function initKey(key: usize, states: usize, schedule: usize): void {
  xorBlock(key, 0x36363636);
  start(states);
  compress(states, key, schedule);
  // What turns the inner padding into the outer one.
  xorBlock(key, 0x36363636 ^ 0x5c5c5c5c);
  start(states + 20);
  compress(states + 20, key, schedule);
}

/**
 * Writes the HMAC of `length` bytes at `data` to the 20 bytes at `out`, with the states of `initKey`. Up to 72 bytes behind the data
 * are overwritten. `out` needs 64 bytes of room.
 */
export function hmac(states: usize, data: usize, length: u32, out: usize, schedule: usize): void {
  memory.copy(out, states, 20);
  finish(out, data, length, schedule);
  // The inner hash is the outer one's only input, one block with its padding.
  const block = out + BLOCK;
  memory.copy(block, out, 20);
  for (let i: usize = 0; i < 20; i += 4) store<u32>(block + i, bswap<u32>(load<u32>(out + i)));
  memory.copy(out, states + 20, 20);
  finish(out, block, 20, schedule);
  for (let i: usize = 0; i < 20; i += 4) store<u32>(out + i, bswap<u32>(load<u32>(out + i)));
}

/** The state is five words in the machine's order. */
function start(state: usize): void {
  store<u32>(state, 0x67452301);
  store<u32>(state, 0xefcdab89, 4);
  store<u32>(state, 0x98badcfe, 8);
  store<u32>(state, 0x10325476, 12);
  store<u32>(state, 0xc3d2e1f0, 16);
}

function xorBlock(block: usize, word: u32): void {
  for (let i: usize = 0; i < BLOCK; i += 4) store<u32>(block + i, load<u32>(block + i) ^ word);
}

/** Hashes the data with their padding behind one block that was hashed before. */
function finish(state: usize, data: usize, length: u32, schedule: usize): void {
  const end = data + length;
  let blocks = (<usize>length + 9 + 63) & ~63;
  memory.fill(end, 0, blocks - length);
  store<u8>(end, 0x80);
  store<u64>(data + blocks - 8, bswap<u64>((<u64>length + BLOCK) << 3));
  for (; blocks > 0; blocks -= BLOCK) {
    compress(state, data, schedule);
    data += BLOCK;
  }
}

/**
 * One block (RFC 3174 §6.1). What the word `a` goes through in a round is kept short, since the next round waits for it: the rest
 * of the sum is there before.
 */
function compress(state: usize, block: usize, schedule: usize): void {
  expand(block, schedule);
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  let at = schedule + WORDS;
  // Five rounds at a time, so that the words change names instead of places.
  for (const end = schedule + WORDS + 80; at < end; at += 20) {
    e += (d ^ (b & (c ^ d))) + load<u32>(at);
    e += rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    d += (c ^ (a & (b ^ c))) + load<u32>(at, 4);
    d += rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    c += (b ^ (e & (a ^ b))) + load<u32>(at, 8);
    c += rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    b += (a ^ (d & (e ^ a))) + load<u32>(at, 12);
    b += rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    a += (e ^ (c & (d ^ e))) + load<u32>(at, 16);
    a += rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
  }
  for (const end = schedule + WORDS + 160; at < end; at += 20) {
    e += (b ^ c ^ d) + load<u32>(at);
    e += rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    d += (a ^ b ^ c) + load<u32>(at, 4);
    d += rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    c += (e ^ a ^ b) + load<u32>(at, 8);
    c += rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    b += (d ^ e ^ a) + load<u32>(at, 12);
    b += rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    a += (c ^ d ^ e) + load<u32>(at, 16);
    a += rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
  }
  for (const end = schedule + WORDS + 240; at < end; at += 20) {
    e += ((b & c) ^ (d & (b ^ c))) + load<u32>(at);
    e += rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    d += ((a & b) ^ (c & (a ^ b))) + load<u32>(at, 4);
    d += rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    c += ((e & a) ^ (b & (e ^ a))) + load<u32>(at, 8);
    c += rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    b += ((d & e) ^ (a & (d ^ e))) + load<u32>(at, 12);
    b += rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    a += ((c & d) ^ (e & (c ^ d))) + load<u32>(at, 16);
    a += rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
  }
  for (const end = schedule + WORDS + 320; at < end; at += 20) {
    e += (b ^ c ^ d) + load<u32>(at);
    e += rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    d += (a ^ b ^ c) + load<u32>(at, 4);
    d += rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    c += (e ^ a ^ b) + load<u32>(at, 8);
    c += rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    b += (d ^ e ^ a) + load<u32>(at, 12);
    b += rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    a += (c ^ d ^ e) + load<u32>(at, 16);
    a += rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
  }
  store<u32>(state, load<u32>(state) + a);
  store<u32>(state, load<u32>(state, 4) + b, 4);
  store<u32>(state, load<u32>(state, 8) + c, 8);
  store<u32>(state, load<u32>(state, 12) + d, 12);
  store<u32>(state, load<u32>(state, 16) + e, 16);
}

/** Writes the 80 words of a block's schedule, and behind them the words with the constants of their rounds added, four at a time. */
function expand(block: usize, schedule: usize): void {
  let constant = i32x4.splat(0x5a827999);
  let at = schedule;
  for (const end = schedule + 64; at < end; at += 16) {
    const bytes = v128.load(block);
    const words = i8x16.swizzle(bytes, i8x16(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
    put(at, words, constant);
    block += 16;
  }
  for (const end = schedule + 128; at < end; at += 16) {
    if (at === schedule + 80) constant = i32x4.splat(0x6ed9eba1);
    // The last of the four needs the first of them, which is put in when it is known.
    const before = i8x16.shuffle(v128.load(at - 16), i32x4.splat(0), 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
    const sum = v128.xor(v128.xor(before, v128.load(at - 32)), v128.xor(v128.load(at - 56), v128.load(at - 64)));
    const words = rotate(sum, 1);
    const first = i8x16.shuffle(i32x4.splat(0), words, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19);
    put(at, v128.xor(words, rotate(first, 1)), constant);
  }
  for (const end = schedule + 320; at < end; at += 16) {
    if (at === schedule + 160) constant = i32x4.splat(0x8f1bbcdc);
    if (at === schedule + 240) constant = i32x4.splat(0xca62c1d6);
    // The recurrence put into itself: from here on a word needs none of the three in front of it.
    const sum = v128.xor(v128.xor(v128.load(at - 24), v128.load(at - 64)), v128.xor(v128.load(at - 112), v128.load(at - 128)));
    put(at, rotate(sum, 2), constant);
  }
}

// @ts-ignore: decorators of functions are AssemblyScript's own
@inline
function put(at: usize, words: v128, constant: v128): void {
  v128.store(at, words);
  v128.store(at + WORDS, i32x4.add(words, constant));
}

// @ts-ignore: decorators of functions are AssemblyScript's own
@inline
function rotate(words: v128, by: i32): v128 {
  return v128.or(i32x4.shl(words, by), i32x4.shr_u(words, 32 - by));
}
