import { Deque } from '@kaon/wire';

/** Frames that wait to be taken one by one with `for await`. The oldest go when there are too many. */
export class FrameQueue<T> implements AsyncIterableIterator<T> {
  readonly #limit: number;
  readonly #onEnd: () => void;
  readonly #frames: Deque<T> = new Deque();
  #waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #ended = false;

  /** `onEnd` is called once, when the reader leaves or the source ends. */
  constructor(limit: number, onEnd: () => void) {
    if (!(limit >= 1)) throw new RangeError('at least one frame has to be allowed to wait');
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  push(frame: T): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ done: false, value: frame });
      return;
    }
    if (this.#frames.length >= this.#limit) this.#frames.shift();
    this.#frames.push(frame);
  }

  /** No more frames come; those that wait can still be taken. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const waiting of this.#waiting) waiting({ done: true, value: undefined });
    this.#waiting = [];
    this.#onEnd();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const value = this.#frames.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#frames.clear();
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
