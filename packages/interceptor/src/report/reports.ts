import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Interceptor, InterceptorEvent, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import { ntpMiddle32, ntpTime } from '@kaon/rtp';
import type { Goodbye, ReportBlock, RtcpPacket } from '@kaon/rtp/rtcp';
import { Deque } from '@kaon/wire';
import { numberOption } from '../errors.ts';
import { Remembered } from '../remembered.ts';
import { hasFeedback, SenderSsrc } from '../stream.ts';
import type { ReceptionFacts, RemoteInboundFacts, RemoteOutboundFacts } from './facts.ts';
import { LocalReport } from './local.ts';
import { ReferenceTimes } from './reference-times.ts';
import { RemoteReport } from './remote.ts';

/** How reports are made. Intervals in ms. */
export interface ReportsOptions {
  /** Milliseconds since 1970, for NTP timestamps. Asked once: from then on the monotonic clock carries it on. */
  readonly wallClock: () => number;
  /** Spreads intervals over half to one and a half times their length (RFC 3550 §6.2). Default: they are kept exactly. */
  readonly random?: RandomSource | undefined;
  /** Default 5000. */
  readonly audioInterval?: number | undefined;
  /** Default 1000. */
  readonly videoInterval?: number | undefined;
  /**
   * Whether we ask for the round trip time by reference times (RFC 3611 §4.4) as long as we send nothing.
   * Default: when `rrtr` was agreed on as feedback of a remote stream.
   */
  readonly referenceTimes?: boolean | undefined;
  /** Our SSRC as long as no local stream is bound. Default 1. */
  readonly ssrc?: number | undefined;
}

/** The stage of sender and receiver reports. */
export interface Reports extends Interceptor {
  /** Last round trip time in ms, or undefined as long as none was measured. */
  readonly roundTripTime: number | undefined;
  /** What the peer says of a local stream, or undefined as long as it said nothing. */
  remoteInbound(ssrc: number): RemoteInboundFacts | undefined;
  /** What the peer says of a remote stream, or undefined as long as it said nothing. */
  remoteOutbound(ssrc: number): RemoteOutboundFacts | undefined;
  /** What we count of a remote stream, or undefined where it is not bound. */
  reception(ssrc: number): ReceptionFacts | undefined;
}

/**
 * Sender and receiver reports (RFC 3550 §6.4), round trip times from both sides (also RFC 3611 §4.4, §4.5), BYE out when a local
 * stream that was used ends, and in as an event. Throws `INTERCEPTOR_BAD_OPTION`.
 */
export function reports(options: ReportsOptions): Reports {
  return new ReportStage(options);
}

type Kind = StreamInfo['kind'];

class ReportStage implements Reports {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'reports';
  readonly #options: ReportsOptions;
  readonly #intervals: Readonly<Record<Kind, number>>;
  readonly #next: Record<Kind, Instant> = { audio: Number.POSITIVE_INFINITY, video: Number.POSITIVE_INFINITY };
  readonly #local: Map<number, LocalReport> = new Map();
  readonly #remote: Map<number, RemoteReport> = new Map();
  /** Local streams that ended: should one go on, so do its counts (RFC 3550 §6.4.1). */
  readonly #ended: Remembered<LocalReport> = new Remembered();
  readonly #references: ReferenceTimes = new ReferenceTimes();
  readonly #ssrc: SenderSsrc;
  readonly #ready: Deque<RtcpPacket> = new Deque();
  readonly #events: Deque<InterceptorEvent> = new Deque();
  #wallOffset: number | undefined;
  #roundTripTime: number | undefined;

