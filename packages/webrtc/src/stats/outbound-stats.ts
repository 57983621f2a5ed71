import { type RTCRtpSender, senderInternals } from '../media/sender.ts';
import type { Encoding, SenderCore } from '../media/sender-core.ts';
import type { PeerTransport } from '../transport/peer-transport.ts';
import type { StatsContext } from './context.ts';
import { present } from './present.ts';
import { addSourceStats } from './source-stats.ts';
import type { RTCOutboundRtpStreamStats, RTCRemoteInboundRtpStreamStats } from './types.ts';

/** Adds what a sender sends, with what the peer says of it; gives the ids of the streams. */
export function addOutboundStats(
  context: StatsContext,
  sender: RTCRtpSender,
  transports: readonly PeerTransport[],
): string[] {
  const core = senderInternals.core(sender);
  const mediaSourceId = addSourceStats(context, core);
  const transport = transports.find(({ media }) => media === core.transport);
  if (transport === undefined || core.transport === undefined) return [];
  const ids: string[] = [];
  for (const [index, encoding] of core.encodings.entries()) {
    const id = addEncoding(context, core, encoding, index, transport, mediaSourceId);
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

function addEncoding(
  context: StatsContext,
  core: SenderCore,
  encoding: Encoding,
  encodingIndex: number,
  transport: PeerTransport,
  mediaSourceId: string | undefined,
): string | undefined {
  const { stages } = transport.media;
  const { info } = encoding.stream;
  const counters = info === undefined ? undefined : stages?.counters.outbound(info.ssrc);
  if (stages === undefined || info === undefined || counters === undefined) return undefined;
  const { ssrc, kind, rtxSsrc } = info;
  const isVideo = kind === 'video';
  const letter = isVideo ? 'V' : 'A';
  const id = `O${transport.id}${letter}${ssrc}`;
  const remote = stages.reports.remoteInbound(ssrc);
  const remoteId = remote === undefined ? undefined : `RI${transport.id}${letter}${ssrc}`;
  const seen = stages.watch.local(ssrc);
  const codec = core.agreement?.codecs.find(({ payloadType }) => payloadType === seen?.payloadType);
  const codecId = codec === undefined ? undefined : context.codec(codec, transport, 'outbound');
  const { parameters, limitation } = encoding;
  const transportId = transport.id;
  // No spreads in large objects: they cost several times the memory.
  context.add(
    present<RTCOutboundRtpStreamStats>({
      id,
      timestamp: context.timestamp,
      type: 'outbound-rtp',
      ssrc,
      kind,
      transportId,
      codecId,
      mid: info.mid ?? '',
      mediaSourceId,
      remoteId,
      rid: parameters.rid,
      encodingIndex,
      packetsSent: counters.packetsSent,
      bytesSent: counters.bytesSent,
      headerBytesSent: counters.headerBytesSent,
      retransmittedPacketsSent: counters.retransmittedPacketsSent,
      retransmittedBytesSent: counters.retransmittedBytesSent,
      rtxSsrc,
      targetBitrate: encoding.bitrate,
      totalPacketSendDelay: (stages.congestion?.sendDelay(ssrc) ?? 0) / 1000,
      nackCount: counters.nackCount,
      active: encoding.isOn,
      scalabilityMode: parameters.scalabilityMode,
      firCount: isVideo ? counters.firCount : undefined,
      pliCount: isVideo ? counters.pliCount : undefined,
      framesSent: isVideo ? counters.markersSent : undefined,
      framesEncoded: isVideo ? (seen?.frames ?? 0) : undefined,
      keyFramesEncoded: isVideo ? (seen?.keyFrames ?? 0) : undefined,
      framesPerSecond: isVideo ? seen?.rate.perSecond(context.now) : undefined,
      frameWidth: seen?.dimensions?.width,
      frameHeight: seen?.dimensions?.height,
      qualityLimitationReason: isVideo ? limitation.reason : undefined,
      qualityLimitationDurations: isVideo ? limitation.durations(context.now) : undefined,
    }),
  );
  if (remote !== undefined && remoteId !== undefined)
    context.add(
      present<RTCRemoteInboundRtpStreamStats>({
        id: remoteId,
        timestamp: context.wallClock(remote.timestamp),
        type: 'remote-inbound-rtp',
        ssrc,
        kind,
        transportId,
        codecId,
        localId: id,
        packetsReceived: remote.packetsReceived,
        packetsLost: remote.packetsLost,
        jitter: remote.jitter,
        fractionLost: remote.fractionLost,
        roundTripTime: remote.roundTripTime,
        totalRoundTripTime: remote.totalRoundTripTime,
        roundTripTimeMeasurements: remote.roundTripTimeMeasurements,
      }),
    );
  return id;
}
