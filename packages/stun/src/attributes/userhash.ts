import type { AttributeCodec } from './codec.ts';

/** USERHASH: a hash that stands for USERNAME (RFC 8489 §14.4). */
export interface Userhash {
  readonly type: 'userhash';
  /** SHA-256 of `username:realm`, 32 bytes; `userHash` computes it. */
  readonly hash: Uint8Array;
}

export const userhash: AttributeCodec<Userhash> = {
  type: 'userhash',
  code: 0x001e,
  decode(value) {
    return { type: 'userhash', hash: value.view(LENGTH) };
  },
  encode(value, attribute) {
    if (attribute.hash.length !== LENGTH) throw new RangeError(`USERHASH takes ${LENGTH} bytes`);
    value.bytes(attribute.hash);
  },
};

const LENGTH = 32;
