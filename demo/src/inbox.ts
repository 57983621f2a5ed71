/** Messages of a channel in the order of their arrival, for `await` instead of callbacks. */
export class Inbox {
  readonly #messages: (string | ArrayBuffer)[] = [];
  readonly #limit: number;
  #bytes = 0;
  #failure: Error | undefined;
  #waiting: { resolve: (message: string | ArrayBuffer) => void; reject: (error: Error) => void } | undefined;

  /**
   * Listens at once, so make it in the turn in which the channel came. A peer that sends more than `limit` bytes ahead
   * of `next` ignores the window: that fails the inbox. So does `signal`.
   */
  constructor(channel: RTCDataChannel, limit: number, signal: AbortSignal | undefined) {
    this.#limit = limit;
    channel.addEventListener('message', ({ data }) => this.#take(data as string | ArrayBuffer));
    channel.addEventListener('close', () => this.#fail(new Error('the channel closed before the transfer ended')));
    const cancel = (): void => {
      this.#drop();
      this.#fail(cancelled(signal));
    };
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
  }

  /** Messages that wait. */
  get length(): number {
    return this.#messages.length;
  }

  /** The next message. Rejects once the inbox has failed and everything that came before is read. */
  next(): Promise<string | ArrayBuffer> {
    const message = this.#messages.shift();
    if (message !== undefined) {
      this.#bytes -= sizeOf(message);
      return Promise.resolve(message);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #take(message: string | ArrayBuffer): void {
    if (this.#failure !== undefined) return;
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve(message);
      return;
    }
    this.#messages.push(message);
    this.#bytes += sizeOf(message);
    if (this.#bytes <= this.#limit) return;
    this.#drop();
    this.#fail(new Error(`the other side sent more than ${this.#limit} bytes ahead`));
  }

  #drop(): void {
    this.#messages.length = 0;
    this.#bytes = 0;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}

/** What an aborted transfer fails with: the error that the signal was aborted with. */
export function cancelled(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('cancelled');
}

function sizeOf(message: string | ArrayBuffer): number {
  return typeof message === 'string' ? message.length : message.byteLength;
}
