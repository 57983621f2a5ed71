import { MALFORMED } from '@kaon/wire';
import type { AttributeCodec } from './codec.ts';

/** UNKNOWN-ATTRIBUTES: what the server had to understand and did not; goes with error 420 (RFC 8489 §14.13). */
export interface UnknownAttributes {
  readonly type: 'unknown-attributes';
  /** Attribute types, 16 bits each. */
  readonly types: readonly number[];
}

export const unknownAttributes: AttributeCodec<UnknownAttributes> = {
  type: 'unknown-attributes',
  code: 0x000a,
  decode(value) {
    if ((value.remaining & 1) !== 0) return MALFORMED;
    const types: number[] = [];
    while (value.remaining > 0) types.push(value.u16());
    return { type: 'unknown-attributes', types };
  },
  encode(value, attribute) {
    for (const type of attribute.types) value.u16(type);
  },
};
