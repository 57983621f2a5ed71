/** Attributes whose value is a number that may have a fraction. */
import { MALFORMED } from '@kaon/wire';
import type { AttributeCodec } from '../codec.ts';

/** `a=ptime`: ms of media in one packet (RFC 8866 §6.4). */
export const ptime: AttributeCodec<number> = fraction('ptime');
/** `a=maxptime`: most ms of media in one packet (RFC 8866 §6.5). */
export const maxptime: AttributeCodec<number> = fraction('maxptime');
/** `a=framerate`: the highest rate of video in frames per second (RFC 8866 §6.13). */
export const framerate: AttributeCodec<number> = fraction('framerate');

function fraction(name: string): AttributeCodec<number> {
  return {
    name,
    decode: (value) => (/^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(value) ? Number(value) : MALFORMED),
    encode: (value) => String(value),
  };
}
