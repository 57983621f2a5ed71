import type { RemoteOutboundFacts } from '@kaon/interceptor';
import type { Stages } from '../media/pipeline/stages.ts';
import { type RTCRtpReceiver, receiverInternals } from '../media/receiver.ts';
import type { IncomingStream } from '../media/receiver-core.ts';
import type { PeerTransport } from '../transport/peer-transport.ts';
import type { StatsContext } from './context.ts';
import { present } from './present.ts';
import type { WatchedStream } from './stream-watch.ts';
import type { RTCInboundRtpStreamStats, RTCRemoteOutboundRtpStreamStats } from './types.ts';

/** Adds what a receiver receives, with what the peer says of it; gives the ids of the streams. */
export function addInboundStats(
  context: StatsContext,
  receiver: RTCRtpReceiver,
  transports: readonly PeerTransport[],
): string[] {
  const core = receiverInternals.core(receiver);
  const transport = transports.find(({ media }) => media === core.transport);
  const stages = transport?.media.stages;
  if (transport === undefined || stages === undefined) return [];
  return core.streams.map((stream) => addStream(context, stream, receiver.track.id, transport, stages));
}

function addStream(
  context: StatsContext,
  incoming: IncomingStream,
  trackIdentifier: string,
  transport: PeerTransport,
  stages: Stages,
): string {
  const { info, port } = incoming.stream;
  const { ssrc, kind, rtxSsrc, fec } = info;
  const isVideo = kind === 'video';
  const letter = isVideo ? 'V' : 'A';
  const id = `I${transport.id}${letter}${ssrc}`;
  const counters = stages.counters.inbound(ssrc);
  const reception = stages.reports.reception(ssrc);
  const remote = stages.reports.remoteOutbound(ssrc);
  const remoteId = remote === undefined ? undefined : `RO${transport.id}${letter}${ssrc}`;
  const repair = stages.fecRecovery?.received(ssrc);
  const buffer = stages.jitterBuffer?.statistics(ssrc);
  const seen = stages.watch.remote(ssrc);
  const codec = seen === undefined ? undefined : incoming.infoOf(seen.payloadType)?.codec;
  const codecId = codec === undefined ? undefined : context.codec(codec, transport, 'inbound');
  const hasRtx = info.payloads.some(({ rtxPayloadType }) => rtxPayloadType !== undefined);
  const last = counters?.lastPacketReceivedTimestamp;
  const audio = isVideo ? undefined : seen?.audio;
  const transportId = transport.id;
  // No spreads in large objects: they cost several times the memory.
  context.add(
    present<RTCInboundRtpStreamStats>({
      id,
      timestamp: context.timestamp,
      type: 'inbound-rtp',
      ssrc,
      kind,
      transportId,
      codecId,
      trackIdentifier,
      mid: port.agreement.mid,
      remoteId,
      packetsReceived: counters?.packetsReceived ?? 0,
      packetsReceivedWithEct1: counters?.packetsReceivedWithEct1 ?? 0,
      packetsReceivedWithCe: counters?.packetsReceivedWithCe ?? 0,
      packetsLost: reception?.packetsLost ?? 0,
      jitter: reception?.jitter ?? 0,
      packetsDiscarded: transport.media.usesLatePackets ? 0 : (buffer?.packetsLate ?? 0),
      bytesReceived: counters?.bytesReceived ?? 0,
      headerBytesReceived: counters?.headerBytesReceived ?? 0,
      lastPacketReceivedTimestamp: last === undefined ? undefined : context.wallClock(last),
      nackCount: counters?.nackCount ?? 0,
      retransmittedPacketsReceived: hasRtx ? (counters?.retransmittedPacketsReceived ?? 0) : undefined,
      retransmittedBytesReceived: hasRtx ? (counters?.retransmittedBytesReceived ?? 0) : undefined,
      rtxSsrc,
      fecPacketsReceived: repair?.fecPacketsReceived ?? 0,
      fecBytesReceived: repair?.fecBytesReceived ?? 0,
      fecPacketsDiscarded: repair?.fecPacketsDiscarded ?? 0,
      fecSsrc: fec?.ssrc,
      jitterBufferDelay: buffer?.jitterBufferDelay,
      jitterBufferTargetDelay: buffer?.jitterBufferTargetDelay,
      jitterBufferMinimumDelay: buffer?.jitterBufferMinimumDelay,
      jitterBufferEmittedCount: buffer?.jitterBufferEmittedCount,
      estimatedPlayoutTimestamp: playoutTimestamp(context, seen, remote),
      firCount: isVideo ? (counters?.firCount ?? 0) : undefined,
      pliCount: isVideo ? (counters?.pliCount ?? 0) : undefined,
      framesReceived: isVideo ? (buffer?.framesComplete ?? counters?.markersReceived ?? 0) : undefined,
      framesDropped: isVideo ? incoming.assembly.counters.undecodable : undefined,
      framesPerSecond: isVideo ? (seen?.rate.perSecond(context.now) ?? 0) : undefined,
      frameWidth: seen?.dimensions?.width,
      frameHeight: seen?.dimensions?.height,
      framesAssembledFromMultiplePackets: isVideo ? buffer?.framesAssembledFromMultiplePackets : undefined,
      totalAssemblyTime: isVideo ? buffer?.totalAssemblyTime : undefined,
      totalSamplesReceived: audio?.samples,
      totalSamplesDuration: audio?.seconds,
      audioLevel: audio?.level,
      totalAudioEnergy: audio?.level === undefined ? undefined : audio.energy,
    }),
  );
  if (remote !== undefined && remoteId !== undefined)
    context.add(
      present<RTCRemoteOutboundRtpStreamStats>({
        id: remoteId,
        timestamp: context.wallClock(remote.timestamp),
        type: 'remote-outbound-rtp',
        ssrc,
        kind,
        transportId,
        codecId,
        localId: id,
        packetsSent: remote.packetsSent,
        bytesSent: remote.bytesSent,
        remoteTimestamp: remote.remoteTimestamp,
        reportsSent: remote.reportsSent,
        roundTripTime: remote.roundTripTime,
        totalRoundTripTime: remote.totalRoundTripTime,
        roundTripTimeMeasurements: remote.roundTripTimeMeasurements,
      }),
    );
  return id;
}

/** The time on the peer's clock of what was given out last, carried on to now, as NTP counts: from 1900 on. */
function playoutTimestamp(
  { now }: StatsContext,
  seen: WatchedStream | undefined,
  remote: RemoteOutboundFacts | undefined,
): number | undefined {
  if (seen === undefined || remote === undefined || seen.timestamp < 0 || seen.clockRate === 0) return undefined;
  const sinceReport = (((seen.timestamp - remote.rtpTimestamp) | 0) * 1000) / seen.clockRate;
  return remote.remoteTimestamp + NTP_EPOCH + sinceReport + (now - seen.seenAt);
}

/** Milliseconds from 1900 to 1970. */
const NTP_EPOCH = 2_208_988_800_000;
