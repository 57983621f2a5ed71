import type { Credential } from '../server/index.ts';

/** As many as the core waits for (`maxAuthenticating`). */
const LIMIT = 1024;

/** Look-ups of users that the main thread makes for a worker, by number. */
export class PendingLookups {
  readonly #waiting = new Map<number, (credential: Credential | undefined) => void>();
  #last = 0;

  /**
   * Notes one and returns its number. The core gives up what takes too long and never waits for more than fit in here, so when
   * there are more the oldest is nobody's any more: it settles with undefined.
   */
  add(settle: (credential: Credential | undefined) => void): number {
    for (const id of this.#waiting.keys()) {
      if (this.#waiting.size < LIMIT) break;
      this.settle(id, undefined);
    }
    this.#waiting.set(++this.#last, settle);
    return this.#last;
  }

  /** What came out; later answers to the same number are ignored. */
  settle(id: number, credential: Credential | undefined): void {
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    settle?.(credential);
  }
}
