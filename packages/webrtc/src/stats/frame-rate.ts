import type { Instant } from '@kaon/interface/core/v1';

/** Frames in the last second, kept as counts of tenths. */
export class FrameRate {
  readonly #counts: Uint16Array = new Uint16Array(KEPT);
  /** The tenth that is being counted, since the clock began. */
  #tenth = Number.NEGATIVE_INFINITY;

  note(now: Instant): void {
    this.#advance(now);
    const at = this.#tenth % KEPT;
    this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  /** Frames in the ten tenths before the present one, which is not over yet. */
  perSecond(now: Instant): number {
    this.#advance(now);
    let sum = 0;
    for (let i = 0; i < KEPT; i++) if (i !== this.#tenth % KEPT) sum += this.#counts[i] as number;
    return sum;
  }

  #advance(now: Instant): void {
    const tenth = Math.floor(now / 100);
    const steps = tenth - this.#tenth;
    if (steps <= 0) return;
    if (steps >= KEPT) this.#counts.fill(0);
    else for (let i = 1; i <= steps; i++) this.#counts[(this.#tenth + i) % KEPT] = 0;
    this.#tenth = tenth;
  }
}

/** Ten tenths that are over and the one that is not. */
const KEPT = 11;
