import type { Clock, ClockTimer } from '@kaon/interface/network/v1';
import { nodeClock } from '@kaon/runtime/node';

/** The real clock, which can be put forward: what is due by then happens at once. */
export class JumpClock implements Clock {
  readonly interface = 'kaon:clock/1';
  #ahead = 0;
  readonly #timers = new Set<JumpTimer>();

  now(): number {
    return nodeClock.now() + this.#ahead;
  }

  wallClock(): number {
    return nodeClock.wallClock() + this.#ahead;
  }

  timer(callback: () => void): ClockTimer {
    const timer = new JumpTimer(this, callback);
    this.#timers.add(timer);
    return timer;
  }

  defer(callback: () => void): void {
    nodeClock.defer(callback);
  }

  real(at: number): number {
    return at - this.#ahead;
  }

  jump(milliseconds: number): void {
    this.#ahead += milliseconds;
    for (const timer of [...this.#timers]) timer.rearm();
  }
}

class JumpTimer implements ClockTimer {
  readonly #clock: JumpClock;
  readonly #timer: ClockTimer;
  #at = Number.POSITIVE_INFINITY;

  constructor(clock: JumpClock, callback: () => void) {
    this.#clock = clock;
    this.#timer = nodeClock.timer(() => {
      this.#at = Number.POSITIVE_INFINITY;
      callback();
    });
  }

  reset(at: number): void {
    this.#at = at;
    this.#timer.reset(this.#clock.real(at));
  }

  cancel(): void {
    this.#at = Number.POSITIVE_INFINITY;
    this.#timer.cancel();
  }

  rearm(): void {
    if (this.#at !== Number.POSITIVE_INFINITY) this.reset(this.#at);
  }
}
