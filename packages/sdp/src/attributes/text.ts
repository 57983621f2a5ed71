import { MALFORMED } from '@kaon/wire';
import type { AttributeCodec } from '../codec.ts';

/** An attribute whose value is text that matches `pattern` as a whole. */
export function text(name: string, pattern: RegExp): AttributeCodec<string> {
  return {
    name,
    decode: (value) => (pattern.test(value) ? value : MALFORMED),
    encode: (value) => value,
  };
}
