import { type Cipheriv, createCipheriv, createSecretKey } from 'node:crypto';
import type { CounterMode } from '@kaon/interface/crypto/v1';
import { counterWasm } from '../kernels/counter.wasm.ts';
import { webAssembly } from '../kernels/web-assembly.ts';
import { LookAhead, STREAM_SIZE } from './look-ahead.ts';

/** Longest packet in bytes that goes through the kernel. */
const MAX_LENGTH: number = STREAM_SIZE;

/** Where things are in the kernel's memory. */
const MASK = 0;
const KEY_STREAM = 64;
const DATA: number = KEY_STREAM + MAX_LENGTH;
const COUNTERS: number = DATA + MAX_LENGTH + 64;
const PAGES: number = Math.ceil((COUNTERS + MAX_LENGTH) / 65536);

/** What kernels/counter.ts exports. */
interface CounterKernel {
  counters(out: number, mask: number, high: number, low: number, packets: number, blocks: number): void;
  xor(stream: number, data: number, length: number): void;
}

/**
 * AES in counter mode by one AES cipher in ECB mode that lives as long as the key: a cipher object per packet costs several times
 * the work that it does. Throws RangeError on a key of the wrong length.
 */
export function createCounterMode(key: Uint8Array): CounterMode {
  if (key.length !== 16 && key.length !== 32) {
    throw new RangeError(`AES in counter mode takes a key of 16 or 32 bytes, not ${key.length}`);
  }
  if (workspace === undefined) {
    try {
      workspace = new CounterWorkspace();
    } catch {
      workspace = null;
    }
  }
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb', createSecretKey(key), null);
  cipher.setAutoPadding(false);
  return new NodeCounterMode(cipher, workspace ?? undefined);
}

class NodeCounterMode implements CounterMode {
  readonly #cipher: Cipheriv;
  readonly #workspace: CounterWorkspace | undefined;

  constructor(cipher: Cipheriv, workspace: CounterWorkspace | undefined) {
    this.#cipher = cipher;
    this.#workspace = workspace;
  }

  apply(counter: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length === 0) return;
    const blocks = (length + 15) >>> 4;
    const workspace = this.#workspace;
    if (workspace === undefined || length > MAX_LENGTH) {
      const counters = new Uint8Array(16 * blocks);
      for (let block = 0; block < blocks; block++) {
        counters.set(counter, 16 * block);
        counters[16 * block + 14] = block >>> 8;
        counters[16 * block + 15] = block;
      }
      const stream = this.#cipher.update(counters);
      for (let i = 0; i < length; i++) buffer[start + i]! ^= stream[i]!;
      return;
    }
    workspace.bytes.set(counter, MASK);
    workspace.xor(this.#cipher.update(workspace.counters(0, 0, 1, blocks)), 0, buffer, start, end);
  }

  sequence(mask: Uint8Array): CounterMode {
    const workspace = this.#workspace;
    return workspace === undefined ? this : new SequenceCounterMode(this, this.#cipher, workspace, mask.slice());
  }
}

/** One stream of packets, whose key stream is made ahead. */
class SequenceCounterMode implements CounterMode {
  readonly #plain: CounterMode;
  readonly #workspace: CounterWorkspace;
  readonly #mask: Uint8Array;
  readonly #ahead: LookAhead;

  constructor(plain: CounterMode, cipher: Cipheriv, workspace: CounterWorkspace, mask: Uint8Array) {
    this.#plain = plain;
    this.#workspace = workspace;
    this.#mask = mask;
    this.#ahead = new LookAhead((high, low, packets, blocks) => {
      workspace.bytes.set(mask, MASK);
      return cipher.update(workspace.counters(high, low, packets, blocks));
    });
  }

  apply(counter: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const index = indexBehind(this.#mask, counter, 8);
    if (index < 0 || length > MAX_LENGTH || length === 0) {
      this.#plain.apply(counter, buffer, start, end);
      return;
    }
    // Packets are decrypted only when they are authentic, so that both ways are the same.
    const offset = this.#ahead.forSending(index, (length + 15) >>> 4);
    this.#workspace.xor(this.#ahead.bytes, offset, buffer, start, end);
  }

  sequence(mask: Uint8Array): CounterMode {
    return this.#plain.sequence?.(mask) ?? this;
  }

  dispose(): void {
    this.#ahead.dispose();
  }
}

/**
 * The 48-bit index at `at` in `value` once `mask` is taken off by XOR; -1 when the bytes in front of it are not those of the mask.
 */
export function indexBehind(mask: Uint8Array, value: Uint8Array, at: number): number {
  let difference = 0;
  for (let i = 0; i < at; i++) difference |= mask[i]! ^ value[i]!;
  if (difference !== 0) return -1;
  const high = ((mask[at]! ^ value[at]!) << 8) | (mask[at + 1]! ^ value[at + 1]!);
  const low =
    (((mask[at + 2]! ^ value[at + 2]!) << 24) |
      ((mask[at + 3]! ^ value[at + 3]!) << 16) |
      ((mask[at + 4]! ^ value[at + 4]!) << 8) |
      (mask[at + 5]! ^ value[at + 5]!)) >>>
    0;
  return high * 0x1_0000_0000 + low;
}

/** The kernel with its memory, one per thread; nothing in it is needed after a call. */
class CounterWorkspace {
  readonly bytes: Uint8Array;
  readonly #kernel: CounterKernel;
  #data: Uint8Array;

  constructor() {
    const memory = new webAssembly.Memory({ initial: PAGES, maximum: PAGES });
    const module = new webAssembly.Module(Buffer.from(counterWasm, 'base64'));
    this.#kernel = new webAssembly.Instance(module, { env: { memory } }).exports as CounterKernel;
    this.bytes = new Uint8Array(memory.buffer);
    this.#data = this.bytes.subarray(0, 0);
  }

  /** Counter blocks from the mask at `MASK`; valid until the next call. */
  counters(high: number, low: number, packets: number, blocks: number): Uint8Array {
    this.#kernel.counters(COUNTERS, MASK, high, low, packets, blocks);
    return this.bytes.subarray(COUNTERS, COUNTERS + 16 * packets * blocks);
  }

  /** XORs `stream` from `offset` on onto the data. */
  xor(stream: Uint8Array, offset: number, buffer: Uint8Array, start: number, end: number): void {
    const { bytes } = this;
    const length = end - start;
    bytes.set(stream.subarray(offset, offset + length), KEY_STREAM);
    bytes.set(buffer.subarray(start, end), DATA);
    this.#kernel.xor(KEY_STREAM, DATA, length);
    // Most packets are as long as the one before, and making a view takes longer than copying it.
    if (this.#data.length !== length) this.#data = bytes.subarray(DATA, DATA + length);
    buffer.set(this.#data, start);
  }
}

/** Null where it cannot be made. */
let workspace: CounterWorkspace | null | undefined;
