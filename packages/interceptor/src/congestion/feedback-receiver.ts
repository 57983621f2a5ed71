import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import { absSendTime, EXTENSION_URI, writeAbsSendTime } from '@kaon/rtp';
import {
  CCFB_OFFSET_TOO_LONG,
  type CongestionFeedback,
  type RtcpPacket,
  type SenderReport,
  type TransportFeedback,
  TWCC_REFERENCE_WRAP,
} from '@kaon/rtp/rtcp';
import { add16, distance32, writeU16 } from '@kaon/wire';
import { extensionId, hasFeedback } from '../stream.ts';
import { SentIndex } from './ccfb/sent-index.ts';
import type { CongestionCore } from './core.ts';
import { FeedbackBatch } from './feedback-batch.ts';
import { ReportLog } from './report-log.ts';

/** The sender's half: numbers and times packets as they leave, and hands the estimator what the peer says about them. */
export class FeedbackReceiver {
  readonly #core: CongestionCore;
  readonly #streams = new Map<number, LocalStream>();
  readonly #batch = new FeedbackBatch();
  readonly #reports = new ReportLog();
  #last: LocalStream | undefined;
  /** Reference and report times as they count on where the fields wrap. */
  #reference = Number.NaN;
  #reported = Number.NaN;
  #reportTimestamp = 0;

  constructor(core: CongestionCore) {
    this.#core = core;
  }

  bind(stream: StreamInfo): void {
    const congestion = hasFeedback(stream, 'ack', 'ccfb');
    const transport = hasFeedback(stream, 'transport-cc');
    const own = {
      owner: stream.ssrc,
      sequenceId: transport ? extensionId(stream, EXTENSION_URI.transportSequenceNumber) : 0,
      requestId: transport ? extensionId(stream, EXTENSION_URI.transportSequenceNumberV2) : 0,
      sendTimeId: extensionId(stream, EXTENSION_URI.absSendTime),
    };
    for (const ssrc of [stream.ssrc, stream.rtxSsrc, stream.fec?.ssrc]) {
      if (ssrc === undefined) continue;
      const index = congestion ? (this.#streams.get(ssrc)?.index ?? new SentIndex()) : undefined;
      this.#streams.set(ssrc, { ssrc, ...own, index });
    }
    this.#last = undefined;
  }

  unbind(owner: number): void {
    for (const stream of this.#streams.values()) if (stream.owner === owner) this.#streams.delete(stream.ssrc);
    this.#last = undefined;
  }

  /** A packet is about to leave: writes its number and time into the places that it has for them. */
  leaving(packet: RtpPacketView, now: number): void {
    const core = this.#core;
    const { cluster } = core;
    core.cluster = 0;
    const size = packet.bytes.length;
    core.sent(size, now);
    const { ssrc } = packet;
    const stream = this.#last?.ssrc === ssrc ? this.#last : this.#streams.get(ssrc);
    if (stream === undefined) return;
    this.#last = stream;
    const timeAt = stream.sendTimeId === 0 ? -1 : packet.extensionOffset(stream.sendTimeId);
    if (timeAt >= 0 && packet.extensionLength(stream.sendTimeId) === 3) {
      writeAbsSendTime(packet.bytes, timeAt, absSendTime(now));
    }
    const id = stream.sequenceId !== 0 ? stream.sequenceId : stream.requestId;
    const numberAt = id === 0 ? -1 : packet.extensionOffset(id);
    const isNumbered = numberAt >= 0 && packet.extensionLength(id) >= 2;
    if (!isNumbered && stream.index === undefined) return;
    const number = core.history.add(size, cluster, now);
    if (isNumbered) writeU16(packet.bytes, numberAt, number & 0xffff);
    stream.index?.add(packet.sequenceNumber, number);
  }

  /** Our own reports as they leave, so that the peer's tell the round-trip time. */
  reportsLeaving(packets: readonly RtcpPacketLike[], now: number): void {
    for (const packet of packets) if (packet.type === 'sr') this.#reports.add(packet as SenderReport, now);
  }

  /** The RTCP packets of one datagram. */
  handle(packets: readonly RtcpPacketLike[], now: number): void {
    const batch = this.#batch;
    const { estimator } = this.#core;
    batch.clear();
    let reportedAt: number | undefined;
    for (const packet of packets as readonly RtcpPacket[]) {
      if (packet.type === 'twcc') this.#readTransport(packet, batch);
      else if (packet.type === 'ccfb') reportedAt = this.#readCongestion(packet, batch);
      else if (packet.type === 'remb') estimator.remoteEstimate(packet.bitrate, now);
      else if (packet.type === 'rr' || packet.type === 'sr') {
        for (const block of packet.reports) this.#reports.read(block, this.#streams.has(block.ssrc), now);
      }
    }
    if (batch.count > 0) {
      this.#core.history.complete(batch);
      estimator.feedback(batch, now, reportedAt);
    }
    const share = this.#reports.takeShare();
    if (share !== undefined) estimator.reportLoss(share, this.#reports.takeRoundTripTime(), now);
  }

  #readTransport(feedback: TransportFeedback, batch: FeedbackBatch): void {
    const { history } = this.#core;
    if (Number.isNaN(this.#reference)) this.#reference = feedback.referenceTime;
    else {
      const step = modulo(feedback.referenceTime - this.#reference, TWCC_REFERENCE_WRAP);
      this.#reference += step >= TWCC_REFERENCE_WRAP / 2 ? step - TWCC_REFERENCE_WRAP : step;
    }
    const { packets, baseSequence } = feedback;
    for (let i = 0; i < packets.length; i++) {
      const number = history.find(add16(baseSequence, i));
      if (number < 0) continue;
      const arrival = packets[i];
      history.acknowledge(number, arrival === undefined ? Number.NaN : this.#reference + arrival, 0, batch);
    }
  }

  /** Returns when the report was made, in ms of the peer's clock. */
  #readCongestion(report: CongestionFeedback, batch: FeedbackBatch): number {
    if (Number.isNaN(this.#reported)) this.#reported = 0;
    else this.#reported += (distance32(this.#reportTimestamp, report.reportTimestamp) * 1000) / 65_536;
    this.#reportTimestamp = report.reportTimestamp;
    const { history } = this.#core;
    for (const { ssrc, beginSequence, packets } of report.streams) {
      const index = this.#streams.get(ssrc)?.index;
      if (index === undefined) continue;
      for (let i = 0; i < packets.length; i++) {
        const number = index.find(add16(beginSequence, i));
        if (number < 0) continue;
        const packet = packets[i];
        // It arrived, but nobody knows when: neither lost nor of use.
        if (packet !== undefined && packet.arrivalOffset >= CCFB_OFFSET_TOO_LONG) continue;
        const arrivedAt = packet === undefined ? Number.NaN : this.#reported - (packet.arrivalOffset * 1000) / 1024;
        history.acknowledge(number, arrivedAt, packet?.ecn ?? 0, batch);
      }
    }
    return this.#reported;
  }
}

interface LocalStream {
  readonly ssrc: number;
  /** The media stream that it belongs to. */
  readonly owner: number;
  readonly sequenceId: number;
  readonly requestId: number;
  readonly sendTimeId: number;
  readonly index: SentIndex | undefined;
}

function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}
