import { Deque } from '@kaon/wire';

/** Application datagrams that wait to be polled; beyond this many bytes or datagrams new ones are lost, as on any network. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_DATAGRAMS = 8192;

/** Decrypted application data. It is held back until the peer is authenticated. */
export class PlaintextQueue {
  readonly #waiting = new Deque<Uint8Array>();
  #bytes = 0;
  #open = false;

  /** From now on `shift` gives out what is there. */
  open(): void {
    this.#open = true;
  }

  /** Takes a datagram; false when there is no room. */
  push(bytes: Uint8Array): boolean {
    if (this.#bytes + bytes.length > MAX_BYTES || this.#waiting.length >= MAX_DATAGRAMS) return false;
    this.#bytes += bytes.length;
    this.#waiting.push(bytes);
    return true;
  }

  /** The next datagram, or undefined. */
  shift(): Uint8Array | undefined {
    if (!this.#open) return undefined;
    const bytes = this.#waiting.shift();
    if (bytes !== undefined) this.#bytes -= bytes.length;
    return bytes;
  }

  /** Throws away what is there, for good. */
  discard(): void {
    this.#open = false;
    this.#waiting.clear();
    this.#bytes = MAX_BYTES;
  }
}
