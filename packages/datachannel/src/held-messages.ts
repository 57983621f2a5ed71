/** A message that came before its channel. */
export interface HeldMessage {
  readonly ppid: number;
  readonly data: Uint8Array;
}

/**
 * Messages on streams that have no channel yet: the peer may create its half of a negotiated channel first, or use an id
 * anew before we saw that our reset was done. Few and short ones are kept; what does not fit is refused.
 */
export class HeldMessages {
  readonly #byStream = new Map<number, HeldMessage[]>();
  #count = 0;
  #bytes = 0;

  /** Keeps a message. Returns false when there is no room. */
  hold(stream: number, ppid: number, data: Uint8Array): boolean {
    if (this.#count >= MAX_MESSAGES || this.#bytes + data.length > MAX_BYTES) return false;
    const list = this.#byStream.get(stream);
    if (list === undefined) this.#byStream.set(stream, [{ ppid, data }]);
    else list.push({ ppid, data });
    this.#count++;
    this.#bytes += data.length;
    return true;
  }

  /** Takes out all messages of a stream, in order. */
  take(stream: number): readonly HeldMessage[] {
    const list = this.#byStream.get(stream);
    if (list === undefined) return NONE;
    this.#byStream.delete(stream);
    this.#count -= list.length;
    for (const message of list) this.#bytes -= message.data.length;
    return list;
  }

  clear(): void {
    this.#byStream.clear();
    this.#count = 0;
    this.#bytes = 0;
  }
}

const MAX_MESSAGES = 256;
const MAX_BYTES = 256 * 1024;
const NONE: readonly HeldMessage[] = [];
