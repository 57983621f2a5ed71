import type { CodedError } from '@kaon/interface/core/v1';
import type { Channel } from './channel.ts';

/** What `Channels` reports. */
export type ChannelsEvent =
  /** The association is up. `maxChannels` streams may be used. */
  | { readonly type: 'connected'; readonly maxChannels: number }
  /** The peer opened a channel; it is open already and no `open` follows. */
  | { readonly type: 'channel'; readonly channel: Channel }
  /** A channel of ours may be written to. */
  | { readonly type: 'open'; readonly channel: Channel }
  /** A message arrived. The bytes belong to the receiver of the event. */
  | MessageEvent
  /** `bufferedAmount` fell from above the low threshold to it or below. */
  | { readonly type: 'buffered-amount-low'; readonly channel: Channel }
  /** A `send` that returned false would be taken now. */
  | { readonly type: 'writable' }
  /** The peer began to close the channel; we answer by ourselves. */
  | { readonly type: 'closing'; readonly channel: Channel }
  /** The channel is closed on both sides. `error` when that was not by anyone's wish. */
  | { readonly type: 'closed-channel'; readonly channel: Channel; readonly error?: CodedError | undefined }
  /** The association ended in order. Terminal; every channel was reported closed before. */
  | { readonly type: 'closed' }
  /** The association was aborted or the peer is gone. Terminal; every channel was reported closed before. */
  | { readonly type: 'failed'; readonly error: CodedError };

/** One message on one channel. Strings come as UTF-8 bytes with `binary` false. */
export interface MessageEvent {
  readonly type: 'message';
  readonly channel: Channel;
  readonly data: Uint8Array;
  readonly binary: boolean;
}
