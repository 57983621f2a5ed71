/**
 * What a probe found: the rate at which its packets arrived compared with that at which they were sent. State is kept for
 * the last few clusters only. Rates in bit/s, times in ms.
 */
export class ProbeEstimator {
  readonly #clusters: Cluster[] = [];

  /** A burst is about to be sent. */
  begin(id: number, minBytes: number, minPackets: number): void {
    if (this.#clusters.length === MOST_CLUSTERS) this.#clusters.shift();
    this.#clusters.push({
      id,
      minBytes,
      minPackets,
      packets: 0,
      bytes: 0,
      firstSent: Number.POSITIVE_INFINITY,
      lastSent: Number.NEGATIVE_INFINITY,
      lastSentBytes: 0,
      firstArrival: Number.POSITIVE_INFINITY,
      firstArrivalBytes: 0,
      lastArrival: Number.NEGATIVE_INFINITY,
    });
  }

  /**
   * A packet of a probe arrived. `inherentLoss` is the share of packets that gets lost whatever the rate: it is not
   * held against the network. Returns the bitrate that the network carries, or undefined while too little is known.
   */
  add(id: number, bytes: number, sentAt: number, arrivedAt: number, inherentLoss: number): number | undefined {
    const cluster = this.#clusters.find((each) => each.id === id);
    if (cluster === undefined) return undefined;
    cluster.packets++;
    cluster.bytes += bytes;
    cluster.firstSent = Math.min(cluster.firstSent, sentAt);
    if (sentAt >= cluster.lastSent) {
      cluster.lastSent = sentAt;
      cluster.lastSentBytes = bytes;
    }
    if (arrivedAt < cluster.firstArrival) {
      cluster.firstArrival = arrivedAt;
      cluster.firstArrivalBytes = bytes;
    }
    cluster.lastArrival = Math.max(cluster.lastArrival, arrivedAt);
    return estimate(cluster, inherentLoss);
  }
}

interface Cluster {
  readonly id: number;
  readonly minBytes: number;
  readonly minPackets: number;
  packets: number;
  bytes: number;
  firstSent: number;
  lastSent: number;
  lastSentBytes: number;
  firstArrival: number;
  firstArrivalBytes: number;
  lastArrival: number;
}

function estimate(cluster: Cluster, inherentLoss: number): number | undefined {
  // Where much is lost by chance, chance also decides how much of a few packets that is.
  const share = (inherentLoss < LITTLE_LOSS ? LEAST_RECEIVED : LEAST_RECEIVED_OF_LOSSY) * (1 - inherentLoss);
  if (cluster.packets < Math.max(3, cluster.minPackets * share) || cluster.bytes < cluster.minBytes * share) {
    return undefined;
  }
  const sending = cluster.lastSent - cluster.firstSent;
  const arriving = cluster.lastArrival - cluster.firstArrival;
  if (!(sending > 0 && sending <= LONGEST_MS && arriving > 0 && arriving <= LONGEST_MS)) return undefined;
  // n packets span n - 1 gaps: the last one sent and the first one received do not count.
  const sent = (8000 * (cluster.bytes - cluster.lastSentBytes)) / sending;
  const arrived = (8000 * (cluster.bytes - cluster.firstArrivalBytes)) / arriving;
  // Faster than sent by so much: the packets waited somewhere and came in a lump.
  if (arrived / sent > MOST_RATIO) return undefined;
  const found = arrived < SATURATED * sent ? arrived * UTILISATION : Math.min(sent, arrived);
  return found / (1 - inherentLoss);
}

const MOST_CLUSTERS = 8;
const LEAST_RECEIVED = 0.8;
const LEAST_RECEIVED_OF_LOSSY = 0.6;
const LITTLE_LOSS = 0.03;
const LONGEST_MS = 1000;
const MOST_RATIO = 2;
/** Packets that arrive slower than this share of how they were sent: the link was full. */
const SATURATED = 0.9;
const UTILISATION = 0.95;
