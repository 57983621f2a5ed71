import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI } from '@kaon/rtp';
import type { CongestionFeedback, TransportFeedback } from '@kaon/rtp/rtcp';
import { readU16 } from '@kaon/wire';
import { extensionId, hasFeedback } from '../stream.ts';
import { ReportBuilder } from './ccfb/report-builder.ts';
import { FeedbackInterval } from './feedback-interval.ts';
import { ArrivalRecorder } from './twcc/arrival-recorder.ts';

/** The receiver's half: notes what arrives and says when and what to report. RFC 8888 goes before TWCC where both were agreed on. */
export class FeedbackSender {
  readonly #streams = new Map<number, RemoteStream>();
  readonly #arrivals = new ArrivalRecorder();
  readonly #reports = new ReportBuilder();
  readonly #transport = new FeedbackInterval();
  readonly #congestion = new FeedbackInterval();
  #last: RemoteStream | undefined;
  #mediaSsrc = 0;

  bind(stream: StreamInfo): void {
    const congestion = hasFeedback(stream, 'ack', 'ccfb');
    const transport = !congestion && hasFeedback(stream, 'transport-cc');
    const sequenceId = transport ? extensionId(stream, EXTENSION_URI.transportSequenceNumber) : 0;
    const requestId = transport ? extensionId(stream, EXTENSION_URI.transportSequenceNumberV2) : 0;
    for (const ssrc of [stream.ssrc, stream.rtxSsrc, stream.fec?.ssrc]) {
      if (ssrc === undefined) continue;
      this.#streams.set(ssrc, { ssrc, owner: stream.ssrc, sequenceId, requestId, congestion });
      if (congestion) this.#reports.bind(ssrc);
    }
    this.#last = undefined;
  }

  unbind(owner: number): void {
    for (const stream of this.#streams.values()) {
      if (stream.owner !== owner) continue;
      this.#streams.delete(stream.ssrc);
      this.#reports.unbind(stream.ssrc);
    }
    this.#last = undefined;
  }

  arrived(packet: RtpPacketView, ecn: number, now: number): void {
    const { ssrc } = packet;
    const stream = this.#last?.ssrc === ssrc ? this.#last : this.#streams.get(ssrc);
    if (stream === undefined) return;
    this.#last = stream;
    if (stream.congestion) {
      if (this.#reports.add(ssrc, packet.sequenceNumber, ecn, now)) this.#congestion.arrived(packet.bytes.length, now);
      return;
    }
    const id = stream.sequenceId !== 0 ? stream.sequenceId : stream.requestId;
    const at = id === 0 ? -1 : packet.extensionOffset(id);
    if (at < 0) return;
    const length = packet.extensionLength(id);
    if (length < 2) return;
    const sequence = readU16(packet.bytes, at);
    if (!this.#arrivals.add(sequence, now)) return;
    this.#mediaSsrc = ssrc;
    // Version 2 is reported on when the sender asks, version 1 periodically.
    if (stream.sequenceId !== 0) this.#transport.arrived(packet.bytes.length, now);
    else if (length >= 4) {
      const count = readU16(packet.bytes, at + 2) & 0x7fff;
      if (count === 0) return;
      this.#arrivals.request(sequence, count);
      this.#transport.requested(now);
    }
  }

  /** When `next` has something; Infinity when nothing is to be reported. */
  get dueAt(): number {
    return Math.min(this.#transport.dueAt, this.#congestion.dueAt);
  }

  /** The next feedback that is due, or undefined. */
  next(senderSsrc: number, now: number): TransportFeedback | CongestionFeedback | undefined {
    if (now >= this.#transport.dueAt) {
      const feedback = this.#arrivals.build(senderSsrc, this.#mediaSsrc);
      if (!this.#arrivals.hasNews) this.#transport.sent(now);
      if (feedback !== undefined) return feedback;
    }
    if (now < this.#congestion.dueAt) return undefined;
    const report = this.#reports.build(senderSsrc, now);
    if (!this.#reports.hasNews) this.#congestion.sent(now);
    return report;
  }
}

interface RemoteStream {
  readonly ssrc: number;
  /** The media stream that it belongs to. */
  readonly owner: number;
  readonly sequenceId: number;
  readonly requestId: number;
  readonly congestion: boolean;
}
