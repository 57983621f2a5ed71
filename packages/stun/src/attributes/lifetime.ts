import type { AttributeCodec } from './codec.ts';

/** LIFETIME: how long the server keeps an allocation without a refresh (RFC 8656 §18.2). */
export interface Lifetime {
  readonly type: 'lifetime';
  /** Seconds; 0 in a Refresh request deletes the allocation. */
  readonly seconds: number;
}

export const lifetime: AttributeCodec<Lifetime> = {
  type: 'lifetime',
  code: 0x000d,
  decode(value) {
    return { type: 'lifetime', seconds: value.u32() };
  },
  encode(value, attribute) {
    value.u32(attribute.seconds);
  },
};
