import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, isWord } from '../codec.ts';

/** What the msids of a session are for. */
export interface MsidSemantic {
  /** `WMS` */
  readonly semantic: string;
  /** Stream ids, or `*` for all. */
  readonly ids: readonly string[];
}

/** `a=msid-semantic`, from drafts before RFC 8830; browsers still write it, Chromium with a space behind the colon. */
export const msidSemantic: AttributeCodec<MsidSemantic> = {
  name: 'msid-semantic',
  decode(value) {
    const [semantic, ...ids] = value.split(' ').filter((word) => word !== '');
    return isWord(semantic) ? { semantic, ids } : MALFORMED;
  },
  encode: ({ semantic, ids }) => [semantic, ...ids].join(' '),
};
