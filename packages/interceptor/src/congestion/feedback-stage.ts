import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { Interceptor, InterceptorEvent, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import type { CongestionCore } from './core.ts';
import { FeedbackReceiver } from './feedback-receiver.ts';
import { FeedbackSender } from './feedback-sender.ts';

/** The stage of the slot `transport-feedback`: stamps what leaves, notes what arrives, and gives and takes the feedback. */
export class FeedbackStage implements Interceptor {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'transport-feedback';
  readonly #core: CongestionCore;
  readonly #receiver: FeedbackReceiver;
  readonly #sender: FeedbackSender = new FeedbackSender();
  readonly #local: number[] = [];
  #told: number;

  constructor(core: CongestionCore) {
    this.#core = core;
    this.#receiver = new FeedbackReceiver(core);
    this.#told = core.estimator.targetBitrate;
  }

  bindLocalStream(stream: StreamInfo): void {
    if (!this.#local.includes(stream.ssrc)) this.#local.push(stream.ssrc);
    this.#receiver.bind(stream);
  }

  unbindLocalStream(ssrc: number): void {
    const at = this.#local.indexOf(ssrc);
    if (at >= 0) this.#local.splice(at, 1);
    this.#receiver.unbind(ssrc);
  }

  bindRemoteStream(stream: StreamInfo): void {
    this.#sender.bind(stream);
  }

  unbindRemoteStream(ssrc: number): void {
    this.#sender.unbind(ssrc);
  }

  handleOutgoingRtp(packet: RtpPacketView, now: Instant): boolean {
    this.#receiver.leaving(packet, now);
    return true;
  }

  handleIncomingRtp(packet: RtpPacketView, now: Instant, ecn: EcnCodepoint): boolean {
    this.#sender.arrived(packet, ecn, now);
    return true;
  }

  handleOutgoingRtcp(packets: readonly RtcpPacketLike[], now: Instant): void {
    this.#receiver.reportsLeaving(packets, now);
  }

  handleIncomingRtcp(packets: readonly RtcpPacketLike[], now: Instant): void {
    this.#receiver.handle(packets, now);
  }

  pollOutgoingRtcp(now: Instant): RtcpPacketLike | undefined {
    return this.#sender.next(this.#local[0] ?? this.#core.settings.ssrc, now);
  }

  pollEvent(): InterceptorEvent | undefined {
    const bitrate = this.#core.estimator.targetBitrate;
    if (bitrate === this.#told) return undefined;
    this.#told = bitrate;
    return { type: 'bandwidth-estimate', bitrate };
  }

  handleTimeout(now: Instant): void {
    this.#core.tick(now);
  }

  pollTimeout(): Instant {
    return Math.min(this.#sender.dueAt, this.#core.tickAt);
  }
}
