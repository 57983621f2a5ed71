import type { CodedError } from '@kaon/interface/core/v1';

/** What the caller did wrong. Packets of a peer never throw: they give a negative `SRTP_` number. */
export type SrtpErrorCode =
  /** An option is missing, unknown or out of range. */
  | 'SRTP_BAD_OPTION'
  /** The bytes to protect are not an RTP or RTCP packet. */
  | 'SRTP_BAD_PACKET'
  /** The buffer lacks the room behind the packet that protection takes: `overhead` or `rtcpOverhead`. */
  | 'SRTP_NO_ROOM'
  /** A packet of this stream was protected under the same index before, or is too old to tell (RFC 3711 §3.3.2). */
  | 'SRTP_INDEX_REUSED'
  /** Beside `maxStreams` sending streams 65536 more have ended: no new one can be remembered (RFC 3711 §9.1). */
  | 'SRTP_TOO_MANY_STREAMS'
  /** The master key has served 2^48 SRTP or 2^31 SRTCP packets (RFC 3711 §9.2), or an index would start over. */
  | 'SRTP_KEY_EXHAUSTED'
  /** The session was disposed of. */
  | 'SRTP_DISPOSED';

/** The one error class of this package; tell errors apart by `code`. */
export class SrtpError extends Error implements CodedError {
  override readonly name: string = 'SrtpError';
  readonly code: SrtpErrorCode;

  /** `message` is a sentence for people. */
  constructor(code: SrtpErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Not an SRTP or SRTCP packet, or too short for the profile. */
export const SRTP_MALFORMED = -1;
/** The authentication tag is wrong. */
export const SRTP_NOT_AUTHENTIC = -2;
/** The packet came before, or is too old for the replay window to tell (RFC 3711 §3.3.2). */
export const SRTP_REPLAYED = -3;
/** The master key identifier is none that the session knows (RFC 3711 §3.1). */
export const SRTP_UNKNOWN_KEY = -4;
/** The master key has served as many packets as it may, or the packet's index is beyond 2^48 (RFC 3711 §9.2). */
export const SRTP_KEY_EXPIRED = -5;
/** The session asks for cryptex (RFC 9335) and the packet has header extensions or CSRCs in the clear. */
export const SRTP_NOT_CRYPTEX = -6;
