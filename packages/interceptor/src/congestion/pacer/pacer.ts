import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import type { ProbeCluster } from '../gcc/probe-controller.ts';
import { PacketQueue } from './packet-queue.ts';

/** Which packets go first: audio does not wait at all, then retransmissions, then video and its repair packets. */
export type PacketPriority = 'audio' | 'retransmission' | 'video';

/** Makes packets that carry nothing new, for probes that need more than there is to send. */
export interface PaddingSource {
  /** A packet, or undefined when none can be made now. */
  next(): RtpPacketView | undefined;
}

/** How a pacer behaves. */
export interface PacerOptions {
  /** How long a packet may wait, in ms: a longer queue is sent faster than the pacing rate. Default 2000. */
  readonly maxQueueTime?: number | undefined;
  /** How many packets may wait; further ones are dropped. Default 4096. */
  readonly maxQueuedPackets?: number | undefined;
}

/** What a pacer holds and did. */
export interface PacerState {
  readonly queuedPackets: number;
  readonly queuedBytes: number;
  /** How long the first packet has waited, in ms. */
  readonly queueTime: number;
  /** bit/s. */
  readonly pacingBitrate: number;
  /** Since the beginning. */
  readonly paddingPackets: number;
  readonly paddingBytes: number;
  readonly dropped: number;
  readonly probes: number;
}

/**
 * Spreads packets over time: a leaky bucket. What leaves adds to a debt that runs off at the pacing rate; while there is none,
 * up to 5 ms' worth may leave at once. Probes are bursts at a rate of their own, filled up with padding. It makes no object
 * for a packet and calls nobody back.
 */
export class Pacer {
  readonly #audio = new PacketQueue();
  readonly #retransmissions = new PacketQueue();
  readonly #video = new PacketQueue();
  readonly #padding: PaddingSource | undefined;
  readonly #maxQueueTime: number;
  readonly #maxQueued: number;
  #bitrate: number;
  /** Bytes sent ahead of time, as of `#at`. */
  #debt = 0;
  #at = Number.NEGATIVE_INFINITY;
  #isOpen = true;
  readonly #clusters: ProbeCluster[] = [];
  /** The probe under way is `#clusters[0]` once it has begun. */
  #probeBegan = Number.NaN;
  #probeBytes = 0;
  #probePackets = 0;
  /** Nothing is left for the probe until something is pushed. */
  #isProbeDry = true;
  #cluster = 0;
  #waited = 0;
  #paddingPackets = 0;
  #paddingBytes = 0;
  #dropped = 0;
  #probes = 0;

  /** `bitrate`: the pacing rate at first, in bit/s. */
  constructor(bitrate: number, padding?: PaddingSource, options: PacerOptions = {}) {
    this.#bitrate = bitrate;
    this.#padding = padding;
    this.#maxQueueTime = options.maxQueueTime ?? 2000;
    this.#maxQueued = options.maxQueuedPackets ?? 4096;
  }

  /** The probe that the packet last given belongs to, or 0. */
  get cluster(): number {
    return this.#cluster;
  }

  /** How long the packet last given has waited, in ms. */
  get waited(): number {
    return this.#waited;
  }

