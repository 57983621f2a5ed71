import { SequenceUnwrapper } from '@kaon/rtp';
import { type ArrivedPacket, CCFB_OFFSET_TOO_LONG, type CongestionFeedbackStream } from '@kaon/rtp/rtcp';

/** When the packets of one stream arrived and with which ECN codepoint, for RFC 8888. The history is a ring. */
export class StreamArrivals {
  readonly ssrc: number;
  readonly #arrival: Float64Array = new Float64Array(CAPACITY).fill(Number.NaN);
  readonly #ecn: Uint8Array = new Uint8Array(CAPACITY);
  #unwrapper: SequenceUnwrapper = new SequenceUnwrapper();
  #begin = 0;
  #end = 0;

  constructor(ssrc: number) {
    this.ssrc = ssrc;
  }

  get hasNews(): boolean {
    return this.#begin < this.#end;
  }

  /** A packet came at `now` (ms) with codepoint `ecn`. Returns false for one too old; a duplicate may only add CE. */
  add(sequenceNumber: number, ecn: number, now: number): boolean {
    let number = this.#unwrapper.unwrap(sequenceNumber);
    if (this.#end === 0 || number >= this.#end + CAPACITY) {
      this.#unwrapper = new SequenceUnwrapper();
      number = this.#unwrapper.unwrap(sequenceNumber);
      this.#arrival.fill(Number.NaN);
      this.#begin = number;
      this.#end = number;
    }
    const at = number & MASK;
    if (number >= this.#end) {
      for (let skipped = this.#end; skipped < number; skipped++) this.#arrival[skipped & MASK] = Number.NaN;
      this.#end = number + 1;
      this.#begin = Math.max(this.#begin, this.#end - CAPACITY);
    } else if (number < this.#end - CAPACITY) return false;
    else if (!Number.isNaN(this.#arrival[at]!)) {
      // RFC 8888 §3.1: of copies with different codepoints CE is what counts.
      if (ecn === CE) this.#ecn[at] = CE;
      return true;
    }
    this.#arrival[at] = now;
    this.#ecn[at] = ecn;
    if (number < this.#begin) this.#begin = number;
    return true;
  }

  /** What is new, at most `most` packets, as of `now`; undefined when nothing is. Call it again until then. */
  build(most: number, now: number): CongestionFeedbackStream | undefined {
    if (this.#begin >= this.#end) return undefined;
    const begin = this.#begin;
    const end = Math.min(this.#end, begin + most);
    const packets: (ArrivedPacket | undefined)[] = [];
    for (let number = begin; number < end; number++) {
      const arrival = this.#arrival[number & MASK]!;
      if (Number.isNaN(arrival)) packets.push(undefined);
      else {
        const offset = Math.floor(((now - arrival) * 1024) / 1000);
        packets.push({ ecn: this.#ecn[number & MASK]!, arrivalOffset: Math.min(offset, CCFB_OFFSET_TOO_LONG) });
      }
    }
    this.#begin = end;
    return { ssrc: this.ssrc, beginSequence: begin & 0xffff, packets };
  }
}

const CAPACITY = 4096;
const MASK = CAPACITY - 1;
const CE = 3;
