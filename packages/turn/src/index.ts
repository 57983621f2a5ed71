export {
  CHANNEL_DATA_HEADER,
  CHANNEL_MAX,
  CHANNEL_MIN,
  type ChannelData,
  decodeChannelData,
  encodeChannelData,
  isChannelData,
} from './channel-data.ts';
export type { WrapResult } from './client/peers.ts';
export type { TurnCredentials } from './client/requests.ts';
export { type ReceivedData, TurnClient, type TurnClientDropped } from './client.ts';
export {
  TurnDataConnection,
  type TurnDataConnectionEvent,
  type TurnDataConnectionOptions,
} from './data-connection.ts';
export { TurnError, type TurnErrorCode } from './errors.ts';
export type { RefusedFamily, TurnClientEvent } from './events.ts';
export type { TurnClientOptions } from './options.ts';
export { StreamFramer } from './stream-framer.ts';
export type { TurnTraceEvent, TurnTraceName } from './trace.ts';
