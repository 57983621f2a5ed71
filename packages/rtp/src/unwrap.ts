/**
 * Numbers that wrap, made to count on. The reference is the highest number so far, so old packets do not move it.
 * Results are never negative, and their low bits are the number itself.
 */

/** Sequence numbers of 16 bits (RFC 3550 §A.1). One for each stream. */
export class SequenceUnwrapper {
  #highest = -1;

  /**
   * The number on an axis that does not wrap: that which is nearest to the highest so far. The first one lands 65536 above
   * itself, so that packets before it have a place.
   */
  unwrap(sequenceNumber: number): number {
    const unwrapped = this.peek(sequenceNumber);
    if (unwrapped > this.#highest) this.#highest = unwrapped;
    return unwrapped;
  }

  /** What `unwrap` would return, without moving the reference. */
  peek(sequenceNumber: number): number {
    if (this.#highest < 0) return 0x1_0000 + sequenceNumber;
    return this.#highest + (((sequenceNumber - (this.#highest & 0xffff)) << 16) >> 16);
  }

  /** Forgets the reference: the stream began anew. */
  reset(): void {
    this.#highest = -1;
  }
}

/** RTP timestamps of 32 bits. One for each stream. */
export class TimestampUnwrapper {
  #highest = -1;

  /**
   * The timestamp on an axis that does not wrap: that which is nearest to the highest so far. The first one lands 2^32 above
   * itself.
   */
  unwrap(timestamp: number): number {
    const unwrapped = this.peek(timestamp);
    if (unwrapped > this.#highest) this.#highest = unwrapped;
    return unwrapped;
  }

  /** What `unwrap` would return, without moving the reference. */
  peek(timestamp: number): number {
    if (this.#highest < 0) return 2 ** 32 + timestamp;
    return this.#highest + ((timestamp - (this.#highest % 2 ** 32)) | 0);
  }

  /** Forgets the reference: the stream began anew. */
  reset(): void {
    this.#highest = -1;
  }
}
