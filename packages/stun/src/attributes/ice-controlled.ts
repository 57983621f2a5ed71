import type { AttributeCodec } from './codec.ts';

/** ICE-CONTROLLED: the sender believes that it is the controlled agent (RFC 8445 §7.1.3). */
export interface IceControlled {
  readonly type: 'ice-controlled';
  /** 64 random bits that settle a role conflict. */
  readonly tieBreaker: bigint;
}

export const iceControlled: AttributeCodec<IceControlled> = {
  type: 'ice-controlled',
  code: 0x8029,
  decode(value) {
    return { type: 'ice-controlled', tieBreaker: value.u64() };
  },
  encode(value, attribute) {
    value.u64(attribute.tieBreaker);
  },
};
