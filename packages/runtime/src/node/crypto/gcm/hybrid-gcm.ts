import { type Cipheriv, createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { Aead, AeadName } from '@kaon/interface/crypto/v1';
import { Sequence } from './sequence.ts';
import { SequenceGcm } from './sequence-gcm.ts';
import {
  COUNTERS,
  DATA,
  GcmWorkspace,
  MAX_AAD_LENGTH,
  MAX_LENGTH,
  NONCE,
  putAad,
  SINGLE_STREAM,
  type Slot,
  STREAM_SIZE,
} from './workspace.ts';

const TAG_LENGTH = 16;
/** Records in sequence, within `PROMOTE_WITHIN` ms, that make a key busy. A connection that is idle or just set up has none. */
const PROMOTE_AFTER = 8;
const PROMOTE_WITHIN = 1000;
/** Records to prepare at first; twice as many each time that all were used. */
const FIRST_AHEAD = 4;
const MOST_AHEAD = 64;

/**
 * AES-GCM for records whose nonces count up, as those of DTLS 1.2 do. A cipher object per record costs several times the work
 * that it does; here one AES cipher makes the key stream of the next records in one call, and a WebAssembly kernel does the rest.
 *
 * A key starts out on `plain`, and moves over when it turns out to be busy. The window of prepared records begins at `#base`;
 * `#newest` is the index, from there, of the newest record that was sealed, or opened with a right tag: what a peer merely
 * claims moves nothing. Records outside of the window get key stream of their own.
 */
export class HybridGcm implements Aead {
  readonly tagLength: number = TAG_LENGTH;
  readonly #plain: Aead;
  readonly #key: KeyObject;
  readonly #cipher: 'aes-128-ecb' | 'aes-256-ecb';
  #workspace: GcmWorkspace | undefined = undefined;
  #ecb: Cipheriv | undefined = undefined;
  #slot: Slot | undefined = undefined;
  #lease = 0;
  #streak = 0;
  #streakSince = 0;
  readonly #base = new Sequence();
  #newest = 0;
  /** Records that are prepared, and the blocks that each has. */
  #prepared = 0;
  #blocks = 0;
  /** Most blocks that a record had since the last preparation. */
  #longest = 0;
  #ahead = FIRST_AHEAD;

  /** `plain` does the same with the same key, record by record. */
  constructor(name: Exclude<AeadName, 'CHACHA20-POLY1305'>, key: Uint8Array, plain: Aead) {
    this.#plain = plain;
    this.#key = createSecretKey(key);
    this.#cipher = name === 'AES-128-GCM' ? 'aes-128-ecb' : 'aes-256-ecb';
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const slot = this.#ownSlot();
    if (slot === undefined || length > MAX_LENGTH || aad.length > MAX_AAD_LENGTH) {
      const sealedEnd = this.#plain.seal(nonce, aad, buffer, start, end);
      if (slot === undefined) this.#observe(nonce);
      return sealedEnd;
    }
    const workspace = this.#workspace as GcmWorkspace;
    const blocks = 1 + ((length + 15) >>> 4);
    if (blocks > this.#longest) this.#longest = blocks;
    let index = this.#base.distance(nonce);
    let stream = SINGLE_STREAM;
    if (!(index >= 0 && index < this.#prepared && blocks <= this.#blocks)) {
      const inSequence = index === this.#newest + 1;
      if (!inSequence) this.#ahead = FIRST_AHEAD;
      this.#base.read(nonce);
      index = 0;
      if (inSequence) this.#prepare(workspace, slot);
      else {
        this.#prepared = 0;
        this.#makeStream(workspace, nonce, blocks);
      }
    }
    if (index < this.#prepared) stream = slot.stream + index * this.#blocks * 16;
    this.#newest = index;
    const bytes = workspace.bytes;
    const aadBlocks = putAad(bytes, aad);
    bytes.set(start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end), DATA);
    workspace.kernel.seal(slot.tables, stream, DATA, length, aadBlocks, aad.length);
    buffer.set(workspace.data(length + TAG_LENGTH), start);
    return end + TAG_LENGTH;
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const length = end - start - TAG_LENGTH;
    if (length < 0) return -1;
    const slot = this.#ownSlot();
    if (slot === undefined || length > MAX_LENGTH || aad.length > MAX_AAD_LENGTH) {
      const textEnd = this.#plain.open(nonce, aad, buffer, start, end);
      if (slot === undefined && textEnd >= 0) this.#observe(nonce);
      return textEnd;
    }
    const workspace = this.#workspace as GcmWorkspace;
    const blocks = 1 + ((length + 15) >>> 4);
    let index = this.#base.distance(nonce);
    const next = this.#newest + 1;
    // Everything prepared is used up, or what is left lies behind a gap: go on behind the newest. Whoever forges records can
    // not make this happen twice, since `next` is 0 then until a right one comes.
    if (index >= this.#prepared && index >= next && index < next + this.#ahead && (next > 0 || this.#prepared === 0)) {
      this.#base.advance(next);
      this.#newest = -1;
      index -= next;
      this.#prepare(workspace, slot);
    }
    const isPrepared = index >= 0 && index < this.#prepared && blocks <= this.#blocks;
    let stream = SINGLE_STREAM;
    if (isPrepared) stream = slot.stream + index * this.#blocks * 16;
    else this.#makeStream(workspace, nonce, blocks);
    const bytes = workspace.bytes;
    const aadBlocks = putAad(bytes, aad);
    bytes.set(start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end), DATA);
    if (workspace.kernel.open(slot.tables, stream, DATA, length, aadBlocks, aad.length) === 0) return -1;
    buffer.set(workspace.data(length), start);
    if (blocks > this.#longest) this.#longest = blocks;
    if (isPrepared) {
      if (index > this.#newest) this.#newest = index;
    } else {
      this.#missed(nonce, index);
    }
    return start + length;
  }

  sequence(mask: Uint8Array): Aead {
    return new SequenceGcm(
      {
        plain: this.#plain,
        slot: () => this.#ownSlot(),
        promote: () => {
          if (this.#ownSlot() === undefined && this.#streak >= 0) this.#promote();
        },
        encrypt: (blocks) => this.#encrypt(blocks),
        workspace: () => this.#workspace as GcmWorkspace,
      },
      mask,
    );
  }

  dispose(): void {
    const slot = this.#ownSlot();
    if (slot !== undefined) this.#workspace?.release(slot, this.#lease);
    this.#slot = undefined;
    this.#ecb = undefined;
    this.#streak = Number.NEGATIVE_INFINITY;
    forgotten.unregister(this);
  }

  /** A right record from outside of the window, or longer than those prepared: the window goes on from it if it is the newest. */
  #missed(nonce: Uint8Array, index: number): void {
    if (index <= this.#newest) return;
    if (!(index - this.#newest <= this.#ahead)) this.#ahead = FIRST_AHEAD;
    this.#base.read(nonce);
    this.#newest = 0;
    this.#prepared = 0;
  }

  /** The slot, if it is still this key's. */
  #ownSlot(): Slot | undefined {
    const slot = this.#slot;
    if (slot === undefined) return undefined;
    if (slot.lease === this.#lease) {
      this.#workspace?.touch(slot);
      return slot;
    }
    this.#slot = undefined;
    this.#prepared = 0;
    this.#streak = 0;
    return undefined;
  }

  /** Key stream for as many records from `#base` on as it takes. */
  #prepare(workspace: GcmWorkspace, slot: Slot): void {
    const blocks = Math.max(this.#longest, 2);
    const room = Math.floor(STREAM_SIZE / (blocks * 16));
    const records = Math.min(this.#ahead, room, 0x1_0000_0000 - this.#base.last);
    const { bytes } = workspace;
    this.#base.write(bytes, NONCE);
    workspace.kernel.counters(COUNTERS, NONCE, records, blocks);
    bytes.set(this.#encrypt(bytes.subarray(COUNTERS, COUNTERS + records * blocks * 16)), slot.stream);
    this.#prepared = records;
    this.#blocks = blocks;
    this.#longest = 0;
    this.#ahead = Math.min(this.#ahead * 2, MOST_AHEAD);
  }

  /** Key stream for one record. */
  #makeStream({ bytes, kernel }: GcmWorkspace, nonce: Uint8Array, blocks: number): void {
    bytes.set(nonce, NONCE);
    kernel.counters(COUNTERS, NONCE, 1, blocks);
    bytes.set(this.#encrypt(bytes.subarray(COUNTERS, COUNTERS + blocks * 16)), SINGLE_STREAM);
  }

  #encrypt(blocks: Uint8Array): Uint8Array {
    return (this.#ecb as Cipheriv).update(blocks);
  }

  /** Counts right records in sequence, and moves the key over when there are enough. */
  #observe(nonce: Uint8Array): void {
    const ahead = this.#base.distance(nonce);
    this.#base.read(nonce);
    this.#newest = 0;
    // A lost record or two do not make a busy connection idle.
    if (!(ahead >= 1 && ahead <= FIRST_AHEAD)) {
      this.#streak = Math.min(this.#streak, 0);
      return;
    }
    const now = performance.now();
    if (this.#streak === 0) this.#streakSince = now;
    if (++this.#streak < PROMOTE_AFTER) return;
    this.#streak = 0;
    if (now - this.#streakSince <= PROMOTE_WITHIN) this.#promote();
  }

  #promote(): void {
    const workspace = GcmWorkspace.shared();
    if (workspace === undefined) {
      this.#streak = Number.NEGATIVE_INFINITY;
      return;
    }
    if (this.#ecb === undefined) {
      this.#ecb = createCipheriv(this.#cipher, this.#key, null);
      this.#ecb.setAutoPadding(false);
    }
    const slot = workspace.acquire(this.#encrypt(new Uint8Array(16)));
    if (slot === undefined) return;
    this.#workspace = workspace;
    this.#slot = slot;
    this.#lease = slot.lease;
    this.#prepared = 0;
    this.#longest = 0;
    this.#ahead = FIRST_AHEAD;
    forgotten.unregister(this);
    forgotten.register(this, { workspace, slot, lease: slot.lease }, this);
  }
}

/** Keys that were dropped without `dispose`. */
const forgotten = new FinalizationRegistry<{ workspace: GcmWorkspace; slot: Slot; lease: number }>(
  ({ workspace, slot, lease }) => workspace.release(slot, lease),
);
