/**
 * Where the packets of one stream stand in the history of sent packets, by RTP sequence number: RFC 8888 names packets by stream
 * and not by a number of the transport.
 */
export class SentIndex {
  readonly #number: Float64Array = new Float64Array(CAPACITY).fill(-1);
  readonly #sequence: Uint16Array = new Uint16Array(CAPACITY);

  /** Notes that the packet with this sequence number got `number` in the history. */
  add(sequenceNumber: number, number: number): void {
    const at = sequenceNumber & MASK;
    this.#sequence[at] = sequenceNumber;
    this.#number[at] = number;
  }

  /** Its number in the history, or -1. */
  find(sequenceNumber: number): number {
    const at = sequenceNumber & MASK;
    return this.#sequence[at] === sequenceNumber ? this.#number[at]! : -1;
  }
}

const CAPACITY = 8192;
const MASK = CAPACITY - 1;
