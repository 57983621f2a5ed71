import { gcmWasm } from '../../kernels/gcm.wasm.ts';
import { type WasmMemory, type WasmModule, webAssembly } from '../../kernels/web-assembly.ts';

/** What kernels/gcm.ts exports. */
export interface GcmKernel {
  initTables(h: number, tables: number, scratch: number): void;
  counters(out: number, nonce: number, records: number, blocks: number): void;
  maskedCounters(out: number, mask: number, high: number, low: number, records: number, blocks: number): void;
  seal(tables: number, stream: number, data: number, length: number, aadBlocks: number, aadLength: number): void;
  open(tables: number, stream: number, data: number, length: number, aadBlocks: number, aadLength: number): number;
}

/** Longest record in bytes that goes through the kernel; above it OpenSSL's own GHASH is faster. */
export const MAX_LENGTH = 4096;
/** Longest associated data in bytes that goes through the kernel. */
export const MAX_AAD_LENGTH = 64;
/** Bytes of key stream made in one go, and kept, per key. */
export const STREAM_SIZE = 32768;

/** Where things are in the memory that all keys share. */
export const NONCE = 0;
const SCRATCH = 1024;
export const DATA: number = 4096 + MAX_AAD_LENGTH;
export const COUNTERS = 16384;
export const SINGLE_STREAM: number = COUNTERS + STREAM_SIZE;
const SLOTS: number = SINGLE_STREAM + 8192;
const TABLES_SIZE = 8192 + 65536;
const SLOT_SIZE: number = TABLES_SIZE + STREAM_SIZE;
/** Keys that can be busy at the same time, for 13 MB if they are. The others go by `node:crypto`. */
export const MAX_SLOTS = 128;
/** Uses of other slots after which a slot may go to another key. */
const FORGOTTEN_AFTER = 8192;
const PAGE = 65536;

/** Room for tables and key stream of one key in the shared memory. */
export interface Slot {
  readonly tables: number;
  readonly stream: number;
  /** Whose it is: a number that is handed out once. 0: nobody's. It changes when the slot is given up or taken away. */
  lease: number;
  /** When it was used last, in uses of any slot. */
  lastUsed: number;
}

/** The kernel with its memory, one per thread, made when the first key becomes busy. */
export class GcmWorkspace {
  readonly kernel: GcmKernel;
  /** All of the memory. Renewed when it grows: not to be kept. */
  bytes: Uint8Array<ArrayBuffer>;
  #data: Uint8Array;
  readonly #memory: WasmMemory;
  readonly #slots: Slot[] = [];
  #uses = 0;
  #leases = 0;

  private constructor(module: WasmModule) {
    this.#memory = new webAssembly.Memory({
      initial: Math.ceil(SLOTS / PAGE),
      maximum: Math.ceil((SLOTS + MAX_SLOTS * SLOT_SIZE) / PAGE),
    });
    this.kernel = new webAssembly.Instance(module, { env: { memory: this.#memory } }).exports as GcmKernel;
    this.bytes = new Uint8Array(this.#memory.buffer);
    this.#data = this.bytes.subarray(0, 0);
  }

  /** The workspace of this thread; undefined where WebAssembly with SIMD does not run. */
  static shared(): GcmWorkspace | undefined {
    if (shared === undefined) {
      try {
        shared = new GcmWorkspace(new webAssembly.Module(Buffer.from(gcmWasm, 'base64')));
      } catch {
        shared = null;
      }
    }
    return shared ?? undefined;
  }

  /** The first `length` bytes at `DATA`: most records are as long as the one before, and making a view takes longer than copying it. */
  data(length: number): Uint8Array {
    if (this.#data.length !== length) this.#data = this.bytes.subarray(DATA, DATA + length);
    return this.#data;
  }

  /**
   * A slot with tables for H = AES(key, 0), under a new lease: a free one, a new one, or one whose owner has not used it for
   * long. Undefined when all are in use.
   */
  acquire(h: Uint8Array): Slot | undefined {
    const slot = this.#slots.find(({ lease }) => lease === 0) ?? this.#grow() ?? this.#forgotten();
    if (slot === undefined) return undefined;
    slot.lease = ++this.#leases;
    this.touch(slot);
    this.bytes.set(h, NONCE);
    this.kernel.initTables(NONCE, slot.tables, SCRATCH);
    return slot;
  }

  /** Gives a slot up, if it is still under this lease; what it held is erased. */
  release(slot: Slot, lease: number): void {
    if (slot.lease !== lease) return;
    slot.lease = 0;
    this.bytes.fill(0, slot.tables, slot.tables + SLOT_SIZE);
    this.bytes.fill(0, 0, SLOTS);
  }

  /** Notes that the slot is in use. */
  touch(slot: Slot): void {
    slot.lastUsed = ++this.#uses;
  }

  /** Slots that exist, for tests and statistics. */
  get slots(): readonly Readonly<Slot>[] {
    return this.#slots;
  }

  #grow(): Slot | undefined {
    if (this.#slots.length === MAX_SLOTS) return undefined;
    const tables = SLOTS + this.#slots.length * SLOT_SIZE;
    const missing = tables + SLOT_SIZE - this.#memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.#memory.grow(Math.ceil(missing / PAGE));
      } catch {
        return undefined;
      }
      this.bytes = new Uint8Array(this.#memory.buffer);
      this.#data = this.bytes.subarray(0, 0);
    }
    const slot: Slot = { tables, stream: tables + TABLES_SIZE, lease: 0, lastUsed: 0 };
    this.#slots.push(slot);
    return slot;
  }

  /** The slot that was not used for longest, if that is long enough: taking turns would cost more than it gives. */
  #forgotten(): Slot | undefined {
    let oldest: Slot | undefined;
    for (const slot of this.#slots) if (oldest === undefined || slot.lastUsed < oldest.lastUsed) oldest = slot;
    return oldest !== undefined && this.#uses - oldest.lastUsed > FORGOTTEN_AFTER ? oldest : undefined;
  }
}

/** Null where it cannot be made. */
let shared: GcmWorkspace | null | undefined;

/** Puts the associated data in front of `DATA`, padded with zeros to whole blocks, and returns how many these are. */
export function putAad(bytes: Uint8Array, aad: Uint8Array): number {
  const length = aad.length;
  const blocks = (length + 15) >>> 4;
  let at = DATA - blocks * 16;
  for (let i = 0; i < length; i++) bytes[at++] = aad[i]!;
  while (at < DATA) bytes[at++] = 0;
  return blocks;
}
