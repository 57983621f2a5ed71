import { Deque } from '@kaon/wire';

/**
 * Which of the bytes waiting in a stream are none of the user's: DCEP messages and the byte that stands for an empty
 * message. `bufferedAmount` counts what the user wrote and nothing else (W3C WebRTC §6.2).
 */
export class Overhead {
  /** Bytes written to the stream so far, ours and the user's. */
  #written = 0;
  readonly #entries: Deque<{ readonly end: number; readonly size: number }> = new Deque(2);

  user(size: number): void {
    this.#written += size;
  }

  own(size: number): void {
    this.#written += size;
    this.#entries.push({ end: this.#written, size });
  }

  /** What of `buffered` bytes in the stream's queue, which are the last ones written, belongs to the user. */
  userBytes(buffered: number): number {
    const sent = this.#written - buffered;
    for (let entry = this.#entries.peek(); entry !== undefined && entry.end <= sent; entry = this.#entries.peek())
      this.#entries.shift();
    if (this.#entries.length === 0) return buffered;
    let bytes = buffered;
    for (const entry of this.#entries) bytes -= Math.min(entry.size, entry.end - sent);
    return bytes;
  }
}
