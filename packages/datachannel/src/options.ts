import type { MessageStreams } from '@kaon/interface/message-streams/v1';
import type { Trace } from '@kaon/interface/trace/v1';

/** What `Channels` needs. */
export interface ChannelsOptions {
  /** The association. `Channels` drains its events; nobody else may. */
  readonly streams: MessageStreams;
  /** DTLS role of this side: the client opens even stream ids, the server odd ones (RFC 8832 §6). May be set later. */
  readonly role?: 'client' | 'server' | undefined;
  /** Live channels at most, those of the peer included. Default 65535, as many as there are stream ids. */
  readonly maxChannels?: number | undefined;
  /** Longest message in bytes that the peer takes (`a=max-message-size`); 0 means any. Default 65536 (RFC 8841 §6.1). */
  readonly maxMessageSize?: number | undefined;
  /** Longest message in bytes put together from deprecated partial ones. Default 262144. */
  readonly maxReceiveMessageSize?: number | undefined;
  /** Receives `datachannel:channel-opened`, `datachannel:channel-closed`, `datachannel:message-dropped`, `datachannel:open-refused`. */
  readonly trace?: Trace | undefined;
}

/** Priorities by the names of the W3C (RFC 8831 §6.4: 128, 256, 512, 1024). */
export type ChannelPriority = 'very-low' | 'low' | 'medium' | 'high';

/** How a channel is to be opened. */
export interface ChannelInit {
  /** Default empty; at most 65535 bytes in UTF-8. */
  readonly label?: string | undefined;
  /** Subprotocol; default empty; at most 65535 bytes in UTF-8. */
  readonly protocol?: string | undefined;
  /** Default true. */
  readonly ordered?: boolean | undefined;
  /** Give up after so many retransmissions, 0 to 65535. Excludes `maxPacketLifeTime`. */
  readonly maxRetransmits?: number | undefined;
  /** Give up after so many ms, 0 to 65535. Excludes `maxRetransmits`. */
  readonly maxPacketLifeTime?: number | undefined;
  /** Both sides open the channel with the same `id`, without DCEP. Default false. */
  readonly negotiated?: boolean | undefined;
  /** Stream id, 0 to 65534. Required with `negotiated`, otherwise not allowed. */
  readonly id?: number | undefined;
  /** Default `low`. A number is taken as it is, 1 to 65535. */
  readonly priority?: ChannelPriority | number | undefined;
}
