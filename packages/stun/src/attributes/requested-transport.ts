/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |    Protocol   |                    RFFU                       |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { AttributeCodec } from './codec.ts';

/** REQUESTED-TRANSPORT: the protocol between the TURN server and the peers (RFC 8656 §18.8). */
export interface RequestedTransport {
  readonly type: 'requested-transport';
  /** IP protocol number: 17 for UDP, 6 for TCP (RFC 6062). */
  readonly protocol: number;
}

export const requestedTransport: AttributeCodec<RequestedTransport> = {
  type: 'requested-transport',
  code: 0x0019,
  decode(value) {
    const protocol = value.u8();
    value.skip(3);
    return { type: 'requested-transport', protocol };
  },
  encode(value, attribute) {
    value.u8(attribute.protocol).u24(0);
  },
};
