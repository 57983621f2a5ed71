/** The control side of TCP allocations (RFC 6062 §4): connections to and from peers. */
import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import { attribute, ERROR, METHOD, type StunMessage } from '@kaon/stun';
import type { Allocation } from './allocation.ts';
import type { Context } from './context.ts';

/** Asks the server to connect to a peer; the outcome is an event. */
export function connect(context: Context, allocation: Allocation, peer: TransportAddress, now: Instant): void {
  const done = (reply: StunMessage | undefined): void => {
    const id = reply?.class === 'success' ? attribute(reply, 'connection-id')?.connectionId : undefined;
    if (id !== undefined) {
      context.emit({ type: 'connected', id, peer });
      return;
    }
    const error = reply === undefined ? undefined : attribute(reply, 'error-code');
    if (error?.code === ERROR.AllocationMismatch) {
      allocation.lost('the server does not know it', error.code);
      return;
    }
    const silent = 'the server did not answer';
    const reason = error?.reason ?? (reply === undefined ? silent : 'the response has no connection id');
    context.emit({ type: 'connect-failed', peer, statusCode: error?.code, reason });
  };
  const attributes = [{ type: 'xor-peer-address', address: peer }] as const;
  context.requests.ask({ method: METHOD.Connect, attributes, path: context.path, done }, now);
}

/** Reports a peer that has connected to the relayed address; or says why the indication is dropped. */
export function connectionAttempt(context: Context, message: StunMessage): string | undefined {
  const id = attribute(message, 'connection-id')?.connectionId;
  const peer = attribute(message, 'xor-peer-address')?.address;
  if (id === undefined || peer === undefined) return 'incomplete ConnectionAttempt';
  context.emit({ type: 'connection-attempt', id, peer });
  return undefined;
}
