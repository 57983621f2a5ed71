import { MALFORMED, type Malformed } from '@kaon/wire';

// RFC 8832 §5.2
//
//  0 1 2 3 4 5 6 7
// +-+-+-+-+-+-+-+-+
// |  Message Type |
// +-+-+-+-+-+-+-+-+

/** Message type of DATA_CHANNEL_ACK. */
export const DCEP_ACK = 0x02;

/** DATA_CHANNEL_ACK (RFC 8832 §5.2). */
export interface DcepAck {
  readonly type: 'ack';
}

/** The byte of a DATA_CHANNEL_ACK. */
export function encodeAck(): Uint8Array {
  return Uint8Array.of(DCEP_ACK);
}

/** Reads a DATA_CHANNEL_ACK. Bytes behind the type are left to future versions and ignored. */
export function decodeAck(bytes: Uint8Array): DcepAck | Malformed {
  return bytes[0] === DCEP_ACK ? ACK : MALFORMED;
}

const ACK: DcepAck = Object.freeze({ type: 'ack' });
