import type { Instant } from '@kaon/interface/core/v1';
import type { Clock, ClockTimer } from '@kaon/interface/network/v1';

/**
 * The clock of the process. `now` is `performance.now()`; a deferred call runs when the input that is waiting in this turn of
 * the event loop has been read (`setImmediate`). Timers fire at or up to about a millisecond after their instant, never before.
 */
export const nodeClock: Clock = {
  interface: 'kaon:clock/1',
  now: () => performance.now(),
  wallClock: () => performance.timeOrigin + performance.now(),
  timer: (callback) => new NodeTimer(callback),
  defer: (callback) => void setImmediate(callback),
};

/** The longest delay `setTimeout` takes, in milliseconds. */
const LONGEST_DELAY = 0x7fffffff;

/**
 * Deadlines of a protocol move with nearly every packet, mostly into the future: the platform's timer is left alone then and
 * set again when it has fired too early.
 */
class NodeTimer implements ClockTimer {
  readonly #callback: () => void;
  #deadline: Instant = Number.POSITIVE_INFINITY;
  #handle: ReturnType<typeof setTimeout> | undefined = undefined;
  #firesAt: Instant = Number.POSITIVE_INFINITY;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  reset(at: Instant): void {
    this.#deadline = at;
    if (at === Number.POSITIVE_INFINITY) this.cancel();
    else if (this.#handle === undefined) this.#arm();
    else if (at < this.#firesAt) {
      clearTimeout(this.#handle);
      this.#arm();
    }
  }

  cancel(): void {
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#firesAt = Number.POSITIVE_INFINITY;
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }

  #arm(): void {
    const now = performance.now();
    const delay = Math.min(Math.max(Math.ceil(this.#deadline - now), 1), LONGEST_DELAY);
    this.#firesAt = now + delay;
    this.#handle = setTimeout(this.#fired, delay);
  }

  readonly #fired = (): void => {
    this.#handle = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
    // The platform rounds to milliseconds and may be early by a part of one.
    if (performance.now() < this.#deadline) {
      this.#arm();
    } else {
      this.#deadline = Number.POSITIVE_INFINITY;
      this.#callback();
    }
  };
}
