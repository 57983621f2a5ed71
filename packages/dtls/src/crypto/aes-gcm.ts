import type { Aead } from '@kaon/interface/crypto/v1';
import { writeU32 } from '@kaon/wire';
import { unsafe } from '@noble/ciphers/aes.js';
import { Ghash } from './ghash.ts';

const BLOCK = 16;

/** AES-GCM (NIST SP 800-38D) over the library's AES: key schedule and GHASH tables are made once. */
export class AesGcm implements Aead {
  readonly tagLength = 16;
  readonly #key: ReturnType<typeof unsafe.expandKeyLE>;
  readonly #ghash: Ghash;
  readonly #counter = new Uint8Array(BLOCK);
  /** Mask of the tag, then key stream; the library's counter mode wants aligned memory, which records are not. */
  #stream = new Uint8Array(2048);
  #zeros = new Uint8Array(2048);

  /** `key` has 16 or 32 bytes. */
  constructor(key: Uint8Array) {
    this.#key = unsafe.expandKeyLE(key);
    const subkey = new Uint8Array(BLOCK);
    unsafe.ctr32(this.#key, false, new Uint8Array(BLOCK), new Uint8Array(BLOCK), subkey);
    this.#ghash = new Ghash(subkey);
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const stream = this.#keyStream(nonce, end - start);
    for (let i = start, j = BLOCK; i < end; i++, j++) buffer[i]! ^= stream[j]!;
    this.#authenticate(aad, buffer, start, end);
    for (let i = 0; i < 4; i++) writeU32(buffer, end + 4 * i, this.#tagWord(i));
    return end + BLOCK;
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const last = end - BLOCK;
    if (last < start) return -1;
    const stream = this.#keyStream(nonce, last - start);
    this.#authenticate(aad, buffer, start, last);
    let difference = 0;
    for (let i = 0; i < 4; i++) {
      const at = last + 4 * i;
      const word = (buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!;
      difference |= word ^ this.#tagWord(i);
    }
    if (difference !== 0) return -1;
    for (let i = start, j = BLOCK; i < last; i++, j++) buffer[i]! ^= stream[j]!;
    return last;
  }

  dispose(): void {
    this.#key.fill(0);
    this.#stream.fill(0);
  }

  #keyStream(nonce: Uint8Array, length: number): Uint8Array {
    const blocks = 1 + Math.ceil(length / BLOCK);
    if (blocks * BLOCK > this.#stream.length) {
      this.#stream = new Uint8Array(2 * blocks * BLOCK);
      this.#zeros = new Uint8Array(2 * blocks * BLOCK);
    }
    this.#counter.set(nonce);
    writeU32(this.#counter, 12, 1);
    const size = blocks * BLOCK;
    return unsafe.ctr32(this.#key, false, this.#counter, this.#zeros.subarray(0, size), this.#stream.subarray(0, size));
  }

  #authenticate(aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    this.#ghash.reset();
    this.#ghash.update(aad, 0, aad.length);
    this.#ghash.update(buffer, start, end);
    this.#ghash.updateLengths(aad.length, end - start);
  }

  #tagWord(index: number): number {
    const at = 4 * index;
    const s = this.#stream;
    return this.#ghash.word(index) ^ ((s[at]! << 24) | (s[at + 1]! << 16) | (s[at + 2]! << 8) | s[at + 3]!);
  }
}
