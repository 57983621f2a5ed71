/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |  Reserved                     |  ICMP Type  |  ICMP Code      |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                          Error Data                           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { AttributeCodec } from './codec.ts';

/** ICMP: an ICMP error that the server got for a datagram it relayed (RFC 8656 §18.13). */
export interface Icmp {
  readonly type: 'icmp';
  /** ICMP type, 0 to 127 (7 bits). */
  readonly icmpType: number;
  /** ICMP code, 0 to 511 (9 bits). */
  readonly icmpCode: number;
  /** The MTU for "packet too big", else 0. */
  readonly errorData: number;
}

export const icmp: AttributeCodec<Icmp> = {
  type: 'icmp',
  code: 0x8004,
  decode(value) {
    value.skip(2);
    const both = value.u16();
    return { type: 'icmp', icmpType: both >> 9, icmpCode: both & 0x1ff, errorData: value.u32() };
  },
  encode(value, attribute) {
    if (!(attribute.icmpType >= 0 && attribute.icmpType <= 0x7f)) throw new RangeError('ICMP type has 7 bits');
    if (!(attribute.icmpCode >= 0 && attribute.icmpCode <= 0x1ff)) throw new RangeError('ICMP code has 9 bits');
    value
      .u16(0)
      .u16((attribute.icmpType << 9) | attribute.icmpCode)
      .u32(attribute.errorData);
  },
};
