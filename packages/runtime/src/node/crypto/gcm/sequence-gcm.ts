import type { Aead } from '@kaon/interface/crypto/v1';
import { indexBehind } from '../counter-mode.ts';
import { LookAhead } from '../look-ahead.ts';
import {
  COUNTERS,
  DATA,
  type GcmWorkspace,
  MAX_AAD_LENGTH,
  MAX_LENGTH,
  NONCE,
  putAad,
  SINGLE_STREAM,
  type Slot,
} from './workspace.ts';

const TAG_LENGTH = 16;
/** Packets that go up, within `PROMOTE_WITHIN` ms, which make a stream busy. */
const PROMOTE_AFTER = 8;
const PROMOTE_WITHIN = 1000;
/** Packets that may be missing between two that go up. */
const MOST_LOST = 16;

/** The key that a sequence belongs to. */
export interface GcmKey {
  /** Does the same with the same key, record by record. */
  readonly plain: Aead;
  /** The key's tables, if it is busy. */
  slot(): Slot | undefined;
  /** Makes the tables, if there is room for them. */
  promote(): void;
  /** AES of whole blocks. */
  encrypt(blocks: Uint8Array): Uint8Array;
  workspace(): GcmWorkspace;
}

/**
 * AES-GCM for one sequence of nonces, with key stream made ahead as in `HybridGcm`: many streams share a key and its tables,
 * and each has a window of its own. Nonces that are not of the sequence are done without.
 */
export class SequenceGcm implements Aead {
  readonly tagLength: number = TAG_LENGTH;
  readonly #key: GcmKey;
  readonly #mask: Uint8Array;
  readonly #ahead: LookAhead;
  #newest = -1;
  #streak = 0;
  #streakSince = 0;

  constructor(key: GcmKey, mask: Uint8Array) {
    this.#key = key;
    // The kernel loads 16 bytes.
    this.#mask = new Uint8Array(16);
    this.#mask.set(mask.subarray(0, 12));
    this.#ahead = new LookAhead((high, low, packets, blocks) => {
      const { bytes, kernel } = key.workspace();
      bytes.set(this.#mask, NONCE);
      kernel.maskedCounters(COUNTERS, NONCE, high, low, packets, blocks);
      return key.encrypt(bytes.subarray(COUNTERS, COUNTERS + 16 * packets * blocks));
    });
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const index = indexBehind(this.#mask, nonce, 6);
    const slot = this.#key.slot();
    if (slot === undefined || index < 0 || length > MAX_LENGTH || aad.length > MAX_AAD_LENGTH) {
      if (slot === undefined) this.#observe(index);
      return this.#key.plain.seal(nonce, aad, buffer, start, end);
    }
    const blocks = 1 + ((length + 15) >>> 4);
    const offset = this.#ahead.forSending(index, blocks);
    const workspace = this.#key.workspace();
    const { bytes } = workspace;
    bytes.set(this.#ahead.bytes.subarray(offset, offset + 16 * blocks), SINGLE_STREAM);
    const aadBlocks = putAad(bytes, aad);
    bytes.set(buffer.subarray(start, end), DATA);
    workspace.kernel.seal(slot.tables, SINGLE_STREAM, DATA, length, aadBlocks, aad.length);
    buffer.set(workspace.data(length + TAG_LENGTH), start);
    return end + TAG_LENGTH;
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const length = end - start - TAG_LENGTH;
    if (length < 0) return -1;
    const index = indexBehind(this.#mask, nonce, 6);
    const slot = this.#key.slot();
    if (slot === undefined || index < 0 || length > MAX_LENGTH || aad.length > MAX_AAD_LENGTH) {
      const textEnd = this.#key.plain.open(nonce, aad, buffer, start, end);
      if (slot === undefined && textEnd >= 0) this.#observe(index);
      return textEnd;
    }
    const blocks = 1 + ((length + 15) >>> 4);
    const offset = this.#ahead.forReceiving(index, blocks);
    const workspace = this.#key.workspace();
    const { bytes } = workspace;
    bytes.set(this.#ahead.bytes.subarray(offset, offset + 16 * blocks), SINGLE_STREAM);
    const aadBlocks = putAad(bytes, aad);
    bytes.set(buffer.subarray(start, end), DATA);
    if (workspace.kernel.open(slot.tables, SINGLE_STREAM, DATA, length, aadBlocks, aad.length) === 0) return -1;
    buffer.set(workspace.data(length), start);
    this.#ahead.accept(index, blocks);
    return start + length;
  }

  sequence(mask: Uint8Array): Aead {
    return new SequenceGcm(this.#key, mask);
  }

  dispose(): void {
    this.#ahead.dispose();
  }

  /** Counts right packets that go up, and has tables made when there are enough. */
  #observe(index: number): void {
    const distance = index - this.#newest;
    if (distance <= 0) return;
    this.#newest = index;
    if (distance > MOST_LOST) {
      this.#streak = 0;
      return;
    }
    const now = performance.now();
    if (this.#streak === 0) this.#streakSince = now;
    if (++this.#streak < PROMOTE_AFTER) return;
    this.#streak = 0;
    if (now - this.#streakSince <= PROMOTE_WITHIN) this.#key.promote();
  }
}
