import type { ListenerOptions } from './event-target.ts';

/**
 * Counts the listeners of one event type as `EventTarget` counts them, which does not tell: the same callback with the same
 * `capture` counts once, `once` and `signal` take listeners away.
 */
export class ListenerTracker {
  readonly type: string;
  #entries: { readonly callback: unknown; readonly capture: boolean; readonly once: boolean }[] = [];

  constructor(type: string) {
    this.type = type;
  }

  get count(): number {
    return this.#entries.length;
  }

  add(callback: unknown, options: unknown): void {
    if (callback === null || callback === undefined) return;
    const capture = captures(options);
    const { once, signal } = (typeof options === 'object' && options !== null ? options : {}) as ListenerOptions;
    if (signal?.aborted || this.#find(callback, capture) >= 0) return;
    this.#entries.push({ callback, capture, once: once === true });
    signal?.addEventListener('abort', () => this.remove(callback, capture), { once: true });
  }

  remove(callback: unknown, options: unknown): void {
    const index = this.#find(callback, captures(options));
    if (index >= 0) this.#entries.splice(index, 1);
  }

  /** To be called after each dispatch, which took away the listeners that wanted one event only. */
  dispatched(): void {
    for (let i = this.#entries.length - 1; i >= 0; i--) if (this.#entries[i]?.once) this.#entries.splice(i, 1);
  }

  #find(callback: unknown, capture: boolean): number {
    return this.#entries.findIndex((entry) => entry.callback === callback && entry.capture === capture);
  }
}

function captures(options: unknown): boolean {
  return typeof options === 'object' && options !== null
    ? (options as ListenerOptions).capture === true
    : options === true;
}
