import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal, isToken } from '../codec.ts';

/** RTP sources that belong together. */
export interface SsrcGroup {
  /** `FID` (media and its retransmission), `SIM`, `FEC-FR` and so on. */
  readonly semantics: string;
  readonly ssrcs: readonly number[];
}

/** `a=ssrc-group` (RFC 5576 §4.2). */
export const ssrcGroup: AttributeCodec<SsrcGroup> = {
  name: 'ssrc-group',
  decode(value) {
    const [semantics, ...texts] = value.split(' ').filter((word) => word !== '');
    const ssrcs: number[] = [];
    for (const text of texts) {
      const ssrc = decimal(text, 0xffff_ffff);
      if (ssrc === undefined) return MALFORMED;
      ssrcs.push(ssrc);
    }
    return isToken(semantics) ? { semantics, ssrcs } : MALFORMED;
  },
  encode: ({ semantics, ssrcs }) => [semantics, ...ssrcs].join(' '),
};
