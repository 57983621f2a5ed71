import { MALFORMED } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';

/** MESSAGE-INTEGRITY-SHA256: an HMAC-SHA256, perhaps truncated, over what stands in front of it (RFC 8489 §14.6). */
export interface MessageIntegritySha256 {
  readonly type: 'message-integrity-sha256';
  /** 16, 20, 24, 28 or 32 bytes. `encodeMessage` computes it from its option; check it with `verifyIntegritySha256`. */
  readonly mac: Uint8Array;
}

export const messageIntegritySha256: AttributeCodec<MessageIntegritySha256> = {
  type: 'message-integrity-sha256',
  code: 0x001c,
  decode(value) {
    if (!isSha256TagLength(value.remaining)) return MALFORMED;
    return { type: 'message-integrity-sha256', mac: value.rest() };
  },
  encode(value, attribute) {
    if (!isSha256TagLength(attribute.mac.length)) throw new RangeError('MESSAGE-INTEGRITY-SHA256 takes 16 to 32 bytes');
    value.bytes(attribute.mac);
  },
};

/** Lengths that RFC 8489 §14.6 allows: multiples of four from 16 to 32. */
export function isSha256TagLength(length: number): boolean {
  return length >= 16 && length <= 32 && length % 4 === 0;
}
