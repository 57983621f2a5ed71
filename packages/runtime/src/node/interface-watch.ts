import type { InterfaceAddress } from '@kaon/interface/network/v1';

/** Watches interfaces by asking now and then: no platform tells JavaScript. One timer for all who watch. */
export class InterfaceWatch {
  readonly #read: () => readonly InterfaceAddress[];
  readonly #every: number;
  readonly #watchers = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined = undefined;
  #last = '';

  /** `every` in milliseconds. */
  constructor(read: () => readonly InterfaceAddress[], every: number) {
    this.#read = read;
    this.#every = every;
  }

  /** `Network.watchInterfaces`. */
  watch(onChange: () => void): () => void {
    // Not the function itself: who watches twice is told twice, and may stop one of them.
    const watcher = (): void => onChange();
    this.#watchers.add(watcher);
    if (this.#timer === undefined) {
      this.#last = this.#state();
      this.#timer = setInterval(() => this.#look(), this.#every);
      this.#timer.unref();
    }
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #look(): void {
    const state = this.#state();
    if (state === this.#last) return;
    this.#last = state;
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Order is the platform's, and says nothing. */
  #state(): string {
    return this.#read()
      .map(({ name, address }) => `${name} ${address}`)
      .sort()
      .join('\n');
  }
}
