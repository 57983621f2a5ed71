import type { Instant } from '@kaon/interface/core/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { compactNtpToMilliseconds, type NtpTime } from '@kaon/rtp';
import type { ReportBlock, SenderReport } from '@kaon/rtp/rtcp';
import { clockRateOf } from '../stream.ts';
import type { RemoteInboundFacts } from './facts.ts';

/** One stream that we send: what its sender reports say, and what the peer says of it. */
export class LocalReport {
  info: StreamInfo;
  #packets = 0;
  #octets = 0;
  #firstSequence = -1;
  #payloadType = -1;
  #clockRate = 0;
  #timestamp = 0;
  #sentAt: Instant = 0;
  #reportedPackets = 0;
  #facts: RemoteInboundFacts | undefined;

  constructor(info: StreamInfo) {
    this.info = info;
  }

  /** Packets sent. */
  get packets(): number {
    return this.#packets;
  }

  /** Whether something was sent since the last report. */
  get fresh(): boolean {
    return this.#packets !== this.#reportedPackets;
  }

  /** What the peer said last, or undefined. */
  get facts(): RemoteInboundFacts | undefined {
    return this.#facts;
  }

  /** Notes a packet of the stream as it is sent. */
  send(packet: RtpPacketView, now: Instant): void {
    this.#packets++;
    this.#octets += packet.payloadEnd - packet.payloadOffset;
    if (this.#firstSequence < 0) this.#firstSequence = packet.sequenceNumber;
    const { payloadType } = packet;
    if (payloadType !== this.#payloadType) {
      this.#payloadType = payloadType;
      this.#clockRate = clockRateOf(this.info, payloadType);
    }
    const { timestamp } = packet;
    // The first packet of a frame tells when it was taken; those behind it wait for their turn.
    if (this.#packets === 1 || timestamp !== this.#timestamp) {
      this.#timestamp = timestamp;
      this.#sentAt = now;
    }
  }

  /** The sender report of this moment: the RTP timestamp is carried on from the last frame (RFC 3550 §6.4.1). */
  report(now: Instant, ntp: NtpTime, reports: readonly ReportBlock[]): SenderReport {
    this.#reportedPackets = this.#packets;
    return {
      type: 'sr',
      ssrc: this.info.ssrc,
      ntpSeconds: ntp.seconds,
      ntpFraction: ntp.fraction,
      rtpTimestamp: (this.#timestamp + Math.round(((now - this.#sentAt) * this.#clockRate) / 1000)) >>> 0,
      packetCount: this.#packets >>> 0,
      octetCount: this.#octets % 2 ** 32,
      reports,
    };
  }

  /** Takes what the peer says; `ntpNow` is the middle of our NTP time. Returns the round trip time in ms, if it tells one. */
  receive(block: ReportBlock, ntpNow: number, now: Instant): number | undefined {
    if (this.#packets === 0) return undefined;
    const before = this.#facts;
    const trip = roundTrip(ntpNow, block.lastSenderReport, block.delaySinceLastSenderReport);
    const expected = (block.highestSequence - this.#firstSequence + 1) >>> 0;
    this.#facts = {
      timestamp: now,
      fractionLost: block.fractionLost / 256,
      packetsLost: block.cumulativeLost,
      packetsReceived: Math.max(0, Math.min(this.#packets, expected - block.cumulativeLost)),
      jitter: block.jitter / (this.#clockRate || 1),
      roundTripTime: trip === undefined ? before?.roundTripTime : trip / 1000,
      totalRoundTripTime: (before?.totalRoundTripTime ?? 0) + (trip ?? 0) / 1000,
      roundTripTimeMeasurements: (before?.roundTripTimeMeasurements ?? 0) + (trip === undefined ? 0 : 1),
    };
    return trip;
  }
}

/**
 * Round trip time in ms (RFC 3550 §6.4.1): now, less the time of our report, less how long the peer kept it, all in 1/65536 s.
 * Undefined where there was no report or the peer cannot be right.
 */
export function roundTrip(now: number, sent: number, delay: number): number | undefined {
  if (sent === 0) return undefined;
  const units = (now - sent - delay) | 0;
  // Rounding, and clocks of different speed, may make a short one negative.
  if (units < -MAX_ERROR || units > MAX_ROUND_TRIP) return undefined;
  return Math.max(MIN_ROUND_TRIP, compactNtpToMilliseconds(Math.max(0, units)));
}

/** 50 ms in 1/65536 s. */
const MAX_ERROR = 3277;
/** One minute in 1/65536 s. */
const MAX_ROUND_TRIP = 60 * 65_536;
/** 1/65536 s in ms: what cannot be told from nothing. */
const MIN_ROUND_TRIP = 1000 / 65_536;
