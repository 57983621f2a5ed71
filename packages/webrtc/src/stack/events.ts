import type { ChannelsEvent } from '@kaon/datachannel';
import type { AgentEvent } from '@kaon/ice';
import type { CodedError } from '@kaon/interface/core/v1';

/** What a `DataStack` reports. */
export type StackEvent =
  /** Whatever ICE reports; `closed` apart, which comes as the stack's own. */
  | { readonly type: 'ice'; readonly event: AgentEvent }
  /** The DTLS connection changed its state. `error` with `failed`; alert codes are those of RFC 5246 §7.2. */
  | {
      readonly type: 'dtls';
      readonly state: 'connecting' | 'connected' | 'closed' | 'failed';
      readonly error?: CodedError | undefined;
      readonly receivedAlert?: number | undefined;
      readonly sentAlert?: number | undefined;
    }
  /** The SCTP association changed its state. `error` when it did not end in order. */
  | {
      readonly type: 'sctp';
      readonly state: 'connected' | 'closed';
      /** With `connected`: channels that may be open at once. */
      readonly maxChannels?: number | undefined;
      readonly error?: CodedError | undefined;
    }
  /** Whatever happens to channels. */
  | Exclude<ChannelsEvent, { readonly type: 'connected' | 'closed' | 'failed' }>
  /** `close` is through. Terminal. */
  | { readonly type: 'closed' };
