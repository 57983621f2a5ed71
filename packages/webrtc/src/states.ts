import type { IceGatheringState, IceState } from '@kaon/ice';
import type { RTCDtlsTransportState } from './dtls-transport.ts';

/** State of a connection as a whole (W3C WebRTC §4.3.3). */
export type RTCPeerConnectionState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

/** What the state of a connection depends on: of each transport in use. */
export interface TransportStates {
  readonly ice: IceState;
  readonly dtls: RTCDtlsTransportState;
  /** The peer ended the DTLS connection. */
  readonly peerClosed: boolean;
}

/**
 * The state of a connection over all its transports. Where the standard would go on saying `connected` after the peer's
 * close_notify, it is `disconnected`: the peer itself has said that it is gone.
 */
export function connectionState(transports: readonly TransportStates[]): RTCPeerConnectionState {
  if (transports.some(({ ice, dtls }) => ice === 'failed' || dtls === 'failed')) return 'failed';
  if (transports.some(({ ice, peerClosed }) => ice === 'disconnected' || peerClosed)) return 'disconnected';
  if (transports.every(({ ice, dtls }) => isIdle(ice) && isIdle(dtls))) return 'new';
  const isThrough = ({ ice, dtls }: TransportStates): boolean =>
    ice !== 'new' && ice !== 'checking' && (dtls === 'connected' || dtls === 'closed');
  return transports.every(isThrough) ? 'connected' : 'connecting';
}

/** The state of ICE over all transports (W3C WebRTC §4.3.4). */
export function iceConnectionState(states: readonly IceState[]): IceState {
  for (const bad of ['failed', 'disconnected'] as const) if (states.includes(bad)) return bad;
  if (states.every(isIdle)) return 'new';
  if (states.some((state) => state === 'new' || state === 'checking')) return 'checking';
  return states.every((state) => state === 'completed' || state === 'closed') ? 'completed' : 'connected';
}

/** The state of gathering over all transports (W3C WebRTC §4.3.2). */
export function iceGatheringState(states: readonly IceGatheringState[]): IceGatheringState {
  if (states.includes('gathering')) return 'gathering';
  return states.length === 0 || states.includes('new') ? 'new' : 'complete';
}

function isIdle(state: string): boolean {
  return state === 'new' || state === 'closed';
}
