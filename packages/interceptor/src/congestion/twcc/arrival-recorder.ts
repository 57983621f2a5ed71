import { SequenceUnwrapper } from '@kaon/rtp';
import type { TransportFeedback } from '@kaon/rtp/rtcp';

/**
 * Notes when packets arrive, by transport-wide sequence number, and builds the feedback about them
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01). The history is a ring: what is older is forgotten, and a jump of the
 * numbers begins it anew.
 */
export class ArrivalRecorder {
  readonly #arrival: Float64Array = new Float64Array(CAPACITY).fill(Number.NaN);
  #unwrapper: SequenceUnwrapper = new SequenceUnwrapper();
  /** The first number to report next, and one past the highest that came; equal: nothing to report. */
  #begin = 0;
  #end = 0;
  #feedbackCount = 0;

  /** Whether there is something to report. */
  get hasNews(): boolean {
    return this.#begin < this.#end;
  }

  /** A packet came at `now` (ms). Returns false for a duplicate or one too old. */
  add(sequenceNumber: number, now: number): boolean {
    let number = this.#unwrapper.unwrap(sequenceNumber);
    if (this.#end === 0 || number >= this.#end + JUMP || number <= this.#end - JUMP) {
      this.#unwrapper = new SequenceUnwrapper();
      number = this.#unwrapper.unwrap(sequenceNumber);
      this.#arrival.fill(Number.NaN);
      this.#begin = number;
      this.#end = number;
    }
    if (number >= this.#end) {
      for (let skipped = this.#end; skipped < number; skipped++) this.#arrival[skipped & MASK] = Number.NaN;
      this.#end = number + 1;
      this.#begin = Math.max(this.#begin, this.#end - CAPACITY);
    } else if (number < this.#end - CAPACITY || !Number.isNaN(this.#arrival[number & MASK]!)) return false;
    this.#arrival[number & MASK] = now;
    // One that was reported as lost: the next feedback goes back to it.
    if (number < this.#begin) this.#begin = number;
    return true;
  }

  /** Reports the last `count` packets up to `sequenceNumber` again, as the sender asked for (version 2 of the extension). */
  request(sequenceNumber: number, count: number): void {
    const number = this.#unwrapper.peek(sequenceNumber);
    if (number >= this.#end || number < this.#end - CAPACITY) return;
    this.#begin = Math.min(this.#begin, Math.max(number - count + 1, this.#end - CAPACITY, 0x1_0000));
  }

  /** The next feedback, or undefined when everything is reported. Call it again until then. */
  build(senderSsrc: number, mediaSsrc: number): TransportFeedback | undefined {
    const begin = this.#begin;
    let reference = Number.NaN;
    let previous = Number.NaN;
    let received = 0;
    let last = begin;
    const limit = Math.min(this.#end, begin + MOST_STATUSES);
    const packets: (number | undefined)[] = [];
    for (let number = begin; number < limit && received < MOST_RECEIVED; number++) {
      const arrival = this.#arrival[number & MASK]!;
      if (Number.isNaN(arrival)) {
        packets.push(undefined);
        continue;
      }
      if (received === 0) reference = Math.floor(arrival / REFERENCE_MS) * REFERENCE_MS;
      // The step does not fit a delta: the rest goes into a feedback of its own.
      else if (Math.abs(arrival - previous) > LARGEST_STEP_MS) break;
      packets.push(arrival - reference);
      previous = arrival;
      last = number + 1;
      received++;
    }
    if (received === 0) {
      // Nothing but losses as far as one feedback reaches: go on behind them.
      this.#begin = limit;
      return limit < this.#end ? this.build(senderSsrc, mediaSsrc) : undefined;
    }
    packets.length = last - begin;
    this.#begin = last;
    const feedbackCount = this.#feedbackCount;
    this.#feedbackCount = (feedbackCount + 1) & 0xff;
    return {
      type: 'twcc',
      senderSsrc,
      mediaSsrc,
      baseSequence: begin & 0xffff,
      feedbackCount,
      referenceTime: reference,
      packets,
    };
  }
}

const CAPACITY = 8192;
const MASK = CAPACITY - 1;
/** A step of the numbers by so much is a new beginning. */
const JUMP = 0x4000;
const REFERENCE_MS = 64;
/** Deltas have 16 bits of 0.25 ms; rounding takes one. */
const LARGEST_STEP_MS = 8190;
/** So that a feedback fits a datagram: two bytes each at most, and their chunks. */
const MOST_RECEIVED = 400;
const MOST_STATUSES = 4000;
