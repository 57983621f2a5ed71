/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |   Family      |            Reserved                           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { TransportAddress } from '@kaon/interface/core/v1';
import { MALFORMED } from '@kaon/wire';
import { familyFromNumber, familyToNumber } from './address.ts';
import type { AttributeCodec } from './codec.ts';

/** REQUESTED-ADDRESS-FAMILY: the family that the relayed address should have (RFC 8656 §18.6). */
export interface RequestedAddressFamily {
  readonly type: 'requested-address-family';
  readonly family: TransportAddress['family'];
}

export const requestedAddressFamily: AttributeCodec<RequestedAddressFamily> = {
  type: 'requested-address-family',
  code: 0x0017,
  decode(value) {
    const family = familyFromNumber(value.u8());
    value.skip(3);
    return family === undefined ? MALFORMED : { type: 'requested-address-family', family };
  },
  encode(value, attribute) {
    value.u8(familyToNumber(attribute.family)).u24(0);
  },
};
