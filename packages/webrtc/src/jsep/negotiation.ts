import { domError } from '../errors.ts';
import type { Description } from './description.ts';

/** Where offer and answer stand (W3C WebRTC §4.3.1). */
export type RTCSignalingState =
  | 'stable'
  | 'have-local-offer'
  | 'have-remote-offer'
  | 'have-local-pranswer'
  | 'have-remote-pranswer'
  | 'closed';

/** Offers and answers in force, and the state they are in (RFC 8829 §3.2). */
export class Negotiation {
  state: RTCSignalingState = 'stable';
  currentLocal: Description | undefined = undefined;
  currentRemote: Description | undefined = undefined;
  pendingLocal: Description | undefined = undefined;
  pendingRemote: Description | undefined = undefined;

  get local(): Description | undefined {
    return this.pendingLocal ?? this.currentLocal;
  }

  get remote(): Description | undefined {
    return this.pendingRemote ?? this.currentRemote;
  }

  /** The offer that an answer from `side` answers. */
  offerFor(side: 'local' | 'remote'): Description | undefined {
    return side === 'local' ? this.pendingRemote : this.offered(this.pendingLocal);
  }

  /** Whether a description may be set now. */
  accepts(side: 'local' | 'remote', type: 'offer' | 'pranswer' | 'answer'): boolean {
    const other = side === 'local' ? 'remote' : 'local';
    return type === 'offer'
      ? this.state === 'stable' || this.state === `have-${side}-offer`
      : this.state === `have-${other}-offer` || this.state === `have-${side}-pranswer`;
  }

  /** Applies a description. Throws InvalidStateError when it does not fit. */
  apply(side: 'local' | 'remote', description: Description): void {
    const { type } = description;
    if (!this.accepts(side, type))
      throw domError('InvalidStateError', `a ${side} ${type} cannot be set in ${this.state}`);
    if (type === 'answer') {
      const [local, remote] = side === 'local' ? [description, this.pendingRemote] : [this.pendingLocal, description];
      this.currentLocal = local;
      this.currentRemote = remote;
      this.pendingLocal = undefined;
      this.pendingRemote = undefined;
      this.state = 'stable';
      return;
    }
    if (side === 'local') this.pendingLocal = description;
    else this.pendingRemote = description;
    this.state = `have-${side}-${type}`;
  }

  /** Goes back to the last stable state. Throws InvalidStateError when there is nothing to take back. */
  rollback(): void {
    if (this.state !== 'have-local-offer' && this.state !== 'have-remote-offer')
      throw domError('InvalidStateError', `there is no offer to roll back in ${this.state}`);
    this.pendingLocal = undefined;
    this.pendingRemote = undefined;
    this.state = 'stable';
  }

  /** Ends it: everything stays as it is, and nothing can be set. */
  close(): void {
    this.state = 'closed';
  }

  private offered(description: Description | undefined): Description | undefined {
    return description?.type === 'offer' ? description : undefined;
  }
}
