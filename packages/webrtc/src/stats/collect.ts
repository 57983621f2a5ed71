import { dataChannelInternals, type RTCDataChannel } from '../data-channel.ts';
import type { Session } from '../session.ts';
import { type RTCStats, RTCStatsReport } from './report.ts';
import { transportStats } from './transport-stats.ts';

/** Statistics of a connection: what W3C WebRTC Stats has for data channels. */
export function collectStats(session: Session): RTCStatsReport {
  const timestamp = session.environment.clock.wallClock();
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
  for (const transport of session.transports.all)
    stats.push(...transportStats(transport, session.certificateChain, session.environment.crypto, timestamp));
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
