import { MALFORMED } from '@kaon/wire';
import type { AttributeCodec } from '../codec.ts';

/** `a=framerate`: the highest rate of video in frames per second, perhaps with a fraction (RFC 8866 §6.13). */
export const framerate: AttributeCodec<number> = {
  name: 'framerate',
  decode: (value) => (/^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(value) ? Number(value) : MALFORMED),
  encode: (value) => String(value),
};
