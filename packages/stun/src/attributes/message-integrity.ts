import type { AttributeCodec } from './codec.ts';

/** MESSAGE-INTEGRITY: an HMAC-SHA1 over what stands in front of it (RFC 8489 §14.5). */
export interface MessageIntegrity {
  readonly type: 'message-integrity';
  /** 20 bytes. `encodeMessage` computes it from its option; check it with `verifyIntegrity`. */
  readonly mac: Uint8Array;
}

export const messageIntegrity: AttributeCodec<MessageIntegrity> = {
  type: 'message-integrity',
  code: 0x0008,
  decode(value) {
    return { type: 'message-integrity', mac: value.view(LENGTH) };
  },
  encode(value, attribute) {
    if (attribute.mac.length !== LENGTH) throw new RangeError(`MESSAGE-INTEGRITY takes ${LENGTH} bytes`);
    value.bytes(attribute.mac);
  },
};

const LENGTH = 20;
