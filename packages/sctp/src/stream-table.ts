/**
 * State per stream id, made when first asked for. 65535 streams may be negotiated and few are used: pages of 64 keep
 * the lookup at two array reads and the cost of an unused stream at nothing.
 */
export class StreamTable<T> {
  readonly #pages: ((T | undefined)[] | undefined)[] = [];
  readonly #make: (id: number) => T;

  constructor(make: (id: number) => T) {
    this.#make = make;
  }

  /** The stream's state, made now if need be. */
  at(id: number): T {
    return this.#pages[id >> 6]?.[id & 63] ?? this.#add(id);
  }

  /** The stream's state if it was ever asked for. */
  peek(id: number): T | undefined {
    return this.#pages[id >> 6]?.[id & 63];
  }

  /** Calls `visit` for every state that was made, in order of ids. */
  forEach(visit: (state: T, id: number) => void): void {
    for (let page = 0; page < this.#pages.length; page++) {
      const states = this.#pages[page];
      if (states === undefined) continue;
      for (let i = 0; i < states.length; i++) {
        const state = states[i];
        if (state !== undefined) visit(state, page * 64 + i);
      }
    }
  }

  clear(): void {
    this.#pages.length = 0;
  }

  #add(id: number): T {
    // Filled up to the page asked for, so that the array stays dense: at most 1024 entries.
    while (this.#pages.length <= id >> 6) this.#pages.push(undefined);
    let page = this.#pages[id >> 6];
    if (page === undefined) {
      page = new Array<T | undefined>(64).fill(undefined);
      this.#pages[id >> 6] = page;
    }
    const made = this.#make(id);
    page[id & 63] = made;
    return made;
  }
}
