import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal, isToken } from '../codec.ts';

/** A property of one RTP source. */
export interface Ssrc {
  /** 0 to 2^32 - 1. */
  readonly ssrc: number;
  /** `cname`, `msid` and so on. */
  readonly attribute: string;
  readonly value?: string | undefined;
}

/** `a=ssrc` (RFC 5576 §4.1). */
export const ssrc: AttributeCodec<Ssrc> = {
  name: 'ssrc',
  decode(value) {
    const space = value.indexOf(' ');
    const id = decimal(value.slice(0, Math.max(0, space)), 0xffff_ffff);
    const rest = value.slice(space + 1);
    const colon = rest.indexOf(':');
    const attribute = colon < 0 ? rest : rest.slice(0, colon);
    if (id === undefined || !isToken(attribute)) return MALFORMED;
    return colon < 0 ? { ssrc: id, attribute } : { ssrc: id, attribute, value: rest.slice(colon + 1) };
  },
  encode: ({ ssrc, attribute, value }) => `${ssrc} ${attribute}${value === undefined ? '' : `:${value}`}`,
};
