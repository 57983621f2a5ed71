import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Interceptor } from '@kaon/interface/interceptor/v1';
import { startsKeyFrame } from '@kaon/rtp/payload';
import { type PacketDump, type PacketDumpOptions, packetDump } from './dump/stage.ts';
import { type FecEncoderStage, fecEncoder } from './fec/encoder.ts';
import { type FecRecovery, fecRecovery } from './fec/recovery.ts';
import { type JitterBufferStage, type JitterBufferStageOptions, jitterBuffer } from './jitter-buffer/stage.ts';
import { type KeyFrameRequester, type KeyFrameRequesterOptions, keyFrameRequester } from './keyframe/requester.ts';
import { type NackGenerator, type NackGeneratorOptions, nackGenerator } from './nack/generator.ts';
import { type NackResponder, type NackResponderOptions, nackResponder } from './nack/responder.ts';
import { type Reports, type ReportsOptions, reports } from './report/reports.ts';
import { type RtxUnwrap, rtxUnwrap } from './rtx/unwrap.ts';
import { inSlotOrder, type PlacedInterceptor } from './slots.ts';
import type { ChainStatistics, InboundStreamStatistics, OutboundStreamStatistics } from './stats/chain-statistics.ts';
import { type StatisticsStage, statistics } from './stats/stage.ts';

/** What the usual stages need, and how they differ from their defaults. `false` leaves a stage out. */
export interface DefaultInterceptorsOptions {
  readonly random: RandomSource;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** Our SSRC as long as no local stream is bound. Default 1. */
  readonly ssrc?: number | undefined;
  readonly reports?: Omit<ReportsOptions, 'wallClock' | 'random' | 'ssrc'> | undefined;
  /** Asking for lost packets. */
  readonly nack?: Omit<NackGeneratorOptions, 'roundTripTime' | 'needKeyFrame' | 'ssrc'> | false | undefined;
  /** Sending lost packets again. */
  readonly retransmission?: Omit<NackResponderOptions, 'roundTripTime' | 'random'> | false | undefined;
  /** Forward error correction: how much of it is made where it was agreed on. `false`: neither made nor used. */
  readonly fec?:
    | {
        readonly rate?: number | 'loss' | undefined;
        readonly maxRate?: number | undefined;
        readonly maxGroup?: number | undefined;
      }
    | false
    | undefined;
  readonly jitterBuffer?: Omit<JitterBufferStageOptions, 'roundTripTime'> | false | undefined;
  readonly keyFrames?: Omit<KeyFrameRequesterOptions, 'roundTripTime' | 'ssrc'> | undefined;
  /** Where to capture packets. Default: nowhere. */
  readonly dump?: Omit<PacketDumpOptions, 'wallClock'> | undefined;
  /** Further stages with their places: congestion control (`congestionControl(...).placed`), those of the application. */
  readonly extra?: readonly PlacedInterceptor[] | undefined;
}

/** The usual stages, to be given to an `InterceptorChain`. */
export interface DefaultInterceptors {
  /** Nearest the wire first. */
  readonly stages: readonly Interceptor[];
  readonly reports: Reports;
  readonly keyFrames: KeyFrameRequester;
  readonly counters: StatisticsStage;
  readonly rtx: RtxUnwrap;
  readonly nack: NackGenerator | undefined;
  readonly retransmission: NackResponder | undefined;
  readonly fecEncoder: FecEncoderStage | undefined;
  readonly fecRecovery: FecRecovery | undefined;
  readonly jitterBuffer: JitterBufferStage | undefined;
  readonly dump: PacketDump | undefined;
  /** What all of them know of the streams that are bound. */
  statistics(): ChainStatistics;
}

/**
 * The stages that a WebRTC transport needs, in order. Throws `INTERCEPTOR_BAD_OPTION`.
 *
 * @example
 * const { stages, statistics } = defaultInterceptors({ random, wallClock, extra: congestionControl({ random }).placed });
 * const chain = new InterceptorChain(stages, { cname });
 */
