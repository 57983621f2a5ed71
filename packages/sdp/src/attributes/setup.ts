import { MALFORMED } from '@kaon/wire';
import type { AttributeCodec } from '../codec.ts';

/** Who begins the DTLS handshake: the `active` side; an offer says `actpass` and leaves it to the answer. */
export type Setup = 'active' | 'passive' | 'actpass' | 'holdconn';

/** `a=setup` (RFC 4145 §4, RFC 8842 §5). */
export const setup: AttributeCodec<Setup> = {
  name: 'setup',
  decode: (value) => SETUPS.find((each) => each === value) ?? MALFORMED,
  encode: (value) => value,
};

const SETUPS: readonly Setup[] = ['active', 'passive', 'actpass', 'holdconn'];
