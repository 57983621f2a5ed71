import type { IceState } from '../events.ts';

/** What the state follows from. */
export interface StateInputs {
  readonly closed: boolean;
  readonly failed: boolean;
  /** A pair is selected. */
  readonly selected: boolean;
  /** The selected pair does not answer. */
  readonly suspect: boolean;
  /** A pair of this generation was selected before and is gone. */
  readonly lost: boolean;
  /** It is gone since just now, and others are being checked. */
  readonly recovering: boolean;
  /** The selected pair is of an earlier generation than the present one. */
  readonly restarting: boolean;
  readonly restarted: boolean;
  readonly hasRemoteCandidates: boolean;
  readonly gatheringComplete: boolean;
  readonly remoteEnded: boolean;
}

/** `RTCIceTransportState` as the W3C defines its values (WebRTC 1.0 §5.6.4). */
export function stateOf(inputs: StateInputs): IceState {
  if (inputs.closed) return 'closed';
  if (inputs.failed) return 'failed';
  if (inputs.selected || inputs.recovering) {
    // A restart forgets that connectivity was lost.
    if (inputs.suspect) return inputs.restarting ? 'checking' : 'disconnected';
    const completed = !inputs.restarting && inputs.gatheringComplete && inputs.remoteEnded;
    return completed ? 'completed' : 'connected';
  }
  if (inputs.lost) return 'disconnected';
  return inputs.hasRemoteCandidates || inputs.restarted ? 'checking' : 'new';
}
