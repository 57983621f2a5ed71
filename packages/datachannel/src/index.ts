export type { Channel, ChannelState, ChannelStats } from './channel.ts';
export { Channels } from './channels.ts';
export { type DcepAck, encodeAck } from './dcep/ack.ts';
export { type DcepMessage, decodeDcep } from './dcep/decode.ts';
export { type DcepOpen, encodeOpen } from './dcep/open.ts';
export { DataChannelError, type DataChannelErrorCode } from './errors.ts';
export type { ChannelsEvent, MessageEvent } from './events.ts';
export type { ChannelInit, ChannelPriority, ChannelsOptions } from './options.ts';
export { PPID } from './ppid.ts';
