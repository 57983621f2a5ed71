import { MALFORMED } from '@kaon/wire';
import type { AttributeCodec } from '../codec.ts';

/** `a=ice-options`: what the sender's agent supports: `trickle`, `ice2`, `renomination` (RFC 8839 §5.6). */
export const iceOptions: AttributeCodec<readonly string[]> = {
  name: 'ice-options',
  decode(value) {
    const options = value.split(' ').filter((option) => option !== '');
    return options.length === 0 ? MALFORMED : options;
  },
  encode: (options) => options.join(' '),
};
