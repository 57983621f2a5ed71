/**
 * SipHash-2-4: a short-input keyed hash (Aumasson, Bernstein 2012), as the state cookie's authenticator when no HMAC
 * is injected. 64-bit words are held as two 32-bit halves.
 */
export function sipHash(key: Uint8Array, message: Uint8Array): Uint8Array {
  const k0l = word(key, 0);
  const k0h = word(key, 4);
  const k1l = word(key, 8);
  const k1h = word(key, 12);
  const v = new Int32Array([
    k0l ^ 0x70736575,
    k0h ^ 0x736f6d65,
    k1l ^ 0x6e646f6d,
    k1h ^ 0x646f7261,
    k0l ^ 0x6e657261,
    k0h ^ 0x6c796765,
    k1l ^ 0x79746573,
    k1h ^ 0x74656462,
  ]);
  const whole = message.length - (message.length % 8);
  for (let i = 0; i < whole; i += 8) absorb(v, word(message, i), word(message, i + 4));
  const tail = new Uint8Array(8);
  tail.set(message.subarray(whole));
  tail[7] = message.length;
  absorb(v, word(tail, 0), word(tail, 4));
  v[4]! ^= 0xff;
  for (let i = 0; i < 4; i++) round(v);
  const low = v[0]! ^ v[2]! ^ v[4]! ^ v[6]!;
  const high = v[1]! ^ v[3]! ^ v[5]! ^ v[7]!;
  const out = new Uint8Array(8);
  for (let i = 0; i < 4; i++) {
    out[i] = low >>> (8 * i);
    out[4 + i] = high >>> (8 * i);
  }
  return out;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function absorb(v: Int32Array, low: number, high: number): void {
  v[6]! ^= low;
  v[7]! ^= high;
  round(v);
  round(v);
  v[0]! ^= low;
  v[1]! ^= high;
}

function round(v: Int32Array): void {
  add(v, 0, 2);
  rotate(v, 2, 13);
  mix(v, 2, 0);
  rotate(v, 0, 32);
  add(v, 4, 6);
  rotate(v, 6, 16);
  mix(v, 6, 4);
  add(v, 0, 6);
  rotate(v, 6, 21);
  mix(v, 6, 0);
  add(v, 4, 2);
  rotate(v, 2, 17);
  mix(v, 2, 4);
  rotate(v, 4, 32);
}

/** v[a] += v[b], as 64-bit words. */
function add(v: Int32Array, a: number, b: number): void {
  const low = (v[a]! >>> 0) + (v[b]! >>> 0);
  v[a + 1] = v[a + 1]! + v[b + 1]! + (low > 0xffffffff ? 1 : 0);
  v[a] = low;
}

function mix(v: Int32Array, a: number, b: number): void {
  v[a]! ^= v[b]!;
  v[a + 1]! ^= v[b + 1]!;
}

/** Rotates left by `count` (1 to 32). */
function rotate(v: Int32Array, at: number, count: number): void {
  const low = v[at]!;
  const high = v[at + 1]!;
  if (count === 32) {
    v[at] = high;
    v[at + 1] = low;
    return;
  }
  v[at] = (low << count) | (high >>> (32 - count));
  v[at + 1] = (high << count) | (low >>> (32 - count));
}
