import type { Mac } from '@kaon/interface/crypto/v1';
import { sha1Wasm } from '../kernels/sha1.wasm.ts';
import { webAssembly } from '../kernels/web-assembly.ts';

const TAG_LENGTH = 20;
const BLOCK = 64;
/** Longest input in bytes that goes through the kernel: beyond, the platform's instructions for SHA-1 make up for its hash objects. */
export const MAX_LENGTH = 2048;

/** Where things are in the kernel's memory. */
const SCHEDULE = 0;
const STATES = 640;
const OUT = 704;
const KEY = 896;
const DATA = 1024;
const MEMORY_PAGES = 1;

/** What kernels/sha1.ts exports. */
interface Sha1Kernel {
  initKey(key: number, states: number, schedule: number): void;
  hmac(states: number, data: number, length: number, out: number, schedule: number): void;
}

/**
 * HMAC-SHA1 by the WebAssembly kernel, several times as fast as a hash object for a packet; `plain`, which does the same, takes
 * long inputs. Undefined where WebAssembly with SIMD does not run, and for keys longer than a block.
 */
export function createWasmHmacSha1(key: Uint8Array, plain: Mac): Mac | undefined {
  if (key.length > BLOCK) return undefined;
  if (workspace === undefined) {
    try {
      workspace = new Sha1Workspace();
    } catch {
      workspace = null;
    }
  }
  return workspace === null ? undefined : new WasmHmacSha1(workspace, key, plain);
}

class WasmHmacSha1 implements Mac {
  readonly length: number = TAG_LENGTH;
  readonly #workspace: Sha1Workspace;
  readonly #plain: Mac;
  /** What the key's two padded blocks hash to. */
  readonly #states: Uint8Array;

  constructor(workspace: Sha1Workspace, key: Uint8Array, plain: Mac) {
    this.#workspace = workspace;
    this.#plain = plain;
    this.#states = workspace.initKey(key);
  }

  sign(out: Uint8Array, ...parts: readonly Uint8Array[]): void {
    let length = 0;
    for (const part of parts) length += part.length;
    if (length > MAX_LENGTH) {
      this.#plain.sign(out, ...parts);
      return;
    }
    const { bytes } = this.#workspace;
    let at = DATA;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#workspace.hmac(this.#states, length, out);
  }

  signRange(out: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    const part = buffer.subarray(start, end);
    if (part.length > MAX_LENGTH) {
      this.#plain.sign(out, part);
      return;
    }
    this.#workspace.bytes.set(part, DATA);
    this.#workspace.hmac(this.#states, part.length, out);
  }
}

/** The kernel with its memory, one per thread; nothing in it is needed after a call. */
class Sha1Workspace {
  readonly bytes: Uint8Array;
  readonly #kernel: Sha1Kernel;

  constructor() {
    const memory = new webAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
    const module = new webAssembly.Module(Buffer.from(sha1Wasm, 'base64'));
    this.#kernel = new webAssembly.Instance(module, { env: { memory } }).exports as Sha1Kernel;
    this.bytes = new Uint8Array(memory.buffer);
  }

  /** The states of a key of at most one block. */
  initKey(key: Uint8Array): Uint8Array {
    const { bytes } = this;
    bytes.fill(0, KEY, KEY + BLOCK);
    bytes.set(key, KEY);
    this.#kernel.initKey(KEY, STATES, SCHEDULE);
    bytes.fill(0, KEY, KEY + BLOCK);
    return bytes.slice(STATES, STATES + 2 * TAG_LENGTH);
  }

  /** The tag over the `length` bytes at `DATA`. */
  hmac(states: Uint8Array, length: number, out: Uint8Array): void {
    const { bytes } = this;
    bytes.set(states, STATES);
    this.#kernel.hmac(STATES, DATA, length, OUT, SCHEDULE);
    for (let i = 0; i < TAG_LENGTH; i++) out[i] = bytes[OUT + i]!;
  }
}

/** Null where it cannot be made. */
let workspace: Sha1Workspace | null | undefined;
