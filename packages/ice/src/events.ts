import type { Path } from '@kaon/interface/core/v1';
import type { Candidate } from './candidate.ts';
import type { IceError } from './errors.ts';

/** Which side chooses the pair (RFC 8445 §6.1.1). */
export type IceRole = 'controlling' | 'controlled';

/** `RTCIceTransportState` of the W3C. `failed` is not final here: `restart` revives the agent. */
export type IceState = 'new' | 'checking' | 'connected' | 'completed' | 'disconnected' | 'failed' | 'closed';

/** `RTCIceGathererState` of the W3C. */
export type IceGatheringState = 'new' | 'gathering' | 'complete';

/** The pair that data travels on. */
export interface SelectedPair {
  readonly local: Candidate;
  readonly remote: Candidate;
  /** The same object for as long as the pair is selected. */
  readonly path: Path;
}

/** What an `Agent` reports. */
export type AgentEvent =
  /** A local candidate, to be signalled to the peer. */
  | { readonly type: 'candidate'; readonly candidate: Candidate }
  /** A STUN server did not answer (701) or answered with an error, as `RTCPeerConnectionIceErrorEvent`. */
  | {
      readonly type: 'candidate-error';
      readonly url: string;
      /** Local address that asked. Empty when none did. */
      readonly address: string;
      readonly port: number;
      readonly errorCode: number;
      readonly errorText: string;
    }
  | { readonly type: 'gathering-state'; readonly state: IceGatheringState }
  /** `error` says why for `failed`. */
  | { readonly type: 'state'; readonly state: IceState; readonly error?: IceError }
  /** Data travels on this pair from now on. */
  | { readonly type: 'selected-pair'; readonly pair: SelectedPair }
  /** A role conflict made this agent change sides (RFC 8445 §7.3.1.1). */
  | { readonly type: 'role'; readonly role: IceRole }
  /** `close` was called. Terminal. */
  | { readonly type: 'closed' };
