import { dataChannelInternals, type RTCDataChannel } from '../data-channel.ts';
import type { RTCRtpReceiver } from '../media/receiver.ts';
import type { RTCRtpSender } from '../media/sender.ts';
import type { Session } from '../session.ts';
import { type RTCStats, RTCStatsReport } from './report.ts';
import { transportStats } from './transport-stats.ts';

/** Statistics of a connection, or of what one sender or receiver needs: its transport (W3C WebRTC §8.5). */
export function collectStats(session: Session, selected?: RTCRtpSender | RTCRtpReceiver): RTCStatsReport {
  const timestamp = session.environment.clock.wallClock();
  const { certificateChain, environment, transports } = session;
  if (selected !== undefined) {
    const used = transports.all.filter(({ dtls }) => dtls === selected.transport);
    return new RTCStatsReport(
      used.flatMap((transport) => transportStats(transport, certificateChain, environment.crypto, timestamp)),
    );
  }
  const stats: RTCStats[] = [
    {
      id: 'P',
      timestamp,
      type: 'peer-connection',
      dataChannelsOpened: session.channels.opened,
      dataChannelsClosed: session.channels.closed,
    },
  ];
  for (const channel of session.channels.live) stats.push(channelStats(channel, timestamp));
  for (const transport of transports.all)
    stats.push(...transportStats(transport, certificateChain, environment.crypto, timestamp));
  return new RTCStatsReport(stats);
}

function channelStats(channel: RTCDataChannel, timestamp: number): RTCStats {
  let id = IDS.get(channel);
  if (id === undefined) {
    id = `D${nextId++}`;
    IDS.set(channel, id);
  }
  return {
    id,
    timestamp,
    type: 'data-channel',
    label: channel.label,
    protocol: channel.protocol,
    ...(channel.id === null ? {} : { dataChannelIdentifier: channel.id }),
    state: channel.readyState,
    ...(dataChannelInternals.core(channel)?.stats ?? NOTHING),
  };
}

const NOTHING = { messagesSent: 0, bytesSent: 0, messagesReceived: 0, bytesReceived: 0 };
/** A channel keeps its id from one report to the next. */
const IDS = new WeakMap<RTCDataChannel, string>();
let nextId = 1;
