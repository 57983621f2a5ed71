import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, isToken } from '../codec.ts';

/** Media sections that belong together. */
export interface Group {
  /** `BUNDLE`, `LS` and others. */
  readonly semantics: string;
  /** Their mids; for BUNDLE the first one's transport is the one to use (RFC 9143 §7). */
  readonly mids: readonly string[];
}

/** `a=group` (RFC 5888 §5). */
export const group: AttributeCodec<Group> = {
  name: 'group',
  decode(value) {
    const [semantics, ...mids] = value.split(' ').filter((word) => word !== '');
    return isToken(semantics) && mids.every(isToken) ? { semantics, mids } : MALFORMED;
  },
  encode: ({ semantics, mids }) => [semantics, ...mids].join(' '),
};
