import type { AttributeCodec } from './codec.ts';

/**
 * NOMINATION: the greater of two nominations counts (draft-thatcher-ice-renomination §5). The draft has no number for
 * it; libwebrtc chose this one.
 */
export interface Nomination {
  readonly type: 'nomination';
  /** 1 to 2^32 - 1. */
  readonly nomination: number;
}

export const nomination: AttributeCodec<Nomination> = {
  type: 'nomination',
  code: 0xc001,
  decode(value) {
    return { type: 'nomination', nomination: value.u32() };
  },
  encode(value, attribute) {
    value.u32(attribute.nomination);
  },
};

/** The same under the number that Pion sends it with, which a receiver has to understand. Read only. */
export const pionNomination: AttributeCodec<Nomination> = { ...nomination, code: 0x0030 };
