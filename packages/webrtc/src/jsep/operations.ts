/** The operations chain of a connection: one at a time, in order (W3C WebRTC §4.4.1.2). */
export class OperationsChain {
  readonly #queue: (() => void)[] = [];
  readonly #isClosed: () => boolean;
  readonly #onEmpty: () => void;

  /** `onEmpty` is called when the last operation is through. */
  constructor(isClosed: () => boolean, onEmpty: () => void) {
    this.#isClosed = isClosed;
    this.#onEmpty = onEmpty;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Runs `operation` behind those before it. As the standard has it, the promise never settles once the connection is closed. */
  chain<T>(operation: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const start = (): void => {
        operation().then(
          (value) => this.#finish(() => resolve(value)),
          (error: unknown) => this.#finish(() => reject(error)),
        );
      };
      this.#queue.push(start);
      if (this.#queue.length === 1) start();
    });
  }

  #finish(settle: () => void): void {
    if (this.#isClosed()) return;
    settle();
    this.#queue.shift();
    const next = this.#queue[0];
    if (next !== undefined) next();
    else this.#onEmpty();
  }
}
