import { concatBytes } from '@kaon/wire';

/** Puts messages together that an old peer sent in parts (the deprecated PPIDs 52 and 54, RFC 8831 §6.6). */
export class PartialMessages {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #binary = false;

  /** `limit` is the longest whole message in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the last part is still to come. */
  get pending(): boolean {
    return this.#parts.length > 0;
  }

  /** Takes a part. Returns false, and forgets all parts, when the message is too long or changes its kind. */
  add(part: Uint8Array, binary: boolean): boolean {
    if (this.#bytes + part.length > this.#limit || (this.pending && this.#binary !== binary)) {
      this.#reset();
      return false;
    }
    this.#parts.push(part);
    this.#bytes += part.length;
    this.#binary = binary;
    return true;
  }

  /** The whole message with its last part; undefined, and all is forgotten, when the parts do not fit together. */
  finish(last: Uint8Array, binary: boolean): Uint8Array | undefined {
    const whole = this.add(last, binary) ? concatBytes(...this.#parts) : undefined;
    this.#reset();
    return whole;
  }

  #reset(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}
