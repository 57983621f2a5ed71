import type { RTCDataChannel } from '../data-channel.ts';
import type { RTCError } from '../errors.ts';
import type { RTCIceCandidate } from '../ice-candidate.ts';

/** What every event takes. */
export interface RTCEventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
}

/** Carries a local candidate, or null when gathering is over (W3C WebRTC §4.8.2). */
export class RTCPeerConnectionIceEvent extends Event {
  readonly candidate: RTCIceCandidate | null;
  /** Deprecated; null. */
  readonly url: string | null;

  constructor(type: string, init: RTCEventInit & { candidate?: RTCIceCandidate | null; url?: string | null } = {}) {
    super(type, init);
    this.candidate = init.candidate ?? null;
    this.url = init.url ?? null;
  }
}

/** Says that a STUN or TURN server did not help (W3C WebRTC §4.8.3). */
export class RTCPeerConnectionIceErrorEvent extends Event {
  /** Local address that was used, null when there was none. */
  readonly address: string | null;
  readonly port: number | null;
  readonly url: string;
  /** STUN error code; 701 when no answer came. */
  readonly errorCode: number;
  readonly errorText: string;

  constructor(
    type: string,
    init: RTCEventInit & {
      errorCode: number;
      address?: string | null;
      port?: number | null;
      url?: string;
      errorText?: string;
    },
  ) {
    super(type, init);
    this.address = init.address ?? null;
    this.port = init.port ?? null;
    this.url = init.url ?? '';
    this.errorCode = init.errorCode;
    this.errorText = init.errorText ?? '';
  }
}

/** Carries a channel that the peer opened (W3C WebRTC §6.4). */
export class RTCDataChannelEvent extends Event {
  readonly channel: RTCDataChannel;

  constructor(type: string, init: RTCEventInit & { channel: RTCDataChannel }) {
    super(type, init);
    this.channel = init.channel;
  }
}

/** Carries an `RTCError` (W3C WebRTC §11.3). */
export class RTCErrorEvent extends Event {
  readonly error: RTCError;

  constructor(type: string, init: RTCEventInit & { error: RTCError }) {
    super(type, init);
    this.error = init.error;
  }
}
