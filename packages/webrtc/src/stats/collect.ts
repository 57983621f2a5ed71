import { dataChannelInternals, type RTCDataChannel } from '../data-channel.ts';
import type { RTCRtpReceiver } from '../media/receiver.ts';
import type { RTCRtpSender } from '../media/sender.ts';
import type { Session } from '../session.ts';
import { StatsContext } from './context.ts';
import { addInboundStats } from './inbound-stats.ts';
import { addOutboundStats } from './outbound-stats.ts';
import { present } from './present.ts';
import { RTCStatsReport } from './report.ts';
import { withReferences } from './select.ts';
import { addTransportStats } from './transport-stats.ts';
import type { RTCDataChannelStats, RTCPeerConnectionStats } from './types.ts';

/**
 * Statistics of a connection, or of the streams of one sender or receiver and what they refer to (W3C WebRTC §8.5). Also when the
 * connection is closed: then of what is left of it.
 */
export function collectStats(session: Session, selected?: RTCRtpSender | RTCRtpReceiver): RTCStatsReport {
  const { channels, environment, transceivers } = session;
  const transports = session.transports.all;
  const { clock } = environment;
  const context = new StatsContext(clock.now(), clock.wallClock());
  if (selected === undefined) {
    const { opened: dataChannelsOpened, closed: dataChannelsClosed } = channels;
    const { timestamp } = context;
    const connection: RTCPeerConnectionStats = {
      id: 'P',
      timestamp,
      type: 'peer-connection',
      dataChannelsOpened,
      dataChannelsClosed,
    };
    context.add(connection);
    for (const channel of channels.live) context.add(channelStats(channel, timestamp));
  }
  const roots: string[] = [];
  for (const { sender, receiver } of transceivers.all) {
    if (selected === undefined || selected === sender) roots.push(...addOutboundStats(context, sender, transports));
    if (selected === undefined || selected === receiver) roots.push(...addInboundStats(context, receiver, transports));
  }
  for (const transport of transports)
    if (selected === undefined || transport.dtls === selected.transport)
      addTransportStats(context, transport, session.certificateChain, environment.crypto);
  return new RTCStatsReport(selected === undefined ? context.stats.values() : withReferences(context.stats, roots));
}

function channelStats(channel: RTCDataChannel, timestamp: number): RTCDataChannelStats {
  let id = IDS.get(channel);
  if (id === undefined) {
    id = `D${nextId++}`;
    IDS.set(channel, id);
  }
  const { messagesSent, bytesSent, messagesReceived, bytesReceived } =
    dataChannelInternals.core(channel)?.stats ?? NOTHING;
  return present<RTCDataChannelStats>({
    id,
    timestamp,
    type: 'data-channel',
    label: channel.label,
    protocol: channel.protocol,
    dataChannelIdentifier: channel.id ?? undefined,
    state: channel.readyState,
    messagesSent,
    bytesSent,
    messagesReceived,
    bytesReceived,
  });
}

const NOTHING = { messagesSent: 0, bytesSent: 0, messagesReceived: 0, bytesReceived: 0 };
/** A channel keeps its id from one report to the next. */
const IDS = new WeakMap<RTCDataChannel, string>();
let nextId = 1;
