import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal } from '../codec.ts';

/** An attribute whose value is a decimal number from 0 to `max`. */
export function number(name: string, max?: number): AttributeCodec<number> {
  return {
    name,
    decode: (value) => decimal(value, max) ?? MALFORMED,
    encode: (value) => String(value),
  };
}