  constructor(options: ReportsOptions) {
    this.#options = options;
    this.#intervals = {
      audio: numberOption('audioInterval', options.audioInterval, 5000, 10),
      video: numberOption('videoInterval', options.videoInterval, 1000, 10),
    };
    this.#ssrc = new SenderSsrc(options.ssrc);
  }

  get roundTripTime(): number | undefined {
    return this.#roundTripTime;
  }

  remoteInbound(ssrc: number): RemoteInboundFacts | undefined {
    return this.#local.get(ssrc)?.facts;
  }

  remoteOutbound(ssrc: number): RemoteOutboundFacts | undefined {
    return this.#remote.get(ssrc)?.facts;
  }

  reception(ssrc: number): ReceptionFacts | undefined {
    return this.#remote.get(ssrc)?.reception;
  }

  bindLocalStream(info: StreamInfo, now: Instant): void {
    const local = this.#local.get(info.ssrc) ?? this.#ended.take(info.ssrc) ?? new LocalReport(info);
    local.info = info;
    this.#local.set(info.ssrc, local);
    this.#ssrc.bind(info.ssrc);
    this.#arm(info.kind, now);
  }

  unbindLocalStream(ssrc: number): void {
    const local = this.#local.get(ssrc);
    if (local === undefined) return;
    this.#local.delete(ssrc);
    this.#ended.set(ssrc, local);
    this.#ssrc.unbind(ssrc);
    // A stream that was never heard of needs no goodbye (RFC 3550 §6.3.7).
    if (local.packets > 0) {
      const { rtxSsrc } = local.info;
      this.#push({ type: 'bye', ssrcs: rtxSsrc === undefined ? [ssrc] : [ssrc, rtxSsrc] });
    }
    this.#disarm();
  }

  bindRemoteStream(info: StreamInfo, now: Instant): void {
    const known = this.#remote.get(info.ssrc);
    if (known !== undefined) known.info = info;
    else this.#remote.set(info.ssrc, new RemoteReport(info));
    this.#arm(info.kind, now);
  }

  unbindRemoteStream(ssrc: number): void {
    this.#remote.delete(ssrc);
    this.#disarm();
  }

  handleOutgoingRtp(packet: RtpPacketView, now: Instant): boolean {
    this.#local.get(packet.ssrc)?.send(packet, now);
    return true;
  }

  handleIncomingRtp(packet: RtpPacketView, now: Instant, _ecn: EcnCodepoint): boolean {
    this.#remote.get(packet.ssrc)?.receive(packet, now);
    return true;
  }

  handleIncomingRtcp(packets: readonly RtcpPacketLike[], now: Instant): void {
    for (const packet of packets as readonly RtcpPacket[]) {
      if (packet.type === 'sr') this.#remote.get(packet.ssrc)?.receiveReport(packet, now);
      if (packet.type === 'sr' || packet.type === 'rr') this.#receiveBlocks(packet.reports, now);
      else if (packet.type === 'bye') this.#receiveGoodbye(packet);
      else if (packet.type === 'xr') {
        const ours = (ssrc: number): boolean => ssrc === this.#ssrc.value || this.#local.has(ssrc);
        const trip = this.#references.receive(packet, this.#ntp(now), now, ours);
        if (trip !== undefined) {
          this.#roundTripTime = trip;
          this.#remote.get(packet.ssrc)?.measured(trip);
        }
      }
    }
  }

  pollOutgoingRtcp(_now: Instant): RtcpPacketLike | undefined {
    return this.#ready.shift();
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    for (const kind of KINDS) {
      if (this.#next[kind] > now) continue;
      this.#next[kind] = now + this.#interval(kind);
      this.#report(kind, now);
    }
  }

  pollTimeout(): Instant {
    return Math.min(this.#next.audio, this.#next.video);
  }

  #report(kind: Kind, now: Instant): void {
    const blocks: ReportBlock[] = [];
    for (const remote of this.#remote.values())
      if (remote.info.kind === kind && remote.fresh) blocks.push(remote.block(now));
    const wallClock = this.#wallClock(now);
    let ssrc = this.#ssrc.value;
    let sent = false;
    for (const local of this.#local.values()) {
      if (local.info.kind !== kind || !local.fresh) continue;
      // The first sender report carries the blocks.
      this.#push(local.report(now, ntpTime(wallClock), blocks.splice(0, MAX_BLOCKS)));
      if (!sent) ssrc = local.info.ssrc;
      sent = true;
    }
    while (blocks.length > 0) this.#push({ type: 'rr', ssrc, reports: blocks.splice(0, MAX_BLOCKS) });
    const extended = this.#references.blocks(wallClock, now, !sent && this.#asksTime());
    if (extended.length > 0) this.#push({ type: 'xr', ssrc, blocks: extended });
  }

  #asksTime(): boolean {
    if (this.#options.referenceTimes !== undefined) return this.#options.referenceTimes && this.#remote.size > 0;
    for (const { info } of this.#remote.values()) if (hasFeedback(info, 'rrtr')) return true;
    return false;
  }

  #receiveBlocks(blocks: readonly ReportBlock[], now: Instant): void {
    for (const block of blocks) {
      const trip = this.#local.get(block.ssrc)?.receive(block, this.#ntp(now), now);
      if (trip !== undefined) this.#roundTripTime = trip;
    }
  }

  #receiveGoodbye({ ssrcs, reason }: Goodbye): void {
    const known = ssrcs.filter((ssrc) => this.#remote.has(ssrc));
    if (known.length === 0) return;
    if (this.#events.length >= MAX_EVENTS) this.#events.shift();
    this.#events.push({ type: 'bye', ssrcs: known, reason });
  }

  #push(packet: RtcpPacket): void {
    if (this.#ready.length >= MAX_READY) this.#ready.shift();
    this.#ready.push(packet);
  }

  /** The first report of a kind comes after half its interval (RFC 3550 §6.2). */
  #arm(kind: Kind, now: Instant): void {
    if (this.#next[kind] === Number.POSITIVE_INFINITY) this.#next[kind] = now + this.#interval(kind) / 2;
  }

  #disarm(): void {
    const bound = [...this.#local.values(), ...this.#remote.values()];
    for (const kind of KINDS)
      if (!bound.some(({ info }) => info.kind === kind)) this.#next[kind] = Number.POSITIVE_INFINITY;
  }

  #interval(kind: Kind): number {
    const { random } = this.#options;
    if (random === undefined) return this.#intervals[kind];
    const bytes = new Uint8Array(2);
    random(bytes);
    return this.#intervals[kind] * (0.5 + ((bytes[0]! << 8) | bytes[1]!) / 0x1_0000);
  }

  #wallClock(now: Instant): number {
    this.#wallOffset ??= this.#options.wallClock() - now;
    return this.#wallOffset + now;
  }

  #ntp(now: Instant): number {
    return ntpMiddle32(this.#wallClock(now));
  }
}

const KINDS: readonly Kind[] = ['audio', 'video'];
/** The count of a report has five bits. */
const MAX_BLOCKS = 31;
const MAX_READY = 256;
const MAX_EVENTS = 64;