  state(now: number): PacerState {
    const oldest = Math.min(this.#audio.oldest, this.#retransmissions.oldest, this.#video.oldest);
    return {
      queuedPackets: this.#queued,
      queuedBytes: this.#audio.bytes + this.#retransmissions.bytes + this.#video.bytes,
      queueTime: oldest === Number.POSITIVE_INFINITY ? 0 : now - oldest,
      pacingBitrate: this.#bitrate,
      paddingPackets: this.#paddingPackets,
      paddingBytes: this.#paddingBytes,
      dropped: this.#dropped,
      probes: this.#probes,
    };
  }

  /** Sets the pacing rate in bit/s. */
  setBitrate(bitrate: number, now: number): void {
    this.#advance(now);
    this.#bitrate = bitrate;
  }

  /** Sends a burst at a rate of its own as soon as there is media. */
  probe(cluster: ProbeCluster): void {
    if (this.#clusters.length < MOST_CLUSTERS) this.#clusters.push(cluster);
  }

  /** Takes a packet; false: the queue is full and the packet is dropped. */
  push(packet: RtpPacketView, priority: PacketPriority, now: number): boolean {
    if (this.#queued >= this.#maxQueued) {
      this.#dropped++;
      return false;
    }
    if (priority === 'audio') this.#audio.push(packet, now);
    else {
      (priority === 'video' ? this.#video : this.#retransmissions).push(packet, now);
      this.#isProbeDry = false;
    }
    return true;
  }

  /** Drops what waits of a stream. */
  remove(ssrc: number): void {
    this.#audio.remove(ssrc);
    this.#video.remove(ssrc);
    this.#retransmissions.remove(ssrc);
  }

  /** The next packet that may leave now, or undefined. Call it until then. */
  next(now: number): RtpPacketView | undefined {
    this.#advance(now);
    this.#cluster = 0;
    if (this.#audio.length > 0) return this.#charge(this.#take(this.#audio, now)!);
    if (this.#clusters.length > 0 && !this.#isProbeDry) {
      const packet = this.#probeNext(now);
      if (packet !== undefined) return this.#charge(packet);
      // While a probe is under way nothing else may disturb its rate.
      if (!Number.isNaN(this.#probeBegan) && !this.#isProbeDry) return undefined;
    }
    if (!this.#isOpen) return undefined;
    const packet = this.#take(this.#retransmissions, now) ?? this.#take(this.#video, now);
    return packet === undefined ? undefined : this.#charge(packet);
  }

  /** When `next` may have a packet; Infinity when nothing waits. */
  pollTimeout(): number {
    if (this.#audio.length > 0) return this.#at;
    if (this.#clusters.length > 0 && !this.#isProbeDry) {
      return Number.isNaN(this.#probeBegan) ? this.#at : Math.max(this.#at, this.#probeDue());
    }
    if (this.#queued === 0) return Number.POSITIVE_INFINITY;
    return this.#isOpen ? this.#at : this.#at + (this.#debt * 8000) / this.#rate();
  }

  get #queued(): number {
    return this.#audio.length + this.#retransmissions.length + this.#video.length;
  }

  #advance(now: number): void {
    if (now <= this.#at) return;
    if (this.#debt > 0) this.#debt = Math.max(0, this.#debt - ((now - this.#at) * this.#rate()) / 8000);
    this.#at = now;
    // The rest of a byte is what rounding leaves.
    if (this.#debt < 0.01) {
      this.#debt = 0;
      this.#isOpen = true;
    }
  }

  #charge(packet: RtpPacketView): RtpPacketView {
    this.#debt += packet.bytes.length;
    const most = this.#rate() * (BURST_MS / 8000);
    if (this.#debt >= most) this.#isOpen = false;
    // What a probe sent beyond the pacing rate need not be waited off in full.
    if (this.#cluster !== 0) this.#debt = Math.min(this.#debt, most);
    return packet;
  }

  /** The pacing rate, or more when the queue could not be sent in time otherwise. */
  #rate(): number {
    const bytes = this.#retransmissions.bytes + this.#video.bytes;
    if (bytes === 0) return this.#bitrate;
    const oldest = Math.min(this.#retransmissions.oldest, this.#video.oldest);
    const left = Math.max(1, this.#maxQueueTime - (this.#at - oldest));
    return Math.max(this.#bitrate, (bytes * 8000) / left);
  }

  /** When the probe's next packet is due at its rate. */
  #probeDue(): number {
    return this.#probeBegan + (this.#probeBytes * 8000) / this.#clusters[0]!.bitrate;
  }

  #probeNext(now: number): RtpPacketView | undefined {
    const cluster = this.#clusters[0]!;
    if (Number.isNaN(this.#probeBegan)) {
      this.#probeBegan = now;
      this.#probeBytes = 0;
      this.#probePackets = 0;
      this.#probes++;
    } else if (this.#probeDue() > now + PROBE_AHEAD_MS) return undefined;
    const packet = this.#take(this.#retransmissions, now) ?? this.#take(this.#video, now) ?? this.#pad();
    if (packet === undefined) {
      this.#isProbeDry = true;
      // Media goes on when it comes; what was sent so far shows less than was asked for.
      if (now - this.#probeBegan > LONGEST_PROBE_MS) this.#endProbe();
      return undefined;
    }
    this.#cluster = cluster.id;
    this.#probeBytes += packet.bytes.length;
    this.#probePackets++;
    if (this.#probeBytes >= cluster.minBytes && this.#probePackets >= cluster.minPackets) this.#endProbe();
    return packet;
  }

  #endProbe(): void {
    this.#clusters.shift();
    this.#probeBegan = Number.NaN;
  }

  #take(queue: PacketQueue, now: number): RtpPacketView | undefined {
    if (queue.length === 0) return undefined;
    this.#waited = now - queue.oldest;
    return queue.shift();
  }

  #pad(): RtpPacketView | undefined {
    this.#waited = 0;
    const packet = this.#padding?.next();
    if (packet === undefined) return undefined;
    this.#paddingPackets++;
    this.#paddingBytes += packet.bytes.length;
    return packet;
  }
}

const BURST_MS = 5;
/** Packets of a probe leave up to this much early, so that timers need not fire for each. */
const PROBE_AHEAD_MS = 1;
const LONGEST_PROBE_MS = 100;
const MOST_CLUSTERS = 8;
