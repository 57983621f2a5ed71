/**
 * What must go on where it was when a stream that ended begins again under the same SSRC, as after a hold: numbers that were used
 * under a key must not be used again (RFC 3711 §9.1). The latest 1024 are remembered.
 */
export class Remembered<T> {
  readonly #values: Map<number, T> = new Map();

  /** Remembers `value` for `ssrc`. */
  set(ssrc: number, value: T): void {
    this.#values.delete(ssrc);
    this.#values.set(ssrc, value);
    if (this.#values.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#values.keys();
    this.#values.delete(oldest!);
  }

  /** What was remembered for `ssrc`, which is forgotten here. */
  take(ssrc: number): T | undefined {
    const value = this.#values.get(ssrc);
    this.#values.delete(ssrc);
    return value;
  }
}

const MAX_REMEMBERED = 1024;
