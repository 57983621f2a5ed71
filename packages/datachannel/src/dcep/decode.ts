import { MALFORMED, type Malformed } from '@kaon/wire';
import { DCEP_ACK, type DcepAck, decodeAck } from './ack.ts';
import { DCEP_OPEN, type DcepOpen, decodeOpen } from './open.ts';

/** A message of the Data Channel Establishment Protocol (RFC 8832 §5). */
export type DcepMessage = DcepOpen | DcepAck;

/** Reads one DCEP message, or returns `Malformed` for anything that is none. */
export function decodeDcep(bytes: Uint8Array): DcepMessage | Malformed {
  if (bytes[0] === DCEP_OPEN) return decodeOpen(bytes);
  return bytes[0] === DCEP_ACK ? decodeAck(bytes) : MALFORMED;
}
