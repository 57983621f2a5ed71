/**
 * Time that stands still until a test moves it.
 *
 * Everything due runs in the exact order of its time (ties: the order in which it was armed), with `now()` at the
 * time it was due. After each timer, and before the first one, the clock *settles*: it gives the real event loop one
 * whole turn (`setImmediate`), in which every promise that can go on does, then runs the calls given to `defer`, and
 * repeats this until no deferred call is left. So a chain of promises of any length finishes before virtual time
 * moves on. What the host does on other threads (WebCrypto, files) takes real time that this clock knows nothing
 * of: await it before moving the clock.
 */
import type { Instant } from '@kaon/interface/core/v1';
import type { Clock, ClockTimer } from '@kaon/interface/network/v1';
import { Schedule } from './schedule.ts';

/** Where a virtual clock begins. */
export interface VirtualClockOptions {
  /** First `now()` in ms. Default 1000: code that takes 0 for "unset" is found, as on a real machine. */
  readonly start?: Instant | undefined;
  /** `wallClock()` at the start, in ms since the Unix epoch. Default 2026-01-01T00:00:00Z. */
  readonly epoch?: number | undefined;
}

/** How long `runUntil` goes on. */
export interface RunOptions {
  /** Virtual ms after which it rejects. Default 60 000. */
  readonly timeout?: number | undefined;
  /** What is awaited, for the error message. */
  readonly what?: string | undefined;
}

/** A `Clock` (network/v1) in virtual time; see the top of this module. */
export class VirtualClock implements Clock {
  readonly interface = 'kaon:clock/1' as const;
  readonly #schedule = new Schedule<Armed>();
  readonly #wallOffset: number;
  #deferred: (() => void)[] = [];
  #now: Instant;
  #live = 0;

  constructor(options: VirtualClockOptions = {}) {
    this.#now = options.start ?? 1000;
    this.#wallOffset = (options.epoch ?? 1_767_225_600_000) - this.#now;
  }

  now(): Instant {
    return this.#now;
  }

  wallClock(): number {
    return this.#now + this.#wallOffset;
  }

  timer(callback: () => void): ClockTimer {
    let armed: Armed | undefined;
    const cancel = (): void => {
      if (armed !== undefined && !armed.done) {
        armed.done = true;
        this.#live--;
      }
      armed = undefined;
    };
    const reset = (at: Instant): void => {
      cancel();
      if (Number.isNaN(at)) throw new RangeError('a timer needs a time');
      if (at === Number.POSITIVE_INFINITY) return;
      armed = { done: false, callback };
      this.#live++;
      this.#schedule.add(at, armed);
    };
    return { reset, cancel };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** How many timers are armed and how many deferred calls wait: 0 when everything has been shut down. */
  get pending(): number {
    return this.#live + this.#deferred.length;
  }

  /** When the next timer is due, or Infinity. */
  get nextTimer(): Instant {
    while (this.#schedule.peek()?.done === true) this.#schedule.take(Number.POSITIVE_INFINITY);
    return this.#schedule.next();
  }

  /** Lets promises and deferred calls run until none is left; time does not move. */
  async settle(): Promise<void> {
    await turn();
    // Promises of a turn may defer calls, too: the last turn is one that leaves none.
    while (this.#deferred.length > 0) {
      this.#runDeferred();
      await turn();
    }
  }

  /** Moves time on by `ms`, running what is due in order and settling in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    while (this.nextTimer <= end) {
      this.#fireNext();
      await this.settle();
    }
    this.#now = Math.max(this.#now, end);
  }

  /**
   * Moves from timer to timer until `predicate` holds (asked before the first and after each one).
   * Rejects when `timeout` virtual ms have gone by, or when nothing is left that could ever happen.
   */
  async runUntil(predicate: () => boolean, options: RunOptions = {}): Promise<void> {
    const timeout = options.timeout ?? 60_000;
    const end = this.#now + timeout;
    await this.settle();
    while (!predicate()) {
      const next = this.nextTimer;
      if (next > end) {
        this.#now = Math.max(this.#now, end);
        const what = options.what ?? 'what the test waits for';
        const why = next === Number.POSITIVE_INFINITY ? ': no timer is armed any more' : '';
        throw new Error(`${what} did not happen within ${timeout} ms${why} (now ${this.#now})`);
      }
      this.#fireNext();
      await this.settle();
    }
  }

  /** As `advance`, without promises: deferred calls run, but nothing that awaits does. For drivers of bare cores. */
  advanceSync(ms: number): void {
    const end = this.#now + ms;
    this.#runAllDeferred();
    while (this.nextTimer <= end) {
      this.#fireNext();
      this.#runAllDeferred();
    }
    this.#now = Math.max(this.#now, end);
  }

  #fireNext(): void {
    const at = this.nextTimer;
    const armed = this.#schedule.take(at)!;
    this.#now = Math.max(this.#now, at);
    armed.done = true;
    this.#live--;
    armed.callback();
  }

  /** Only those waiting now: what they defer belongs to the next turn. */
  #runDeferred(): void {
    const calls = this.#deferred;
    this.#deferred = [];
    for (const call of calls) call();
  }

  #runAllDeferred(): void {
    while (this.#deferred.length > 0) this.#runDeferred();
  }
}

interface Armed {
  done: boolean;
  readonly callback: () => void;
}

// Taken when the module loads: a test may replace the globals by fake timers later.
const immediate: ((callback: () => void) => unknown) | undefined = globalThis.setImmediate;
const later: (callback: () => void, ms: number) => unknown = globalThis.setTimeout;

/** One turn of the real event loop: all microtasks, however deep, are done when it resolves. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate === undefined) later(resolve, 0);
    else immediate(resolve);
  });
}
