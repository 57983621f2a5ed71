import type { Instant } from '@kaon/interface/core/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { compactNtp, ntpToWallClock } from '@kaon/rtp';
import type { ReportBlock, SenderReport } from '@kaon/rtp/rtcp';
import { clockRateOf } from '../stream.ts';
import type { ReceptionFacts, RemoteOutboundFacts } from './facts.ts';
import { Reception } from './reception.ts';

/** One stream that we receive: what our report blocks say of it, and what its sender reports say. */
export class RemoteReport {
  info: StreamInfo;
  readonly #reception: Reception;
  #payloadType = -1;
  #lastReport: SenderReport | undefined;
  #reportAt: Instant = 0;
  #reports = 0;
  #roundTripTime: number | undefined;
  #totalRoundTripTime = 0;
  #measurements = 0;

  constructor(info: StreamInfo) {
    this.info = info;
    this.#reception = new Reception(clockRateOf(info, -1));
  }

  /** Whether a packet came since the last report block. */
  get fresh(): boolean {
    return this.#reception.fresh;
  }

  get reception(): ReceptionFacts {
    const { received, lost, jitter, clockRate } = this.#reception;
    return { packetsReceived: received, packetsLost: lost, jitter: jitter / clockRate };
  }

  get facts(): RemoteOutboundFacts | undefined {
    const report = this.#lastReport;
    if (report === undefined) return undefined;
    return {
      timestamp: this.#reportAt,
      remoteTimestamp: ntpToWallClock({ seconds: report.ntpSeconds, fraction: report.ntpFraction }),
      rtpTimestamp: report.rtpTimestamp,
      packetsSent: report.packetCount,
      bytesSent: report.octetCount,
      reportsSent: this.#reports,
      roundTripTime: this.#roundTripTime,
      totalRoundTripTime: this.#totalRoundTripTime,
      roundTripTimeMeasurements: this.#measurements,
    };
  }

  receive(packet: RtpPacketView, now: Instant): void {
    const { payloadType } = packet;
    if (payloadType !== this.#payloadType) {
      this.#payloadType = payloadType;
      this.#reception.clockRate = clockRateOf(this.info, payloadType);
    }
    this.#reception.receive(packet.sequenceNumber, packet.timestamp, now);
  }

  receiveReport(report: SenderReport, now: Instant): void {
    this.#lastReport = report;
    this.#reportAt = now;
    this.#reports++;
  }

  /** Notes a round trip time in ms that the peer's answer to a reference time told. */
  measured(roundTripTime: number): void {
    this.#roundTripTime = roundTripTime / 1000;
    this.#totalRoundTripTime += roundTripTime / 1000;
    this.#measurements++;
  }

  /** The report block of this moment; begins the next interval. */
  block(now: Instant): ReportBlock {
    const last = this.#lastReport;
    return {
      ssrc: this.info.ssrc,
      ...this.#reception.report(),
      lastSenderReport: last === undefined ? 0 : ((last.ntpSeconds << 16) | (last.ntpFraction >>> 16)) >>> 0,
      delaySinceLastSenderReport: last === undefined ? 0 : compactNtp(now - this.#reportAt),
    };
  }
}
