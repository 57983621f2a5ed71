import { MALFORMED } from '@kaon/wire';
import type { AttributeCodec } from '../codec.ts';

/** A property attribute: it is there or not, and has no value. */
export function flag(name: string): AttributeCodec<true> {
  return {
    name,
    decode: (value) => (value === '' ? true : MALFORMED),
    encode: () => '',
  };
}
