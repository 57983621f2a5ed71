import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import type { RtcpPacket } from '@kaon/rtp/rtcp';
import { before16 } from '@kaon/wire';
import { Remembered } from '../remembered.ts';
import {
  type InboundCounters,
  noInbound,
  noOutbound,
  noTransport,
  type OutboundCounters,
  type TransportCounters,
} from './counters.ts';

/** The stage that counts. */
export interface StatisticsStage extends Interceptor {
  /** A copy of what was counted for a local stream, or undefined where it is not bound. */
  outbound(ssrc: number): OutboundCounters | undefined;
  /** A copy of what was counted for a remote stream, or undefined where it is not bound. */
  inbound(ssrc: number): InboundCounters | undefined;
  readonly transport: TransportCounters;
  /** Media streams that are bound, in the order in which they were. */
  readonly localStreams: readonly StreamInfo[];
  readonly remoteStreams: readonly StreamInfo[];
}

/** Counts what each bound stream sends and receives at the wire. */
export function statistics(): StatisticsStage {
  return new Stage();
}

/** One SSRC of a media stream. Those of FEC count for the transport alone. */
interface Entry<Counters> {
  info: StreamInfo;
  readonly role: 'media' | 'retransmission' | 'fec';
  readonly counters: Counters;
  /** Highest sequence number so far, -1 before the first: what comes at or behind it is a plain retransmission. */
  highest: number;
}

type Outbound = Entry<ReturnType<typeof noOutbound>>;
type Inbound = Entry<ReturnType<typeof noInbound>>;

class Stage implements StatisticsStage {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'statistics';
  readonly #outbound: Map<number, Outbound> = new Map();
  readonly #inbound: Map<number, Inbound> = new Map();
  /** Local streams that ended: should one go on, so do its counts. */
  readonly #ended: Remembered<Outbound> = new Remembered();
  readonly #transport: ReturnType<typeof noTransport> = noTransport();

