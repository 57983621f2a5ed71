import type { AttributeCodec } from './codec.ts';

/** PRIORITY: the priority that a candidate found by this check would get (RFC 8445 §7.1.1). */
export interface Priority {
  readonly type: 'priority';
  /** 0 to 2^32 - 1. */
  readonly priority: number;
}

export const priority: AttributeCodec<Priority> = {
  type: 'priority',
  code: 0x0024,
  decode(value) {
    return { type: 'priority', priority: value.u32() };
  },
  encode(value, attribute) {
    value.u32(attribute.priority);
  },
};
