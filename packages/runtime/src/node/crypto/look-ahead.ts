/** Packets to prepare at first; twice as many each time that all were used. */
const FIRST_AHEAD = 2;
const MOST_AHEAD = 64;
/** Bytes of key stream made in one go, and kept, per stream. */
export const STREAM_SIZE = 16384;

/** Key stream of `packets` packets from the index on whose high and low 32 bits these are, `blocks` blocks of 16 bytes each. */
export type MakeKeyStream = (high: number, low: number, packets: number, blocks: number) => Uint8Array;

/**
 * Key stream of the next packets of one stream, whose 48-bit indices count up: made for many packets in one call, since a call
 * of the platform's cipher costs more than the encryption that it does.
 *
 * The window of prepared packets begins at `#base`; `#newest` is the newest packet that was sent, or came and was authentic. What a
 * peer merely claims moves nothing: whoever forges packets gets key stream for one packet at a time.
 */
export class LookAhead {
  /** The key stream that the latest `forSending` or `forReceiving` gave, from the offset on that it returned. */
  bytes: Uint8Array = NONE;
  readonly #make: MakeKeyStream;
  #window: Uint8Array = NONE;
  #base = 0;
  #prepared = 0;
  /** Blocks that each prepared packet has. */
  #blocks = 0;
  #newest = -1;
  /** Most blocks that a packet had since the latest preparation. */
  #longest = 0;
  #ahead = FIRST_AHEAD;
  /** Whether an authentic packet came since the latest preparation for receiving. */
  #moved = true;

  constructor(make: MakeKeyStream) {
    this.#make = make;
  }

  /** Finds or makes the key stream of a packet to send and returns its offset in `bytes`. */
  forSending(index: number, blocks: number): number {
    if (blocks > this.#longest) this.#longest = blocks;
    const place = index - this.#base;
    const isNext = index > this.#newest;
    if (place >= 0 && place < this.#prepared && blocks <= this.#blocks) {
      if (isNext) this.#newest = index;
      this.bytes = this.#window;
      return place * this.#blocks * 16;
    }
    // Packets that are sent again are no reason to prepare those behind them.
    if (!isNext) return this.#single(index, blocks);
    if (index - this.#newest > this.#ahead) this.#ahead = FIRST_AHEAD;
    this.#newest = index;
    this.#prepare(index);
    this.bytes = this.#window;
    return 0;
  }

  /** Finds or makes the key stream of a packet that came and returns its offset in `bytes`. */
  forReceiving(index: number, blocks: number): number {
    const newest = this.#newest;
    if (index >= this.#base + this.#prepared && this.#moved && index > newest && index <= newest + this.#ahead) {
      this.#moved = false;
      this.#prepare(newest + 1);
    }
    const place = index - this.#base;
    if (place >= 0 && place < this.#prepared && blocks <= this.#blocks) {
      this.bytes = this.#window;
      return place * this.#blocks * 16;
    }
    return this.#single(index, blocks);
  }

  /** Notes that the packet of the latest `forReceiving` was authentic. */
  accept(index: number, blocks: number): void {
    if (blocks > this.#longest) this.#longest = blocks;
    if (index <= this.#newest) return;
    if (index - this.#newest > this.#ahead) this.#ahead = FIRST_AHEAD;
    this.#newest = index;
    this.#moved = true;
  }

  /** Erases what is left. */
  dispose(): void {
    this.#window.fill(0);
    this.bytes.fill(0);
    this.#prepared = 0;
    this.#newest = Number.POSITIVE_INFINITY;
  }

  #single(index: number, blocks: number): number {
    this.bytes = this.#make(Math.floor(index / 0x1_0000_0000), index >>> 0, 1, blocks);
    return 0;
  }

  #prepare(index: number): void {
    const low = index >>> 0;
    const blocks = Math.max(this.#longest, 1);
    const packets = Math.max(1, Math.min(this.#ahead, Math.floor(STREAM_SIZE / (blocks * 16)), 0x1_0000_0000 - low));
    this.#window = this.#make(Math.floor(index / 0x1_0000_0000), low, packets, blocks);
    this.#base = index;
    this.#prepared = packets;
    this.#blocks = blocks;
    this.#longest = 0;
    this.#ahead = Math.min(this.#ahead * 2, MOST_AHEAD);
  }
}

const NONE = new Uint8Array(0);
