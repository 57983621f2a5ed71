/** Attributes whose value is a number. */
import { MALFORMED } from '@kaon/wire';
import type { AttributeCodec } from '../codec.ts';
import { number } from './number.ts';

/** `a=sctp-port`: the SCTP port of data channels, 5000 by custom; 0 closes the association (RFC 8841 §5). */
export const sctpPort: AttributeCodec<number> = number('sctp-port', 65535);
/**
 * `a=max-message-size`: the largest message in bytes that the sender takes; 0 means any. Absent: 65536 (RFC 8841 §6).
 * What no number can hold exactly is read as the largest that can.
 */
export const maxMessageSize: AttributeCodec<number> = {
  ...number('max-message-size'),
  decode: (value) => (/^[0-9]+$/.test(value) ? Math.min(Number(value), Number.MAX_SAFE_INTEGER) : MALFORMED),
};
/** `a=ice-pacing`: the Ta in ms that the sender wishes for (RFC 8839 §5.5). */
export const icePacing: AttributeCodec<number> = number('ice-pacing');
