/** Highest stream id plus one: 65535 is reserved (RFC 8831 §6.2, RFC 8832 §6). */
export const STREAM_ID_LIMIT = 65535;

/**
 * Which stream ids are taken. Ids of our own channels are even for the DTLS client and odd for the server (RFC 8832 §6).
 * An id is given back only when its channel is closed in both directions.
 */
export class StreamIds {
  readonly #taken = new Set<number>();
  /** No free id of our parity lies below. */
  #next = 0;
  #parity: 0 | 1 | undefined = undefined;

  /** Whether the parity is known. */
  get hasRole(): boolean {
    return this.#parity !== undefined;
  }

  setRole(role: 'client' | 'server'): void {
    this.#parity = role === 'client' ? 0 : 1;
    this.#next = this.#parity;
  }

  /** Whether the peer may open `id` by DCEP. */
  isPeers(id: number): boolean {
    return this.#parity === undefined || (id & 1) !== this.#parity;
  }

  isTaken(id: number): boolean {
    return this.#taken.has(id);
  }

  take(id: number): void {
    this.#taken.add(id);
  }

  /** Takes the lowest free id of our parity below `limit`; undefined when there is none or the role is not known. */
  takeNext(limit: number): number | undefined {
    if (this.#parity === undefined) return undefined;
    let id = this.#next;
    while (this.#taken.has(id)) id += 2;
    this.#next = id;
    if (id >= limit) return undefined;
    this.#taken.add(id);
    return id;
  }

  giveBack(id: number): void {
    if (this.#taken.delete(id) && !this.isPeers(id) && id < this.#next) this.#next = id;
  }
}
