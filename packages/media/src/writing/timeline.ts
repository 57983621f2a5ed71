/**
 * Times of the frames of one track, in milliseconds. RTP timestamps say how far frames are apart; arrival says where the track begins
 * beside the others, and how long a break was when the timestamps begin anew.
 */
export class Timeline {
  readonly #clockRate: number;
  #timestamp = 0;
  #arrival = 0;
  #position: number | undefined;

  /** `clockRate` in Hz. */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** The time of a frame with this RTP timestamp (32 bits, may wrap) that arrived at `now`; `now` is 0 when the file begins. */
  place(timestamp: number, now: number): number {
    if (this.#position === undefined) this.#position = now;
    else {
      const step = (((timestamp - this.#timestamp) | 0) * 1000) / this.#clockRate;
      const waited = now - this.#arrival;
      const isContinuous = step > -LONGEST_STEP_BACK && Math.abs(step - waited) < LARGEST_JUMP;
      this.#position += isContinuous ? step : Math.max(0, waited);
    }
    this.#timestamp = timestamp;
    this.#arrival = now;
    return this.#position;
  }
}

/** Milliseconds by which timestamps and arrival may be apart from one frame to the next; beyond, the stream has begun anew. */
const LARGEST_JUMP = 10_000;
/** Milliseconds that a frame may lie before the one that was sent before it. */
const LONGEST_STEP_BACK = 1000;
