import type { AttributeCodec } from './codec.ts';

/** DONT-FRAGMENT: the server is to set DF on what it relays (RFC 8656 §18.9). It has no value. */
export interface DontFragment {
  readonly type: 'dont-fragment';
}

export const dontFragment: AttributeCodec<DontFragment> = {
  type: 'dont-fragment',
  code: 0x001a,
  decode() {
    return { type: 'dont-fragment' };
  },
  encode() {},
};
