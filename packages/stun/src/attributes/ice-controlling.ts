import type { AttributeCodec } from './codec.ts';

/** ICE-CONTROLLING: the sender believes that it is the controlling agent (RFC 8445 §7.1.3). */
export interface IceControlling {
  readonly type: 'ice-controlling';
  /** 64 random bits that settle a role conflict. */
  readonly tieBreaker: bigint;
}

export const iceControlling: AttributeCodec<IceControlling> = {
  type: 'ice-controlling',
  code: 0x802a,
  decode(value) {
    return { type: 'ice-controlling', tieBreaker: value.u64() };
  },
  encode(value, attribute) {
    value.u64(attribute.tieBreaker);
  },
};
