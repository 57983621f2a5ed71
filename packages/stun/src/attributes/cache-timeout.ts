import type { AttributeCodec } from './codec.ts';

/** CACHE-TIMEOUT: for how long the server may keep the transaction to answer a repetition (RFC 5780 §7.2). */
export interface CacheTimeout {
  readonly type: 'cache-timeout';
  /** Seconds. */
  readonly seconds: number;
}

export const cacheTimeout: AttributeCodec<CacheTimeout> = {
  type: 'cache-timeout',
  code: 0x8027,
  decode(value) {
    return { type: 'cache-timeout', seconds: value.u32() };
  },
  encode(value, attribute) {
    value.u32(attribute.seconds);
  },
};
