import type { IceState } from '@kaon/ice';
import type { RTCDtlsTransportState } from './dtls-transport.ts';

/** State of a connection as a whole (W3C WebRTC §4.3.3). */
export type RTCPeerConnectionState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

/** What the state of a connection depends on. */
export interface TransportStates {
  readonly ice: IceState;
  readonly dtls: RTCDtlsTransportState;
  /** The peer ended the DTLS connection. */
  readonly peerClosed: boolean;
}

/**
 * The state of a connection with one transport, or none. Where the standard would go on saying `connected` after the
 * peer's close_notify, it is `disconnected`: the peer itself has said that it is gone.
 */
export function connectionState(transport: TransportStates | undefined): RTCPeerConnectionState {
  if (transport === undefined) return 'new';
  const { ice, dtls, peerClosed } = transport;
  if (ice === 'failed' || dtls === 'failed') return 'failed';
  if (ice === 'disconnected' || peerClosed) return 'disconnected';
  if ((ice === 'new' || ice === 'closed') && (dtls === 'new' || dtls === 'closed')) return 'new';
  if (ice !== 'new' && ice !== 'checking' && dtls === 'connected') return 'connected';
  return 'connecting';
}
