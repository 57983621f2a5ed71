import type { Instant } from '@kaon/interface/core/v1';
import { add32, distance32 } from '@kaon/wire';

/**
 * RTP timestamps of one outgoing stream, which go on evenly whatever source they come from: a new source begins where the old
 * one would have been by now.
 */
export class Timeline {
  #offset = 0;
  #joined = false;
  #last: number;
  #lastAt: Instant | undefined = undefined;

  /** `start` is random (RFC 3550 §5.1). */
  constructor(start: number) {
    this.#last = start >>> 0;
  }

  /** The next timestamp is of another source. */
  leave(): void {
    this.#joined = false;
  }

  /** Our timestamp for that of the source. */
  map(timestamp: number, clockRate: number, now: Instant): number {
    if (!this.#joined) {
      this.#joined = true;
      this.#offset = (this.at(clockRate, now) - timestamp) | 0;
    }
    const mapped = add32(timestamp, this.#offset >>> 0);
    if (this.#lastAt === undefined || distance32(this.#last, mapped) >= 0) {
      this.#last = mapped;
      this.#lastAt = now;
    }
    return mapped;
  }

  /** The timestamp of something that happens now; later than any before. */
  at(clockRate: number, now: Instant): number {
    if (this.#lastAt === undefined) return this.#last;
    const elapsed = Math.max(1, Math.round(((now - this.#lastAt) * clockRate) / 1000));
    return add32(this.#last, elapsed);
  }

  /** Something with this timestamp, which came from `at`, was sent. */
  used(timestamp: number, now: Instant): void {
    this.#last = timestamp;
    this.#lastAt = now;
  }
}
