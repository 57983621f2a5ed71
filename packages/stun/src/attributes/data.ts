import type { AttributeCodec } from './codec.ts';

/** DATA: what is relayed (RFC 8656 §18.4). */
export interface Data {
  readonly type: 'data';
  /** The payload of one datagram. */
  readonly data: Uint8Array;
}

export const data: AttributeCodec<Data> = {
  type: 'data',
  code: 0x0013,
  decode(value) {
    return { type: 'data', data: value.rest() };
  },
  encode(value, attribute) {
    value.bytes(attribute.data);
  },
};