export function defaultInterceptors(options: DefaultInterceptorsOptions): DefaultInterceptors {
  const { random, wallClock, ssrc } = options;
  const reporting = reports({ ...options.reports, wallClock, random, ssrc });
  const roundTripTime = (): number | undefined => reporting.roundTripTime;
  const keyFrames = keyFrameRequester({ startsKeyFrame, ...options.keyFrames, roundTripTime, ssrc });
  const needKeyFrame = (stream: number, now: number): void => void keyFrames.requestKeyFrame(stream, now);
  const counters = statistics();
  const rtx = rtxUnwrap();
  const { nack, retransmission, fec, jitterBuffer: jitter, dump } = options;
  const parts = {
    reports: reporting,
    keyFrames,
    counters,
    rtx,
    nack: nack === false ? undefined : nackGenerator({ ...nack, roundTripTime, needKeyFrame, ssrc }),
    retransmission: retransmission === false ? undefined : nackResponder({ ...retransmission, roundTripTime, random }),
    fecEncoder: fec === false ? undefined : fecEncoder({ ...fec, random }),
    fecRecovery: fec === false ? undefined : fecRecovery(),
    jitterBuffer: jitter === false ? undefined : jitterBuffer({ ...jitter, roundTripTime }),
    dump: dump === undefined ? undefined : packetDump({ ...dump, wallClock }),
  };
  const stages = inSlotOrder([
    ...placed('dump', parts.dump),
    ...placed('statistics', counters),
    ...placed('reports', reporting),
    ...placed('retransmission', parts.retransmission),
    ...placed('retransmission', rtx),
    ...placed('fec', parts.fecEncoder),
    ...placed('fec', parts.fecRecovery),
    ...placed('nack', parts.nack),
    ...placed('jitter-buffer', parts.jitterBuffer),
    ...placed('key-frames', keyFrames),
    ...(options.extra ?? []),
  ]);
  return { ...parts, stages, statistics: () => collect(parts) };
}

function placed(slot: PlacedInterceptor['slot'], interceptor: Interceptor | undefined): PlacedInterceptor[] {
  return interceptor === undefined ? [] : [{ slot, interceptor }];
}

function collect(parts: Omit<DefaultInterceptors, 'stages' | 'statistics'>): ChainStatistics {
  const { counters, reports: reporting } = parts;
  const { roundTripTime } = reporting;
  return {
    transport: counters.transport,
    roundTripTime: roundTripTime === undefined ? undefined : roundTripTime / 1000,
    outbound: counters.localStreams.map(({ ssrc, kind, mid, rid, rtxSsrc, fec }): OutboundStreamStatistics => {
      const { fecPacketsSent = 0, fecBytesSent = 0 } = parts.fecEncoder?.sent(ssrc) ?? {};
      const remoteInbound = reporting.remoteInbound(ssrc);
      const own = { ssrc, kind, mid, rid, rtxSsrc, fecSsrc: fec?.ssrc };
      return { ...own, ...counters.outbound(ssrc)!, fecPacketsSent, fecBytesSent, remoteInbound };
    }),
    inbound: counters.remoteStreams.map(({ ssrc, kind, mid, rid, rtxSsrc, fec }): InboundStreamStatistics => {
      const { packetsLost = 0, jitter = 0 } = reporting.reception(ssrc) ?? {};
      const repair = parts.fecRecovery?.received(ssrc);
      const buffer = parts.jitterBuffer?.statistics(ssrc);
      return {
        ssrc,
        kind,
        mid,
        rid,
        rtxSsrc,
        fecSsrc: fec?.ssrc,
        ...counters.inbound(ssrc)!,
        fecPacketsReceived: repair?.fecPacketsReceived ?? 0,
        fecBytesReceived: repair?.fecBytesReceived ?? 0,
        fecPacketsDiscarded: repair?.fecPacketsDiscarded ?? 0,
        packetsLost,
        jitter,
        packetsDiscarded: buffer?.packetsLate ?? 0,
        packetsRestored: parts.rtx.restored(ssrc),
        packetsRecovered: repair?.recovered ?? 0,
        jitterBuffer: buffer,
        remoteOutbound: reporting.remoteOutbound(ssrc),
      };
    }),
  };
}
