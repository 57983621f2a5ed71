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

/** ADDITIONAL-ADDRESS-FAMILY: a family for which a second relayed address is wanted (RFC 8656 §18.11). */
export interface AdditionalAddressFamily {
  readonly type: 'additional-address-family';
  readonly family: TransportAddress['family'];
}

export const additionalAddressFamily: AttributeCodec<AdditionalAddressFamily> = {
  type: 'additional-address-family',
  code: 0x8000,
  decode(value) {
    const family = familyFromNumber(value.u8());
    value.skip(3);
    return family === undefined ? MALFORMED : { type: 'additional-address-family', family };
  },
  encode(value, attribute) {
    value.u8(familyToNumber(attribute.family)).u24(0);
  },
};
