/** Takes bytes off a source in pieces of any size. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(chunks: AsyncIterator<Uint8Array>) {
    this.#chunks = chunks;
  }

  /** The next `length` bytes; fewer only at the end. Memory grows with what comes, not with what is asked for. */
  async take(length: number): Promise<Uint8Array> {
    if (!(await this.#fill())) return new Uint8Array(0);
    if (this.#chunk.length - this.#at >= length) return this.#cut(length);
    const parts: Uint8Array[] = [];
    let left = length;
    while (left > 0 && (await this.#fill())) {
      const part = this.#cut(left);
      parts.push(part);
      left -= part.length;
    }
    const out = new Uint8Array(length - left);
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  /** Passes over bytes. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0 && (await this.#fill()); ) left -= this.#cut(left).length;
  }

  async #fill(): Promise<boolean> {
    while (this.#at >= this.#chunk.length) {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.#chunk = value;
      this.#at = 0;
    }
    return true;
  }

  #cut(most: number): Uint8Array {
    const part = this.#chunk.subarray(this.#at, this.#at + most);
    this.#at += part.length;
    return part;
  }
}
