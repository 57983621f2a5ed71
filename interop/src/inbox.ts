import { setTimeout as sleep } from 'node:timers/promises';

/** How long anything awaited in a scenario may take, in milliseconds. */
export const PATIENCE = 10_000;

/** Rejects with `what` unless `promise` settles within `milliseconds`. */
export async function within<T>(promise: Promise<T>, what: string, milliseconds: number = PATIENCE): Promise<T> {
  const stop = new AbortController();
  const expiry = sleep(milliseconds, undefined, { signal: stop.signal }).then(
    () => {
      throw new Error(`${what}: not within ${milliseconds} ms`);
    },
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    stop.abort();
  }
}

/** Things that arrive, taken out in their order by those who wait for them. */
export class Inbox<T> {
  readonly #name: string;
  readonly #items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** How many lie here untaken. */
  get size(): number {
    return this.#items.length;
  }

  put(item: T): void {
    const taker = this.#waiting.shift();
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  }

  /** The oldest item, now or within `milliseconds`. */
  async next(milliseconds: number = PATIENCE): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return item;
    let taker: (item: T) => void = () => {};
    const arrival = new Promise<T>((resolve) => {
      taker = resolve;
      this.#waiting.push(resolve);
    });
    try {
      return await within(arrival, this.#name, milliseconds);
    } catch (error) {
      this.#waiting.splice(this.#waiting.indexOf(taker), 1);
      throw error;
    }
  }

  /** `count` items in their order of arrival. */
  async take(count: number, milliseconds: number = PATIENCE): Promise<T[]> {
    const items: T[] = [];
    while (items.length < count) items.push(await this.next(milliseconds));
    return items;
  }
}

/** A one-way switch that can be waited for. */
export class Signal {
  readonly #name: string;
  readonly #promise: Promise<void>;
  #resolve: () => void = () => {};
  raised: boolean = false;

  constructor(name: string) {
    this.#name = name;
    this.#promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  raise(): void {
    this.raised = true;
    this.#resolve();
  }

  wait(milliseconds: number = PATIENCE): Promise<void> {
    return within(this.#promise, this.#name, milliseconds);
  }
}