  get transport(): TransportCounters {
    return { ...this.#transport };
  }

  get localStreams(): readonly StreamInfo[] {
    return mediaOf(this.#outbound);
  }

  get remoteStreams(): readonly StreamInfo[] {
    return mediaOf(this.#inbound);
  }

  outbound(ssrc: number): OutboundCounters | undefined {
    const entry = this.#outbound.get(ssrc);
    return entry?.role === 'media' ? { ...entry.counters } : undefined;
  }

  inbound(ssrc: number): InboundCounters | undefined {
    const entry = this.#inbound.get(ssrc);
    return entry?.role === 'media' ? { ...entry.counters } : undefined;
  }

  bindLocalStream(info: StreamInfo): void {
    const ended = this.#ended.take(info.ssrc);
    if (ended !== undefined) this.#outbound.set(info.ssrc, ended);
    bind(this.#outbound, info, noOutbound);
  }

  unbindLocalStream(ssrc: number): void {
    const ended = this.#outbound.get(ssrc);
    if (ended?.role === 'media') this.#ended.set(ssrc, ended);
    unbind(this.#outbound, ssrc);
  }

  bindRemoteStream(info: StreamInfo): void {
    bind(this.#inbound, info, noInbound);
  }

  unbindRemoteStream(ssrc: number): void {
    unbind(this.#inbound, ssrc);
  }

  handleOutgoingRtp(packet: RtpPacketView, now: Instant): boolean {
    const { length } = packet.bytes;
    this.#transport.packetsSent++;
    this.#transport.bytesSent += length;
    const entry = this.#outbound.get(packet.ssrc);
    if (entry === undefined || entry.role === 'fec') return true;
    const { counters } = entry;
    const payload = packet.payloadEnd - packet.payloadOffset;
    counters.packetsSent++;
    counters.bytesSent += payload;
    counters.headerBytesSent += length - payload;
    counters.lastPacketSentTimestamp = now;
    // Padding in a stream for retransmissions is a probe.
    if (entry.role === 'media' ? isRepeated(entry, packet.sequenceNumber) : payload > 0) {
      counters.retransmittedPacketsSent++;
      counters.retransmittedBytesSent += payload;
    } else if (packet.marker) counters.markersSent++;
    return true;
  }

  handleIncomingRtp(packet: RtpPacketView, now: Instant, ecn: EcnCodepoint): boolean {
    const { length } = packet.bytes;
    this.#transport.packetsReceived++;
    this.#transport.bytesReceived += length;
    const entry = this.#inbound.get(packet.ssrc);
    if (entry === undefined) this.#transport.unknownPacketsReceived++;
    if (entry === undefined || entry.role === 'fec') return true;
    const { counters } = entry;
    const payload = packet.payloadEnd - packet.payloadOffset;
    counters.packetsReceived++;
    counters.bytesReceived += payload;
    counters.headerBytesReceived += length - payload;
    counters.lastPacketReceivedTimestamp = now;
    if (ecn === ECT_1) counters.packetsReceivedWithEct1++;
    else if (ecn === CE) counters.packetsReceivedWithCe++;
    if (entry.role === 'retransmission' && payload > 0) {
      counters.retransmittedPacketsReceived++;
      counters.retransmittedBytesReceived += payload;
    } else if (packet.marker) counters.markersReceived++;
    return true;
  }

  handleOutgoingRtcp(packets: readonly RtcpPacketLike[]): void {
    countRequests(packets, this.#inbound);
  }

  handleIncomingRtcp(packets: readonly RtcpPacketLike[]): void {
    countRequests(packets, this.#outbound);
  }
}

function countRequests(packets: readonly RtcpPacketLike[], entries: ReadonlyMap<number, Outbound | Inbound>): void {
  for (const packet of packets as readonly RtcpPacket[]) {
    if (packet.type === 'nack') count(entries, packet.mediaSsrc, 'nackCount');
    else if (packet.type === 'pli') count(entries, packet.mediaSsrc, 'pliCount');
    else if (packet.type === 'fir') for (const { ssrc } of packet.entries) count(entries, ssrc, 'firCount');
  }
}

function count(
  entries: ReadonlyMap<number, Outbound | Inbound>,
  ssrc: number,
  what: 'nackCount' | 'pliCount' | 'firCount',
): void {
  const entry = entries.get(ssrc);
  if (entry?.role === 'media') entry.counters[what]++;
}

/** Whether a packet was sent before: numbers of the application only go up. */
function isRepeated(entry: Outbound, sequenceNumber: number): boolean {
  if (entry.highest >= 0 && !before16(entry.highest, sequenceNumber)) return true;
  entry.highest = sequenceNumber;
  return false;
}

function bind<Counters>(entries: Map<number, Entry<Counters>>, info: StreamInfo, zeros: () => Counters): void {
  const known = entries.get(info.ssrc);
  const counters = known?.counters ?? zeros();
  const highest = known?.highest ?? -1;
  if (known !== undefined) removeOthers(entries, known.info);
  entries.set(info.ssrc, { info, role: 'media', counters, highest });
  const { rtxSsrc, fec } = info;
  if (rtxSsrc !== undefined) entries.set(rtxSsrc, { info, role: 'retransmission', counters, highest: -1 });
  if (fec?.ssrc !== undefined) entries.set(fec.ssrc, { info, role: 'fec', counters, highest: -1 });
}

function unbind<Counters>(entries: Map<number, Entry<Counters>>, ssrc: number): void {
  const known = entries.get(ssrc);
  if (known === undefined) return;
  removeOthers(entries, known.info);
  entries.delete(ssrc);
}

function removeOthers<Counters>(entries: Map<number, Entry<Counters>>, { rtxSsrc, fec }: StreamInfo): void {
  if (rtxSsrc !== undefined) entries.delete(rtxSsrc);
  if (fec?.ssrc !== undefined) entries.delete(fec.ssrc);
}

function mediaOf<Counters>(entries: ReadonlyMap<number, Entry<Counters>>): readonly StreamInfo[] {
  return [...entries.values()].filter(({ role }) => role === 'media').map(({ info }) => info);
}

const ECT_1 = 1;
const CE = 3;
