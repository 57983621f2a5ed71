import type { Aead } from '@kaon/interface/crypto/v1';
import { chachaWasm } from '../kernels/chacha.wasm.ts';
import { type WasmMemory, webAssembly } from '../kernels/web-assembly.ts';

const TAG_LENGTH = 16;
/** Longest record in bytes that goes through the kernel where the platform has the cipher too: beyond, that is faster. */
const MAX_LENGTH = 2048;
/** Longest associated data in bytes that goes through the kernel where the platform has the cipher too. */
const MAX_AAD_LENGTH = 64;

/** Where things are in the kernel's memory. Associated data lie in front of the data, the stream behind. */
const KEY = 0;
const NONCE = 32;
const WORK = 64;
const AAD = 1024;
const PAGE = 65536;

/** What kernels/chacha.ts exports. */
interface ChaChaKernel {
  seal: KernelCall;
  open: KernelCall;
}

type KernelCall = (
  key: number,
  nonce: number,
  data: number,
  length: number,
  aadBlocks: number,
  aadLength: number,
  work: number,
  stream: number,
) => number;

/**
 * ChaCha20-Poly1305 by the WebAssembly kernel, which needs no cipher object per record and takes the same time whatever the
 * key: several times as fast as `plain` for a packet, and a replacement where the platform has none (Bun).
 * Undefined when WebAssembly with SIMD does not run here.
 */
export function createWasmChaCha(key: Uint8Array, plain: Aead | undefined): Aead | undefined {
  if (workspace === undefined) {
    try {
      workspace = new ChaChaWorkspace();
    } catch {
      workspace = null;
    }
  }
  return workspace === null ? undefined : new WasmChaCha(workspace, key, plain);
}

class WasmChaCha implements Aead {
  readonly tagLength: number = TAG_LENGTH;
  readonly #workspace: ChaChaWorkspace;
  readonly #key: Uint8Array;
  readonly #plain: Aead | undefined;

  constructor(workspace: ChaChaWorkspace, key: Uint8Array, plain: Aead | undefined) {
    this.#workspace = workspace;
    this.#key = key.slice();
    this.#plain = plain;
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const plain = this.#plain;
    if (plain !== undefined && (length > MAX_LENGTH || aad.length > MAX_AAD_LENGTH)) {
      return plain.seal(nonce, aad, buffer, start, end);
    }
    const space = this.#workspace;
    const data = space.put(this.#key, nonce, aad, buffer, start, end);
    space.kernel.seal(KEY, NONCE, data, length, (aad.length + 15) >>> 4, aad.length, WORK, streamFor(data, length));
    buffer.set(space.bytes.subarray(data, data + length + TAG_LENGTH), start);
    return end + TAG_LENGTH;
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const length = end - start - TAG_LENGTH;
    if (length < 0) return -1;
    const plain = this.#plain;
    if (plain !== undefined && (length > MAX_LENGTH || aad.length > MAX_AAD_LENGTH)) {
      return plain.open(nonce, aad, buffer, start, end);
    }
    const space = this.#workspace;
    const data = space.put(this.#key, nonce, aad, buffer, start, end);
    const stream = streamFor(data, length);
    if (space.kernel.open(KEY, NONCE, data, length, (aad.length + 15) >>> 4, aad.length, WORK, stream) === 0) return -1;
    buffer.set(space.bytes.subarray(data, data + length), start);
    return start + length;
  }

  dispose(): void {
    this.#key.fill(0);
    this.#workspace.bytes.fill(0);
  }
}

/** The kernel with its memory, one per thread; nothing in it outlives a call. */
class ChaChaWorkspace {
  readonly kernel: ChaChaKernel;
  bytes: Uint8Array<ArrayBuffer>;
  readonly #memory: WasmMemory;

  constructor() {
    this.#memory = new webAssembly.Memory({ initial: 1, maximum: 65536 });
    const module = new webAssembly.Module(Buffer.from(chachaWasm, 'base64'));
    this.kernel = new webAssembly.Instance(module, { env: { memory: this.#memory } }).exports as ChaChaKernel;
    this.bytes = new Uint8Array(this.#memory.buffer);
  }

  /** Lays out a record for the kernel and returns where its data begin. */
  put(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const aadLength = aad.length;
    const data = AAD + ((aadLength + 15) & ~15);
    const needed = streamFor(data, end - start) + (end - start) + 64 + 256;
    if (needed > this.bytes.length) {
      this.#memory.grow(Math.ceil((needed - this.bytes.length) / PAGE));
      this.bytes = new Uint8Array(this.#memory.buffer);
    }
    const bytes = this.bytes;
    bytes.set(key, KEY);
    bytes.set(nonce, NONCE);
    let at = AAD;
    for (let i = 0; i < aadLength; i++) bytes[at++] = aad[i]!;
    while (at < data) bytes[at++] = 0;
    bytes.set(buffer.subarray(start, end), data);
    return data;
  }
}

/** Null where it cannot be made. */
let workspace: ChaChaWorkspace | null | undefined;

/** Behind the data, the padding and the lengths. */
function streamFor(data: number, length: number): number {
  return (data + length + 64 + 15) & ~15;
}
