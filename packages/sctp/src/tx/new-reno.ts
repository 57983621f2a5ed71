import type { WindowControl } from './window-control.ts';

/** One packet more per window acknowledged, half of the window after a loss (RFC 9260 §7.2.2, §7.2.3). */
export class NewReno implements WindowControl {
  /** Packets acknowledged towards the next growth (partial_bytes_acked). */
  #acked = 0;

  grown(window: number, acked: number): number {
    this.#acked += acked;
    if (this.#acked < window) return window;
    this.#acked -= window;
    return window + 1;
  }

  idle(): void {
    this.#acked = 0;
  }

  reduced(window: number): number {
    this.#acked = 0;
    return window / 2;
  }

  timedOut(window: number): number {
    return this.reduced(window);
  }

  undo(): void {
    this.#acked = 0;
  }
}
