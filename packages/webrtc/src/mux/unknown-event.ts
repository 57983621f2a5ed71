import type { UnknownRequest } from '@kaon/ice/mux';
import type { TransportAddress } from '@kaon/interface/core/v1';

/**
 * A STUN request to a username fragment that no connection has. It is kept for some seconds and given to the connection that
 * takes the fragment by then, so that a server can answer a peer it has not met. Nothing in it is authenticated.
 */
export interface UnknownEvent {
  /** First half of USERNAME: the fragment that a connection has to take. */
  readonly localUsernameFragment: string;
  /** Second half: the peer's own. */
  readonly remoteUsernameFragment: string;
  /** Both, as they came. */
  readonly username: string;
  /** Where it came from. */
  readonly remote: TransportAddress;
  /** Where it came in. */
  readonly local: TransportAddress;
  /** The request. */
  readonly bytes: Uint8Array;
}

/** What is told of a request. */
export function unknownEvent(request: UnknownRequest<unknown>, local: TransportAddress): UnknownEvent {
  const { localUsernameFragment, remoteUsernameFragment, username, remote, bytes } = request;
  return { localUsernameFragment, remoteUsernameFragment, username, remote, local, bytes };
}
