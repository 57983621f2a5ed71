import type { Instant } from '@kaon/interface/core/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import type { CongestionCore } from '../core.ts';
import { Pacer, type PacketPriority } from './pacer.ts';
import { RtxPadding } from './rtx-padding.ts';

/** The stage of the slot `pacer`: everything that is sent passes it, and probes are made here. */
export class PacerStage implements Interceptor {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'pacer';
  readonly pacer: Pacer;
  readonly #core: CongestionCore;
  readonly #padding: RtxPadding;
  readonly #streams = new Map<number, StreamInfo>();
  readonly #priorities = new Map<number, PacketPriority>();
  /** By SSRC: that of a media stream has those of its repair, too. */
  readonly #delays = new Map<number, SendDelay>();
  #last: SendDelay | undefined;
  #bitrate = 0;

  constructor(core: CongestionCore) {
    const { settings } = core;
    this.#core = core;
    this.#padding = new RtxPadding(settings.random);
    this.pacer = new Pacer(settings.startBitrate * settings.pacingFactor, this.#padding, settings);
  }

  bindLocalStream(stream: StreamInfo): void {
    this.#streams.set(stream.ssrc, stream);
    this.#priorities.set(stream.ssrc, stream.kind);
    if (stream.fec?.ssrc !== undefined) this.#priorities.set(stream.fec.ssrc, stream.kind);
    if (stream.rtxSsrc !== undefined) this.#priorities.set(stream.rtxSsrc, 'retransmission');
    this.#padding.bind(stream);
    this.#bindDelay(stream);
  }

  unbindLocalStream(ssrc: number): void {
    const stream = this.#streams.get(ssrc);
    this.#streams.delete(ssrc);
    for (const one of [ssrc, stream?.rtxSsrc, stream?.fec?.ssrc]) {
      if (one === undefined) continue;
      this.#priorities.delete(one);
      this.pacer.remove(one);
    }
    this.#padding.unbind(ssrc);
    for (const [key, { owner }] of this.#delays) if (owner === ssrc) this.#delays.delete(key);
    this.#last = undefined;
  }

  /** Milliseconds that packets of a stream have waited here, retransmissions included, summed up. */
  sendDelay(ssrc: number): number {
    const delay = this.#delays.get(ssrc);
    return delay === undefined ? 0 : delay.sum.total;
  }

  handleOutgoingRtp(packet: RtpPacketView, now: Instant): boolean {
    const priority = this.#priorities.get(packet.ssrc) ?? 'video';
    if (priority === 'video') this.#core.mediaReady(now);
    this.pacer.push(packet, priority, now);
    return false;
  }

  pollOutgoingRtp(now: Instant): RtpPacketView | undefined {
    const { pacer } = this;
    this.#refresh(now);
    const packet = pacer.next(now);
    if (packet === undefined) return undefined;
    this.#core.cluster = pacer.cluster;
    this.#padding.leaving(packet);
    this.#noteDelay(packet.ssrc);
    return packet;
  }

  handleTimeout(now: Instant): void {
    this.#refresh(now);
  }

  pollTimeout(): Instant {
    return this.pacer.pollTimeout();
  }

  #bindDelay({ ssrc, rtxSsrc }: StreamInfo): void {
    const sum = this.#delays.get(ssrc)?.sum ?? { total: 0 };
    for (const one of [ssrc, rtxSsrc]) if (one !== undefined) this.#delays.set(one, { ssrc: one, owner: ssrc, sum });
  }

  #noteDelay(ssrc: number): void {
    const { waited } = this.pacer;
    if (waited === 0) return;
    const delay = this.#last?.ssrc === ssrc ? this.#last : this.#delays.get(ssrc);
    if (delay === undefined) return;
    this.#last = delay;
    delay.sum.total += waited;
  }

  #refresh(now: Instant): void {
    const { estimator, settings } = this.#core;
    // Queues that mark packets early ask for packets that come evenly (RFC 9331 §4.3): bursts would be marked.
    const factor = estimator.isMarked ? Math.min(settings.pacingFactor, MARKED_FACTOR) : settings.pacingFactor;
    const bitrate = estimator.targetBitrate * factor;
    if (bitrate !== this.#bitrate) {
      this.#bitrate = bitrate;
      this.pacer.setBitrate(bitrate, now);
    }
    for (let probe = estimator.pollProbe(); probe !== undefined; probe = estimator.pollProbe()) this.pacer.probe(probe);
  }
}

interface SendDelay {
  readonly ssrc: number;
  readonly owner: number;
  readonly sum: { total: number };
}

const MARKED_FACTOR = 1.2;
