/**
 * What one feedback said about packets of ours: columns instead of objects, used again for each feedback. Entry `i` is valid
 * for `i < count`.
 */
export class FeedbackBatch {
  count = 0;
  /** When the packet left, ms on our clock. */
  sentAt: Float64Array = new Float64Array(INITIAL);
  /** When it arrived, ms on the peer's clock; NaN: it is reported as lost. */
  arrivedAt: Float64Array = new Float64Array(INITIAL);
  /** Bytes of the RTP packet. */
  size: Float64Array = new Float64Array(INITIAL);
  /** The probe that it was part of, or 0. */
  cluster: Float64Array = new Float64Array(INITIAL);
  /** 1: it had been reported as lost before; 2: it had been counted in `skipped`. */
  recovered: Uint8Array = new Uint8Array(INITIAL);
  /** ECN codepoint with which it arrived; 3 is CE. */
  ecn: Uint8Array = new Uint8Array(INITIAL);
  /** Indexes of the packets that arrived, in order of arrival; filled by `sort`. */
  order: Uint32Array = new Uint32Array(INITIAL);
  /** How many packets arrived. */
  received = 0;
  /** Bytes of older packets that no feedback told about: their feedback was lost. */
  skipped = 0;

  clear(): void {
    this.count = 0;
    this.received = 0;
    this.skipped = 0;
  }

  add(sentAt: number, arrivedAt: number, size: number, cluster: number, recovered: number, ecn: number): void {
    if (this.count === this.sentAt.length) this.#grow();
    const at = this.count++;
    this.sentAt[at] = sentAt;
    this.arrivedAt[at] = arrivedAt;
    this.size[at] = size;
    this.cluster[at] = cluster;
    this.recovered[at] = recovered;
    this.ecn[at] = ecn;
  }

  /** Fills `order`. Arrivals are almost in order already, so each is moved back only past those that overtook it. */
  sort(): void {
    let received = 0;
    let moves = 0;
    for (let i = 0; i < this.count; i++) {
      const arrivedAt = this.arrivedAt[i]!;
      if (Number.isNaN(arrivedAt)) continue;
      let hole = received++;
      while (hole > 0 && this.arrivedAt[this.order[hole - 1]!]! > arrivedAt) {
        this.order[hole] = this.order[hole - 1]!;
        hole--;
        moves++;
      }
      this.order[hole] = i;
      if (moves <= MOST_MOVES) continue;
      this.#sortAll();
      return;
    }
    this.received = received;
  }

  /** For what a peer puts out of order on purpose. */
  #sortAll(): void {
    const { arrivedAt } = this;
    let received = 0;
    for (let i = 0; i < this.count; i++) if (!Number.isNaN(arrivedAt[i]!)) this.order[received++] = i;
    this.order.subarray(0, received).sort((a, b) => arrivedAt[a]! - arrivedAt[b]! || a - b);
    this.received = received;
  }

  #grow(): void {
    const length = this.sentAt.length * 2;
    this.sentAt = enlarged(this.sentAt, length);
    this.arrivedAt = enlarged(this.arrivedAt, length);
    this.size = enlarged(this.size, length);
    this.cluster = enlarged(this.cluster, length);
    const { recovered, ecn, order } = this;
    this.recovered = new Uint8Array(length);
    this.recovered.set(recovered);
    this.ecn = new Uint8Array(length);
    this.ecn.set(ecn);
    this.order = new Uint32Array(length);
    this.order.set(order);
  }
}

const INITIAL = 256;
/** Steps back over all packets of a feedback, beyond which their order is not that of any network. */
const MOST_MOVES = 10_000;

function enlarged(column: Float64Array, length: number): Float64Array {
  const larger = new Float64Array(length);
  larger.set(column);
  return larger;
}
