import type { TransportAddress } from '@kaon/interface/core/v1';
import { isMalformed } from '@kaon/wire';
import { readAddress, writeAddress } from './address.ts';
import type { AttributeCodec } from './codec.ts';

/** MAPPED-ADDRESS: the address that the request came from, for clients of RFC 3489 (RFC 8489 §14.1). */
export interface MappedAddress {
  readonly type: 'mapped-address';
  readonly address: TransportAddress;
}

export const mappedAddress: AttributeCodec<MappedAddress> = {
  type: 'mapped-address',
  code: 0x0001,
  decode(value) {
    const address = readAddress(value);
    return isMalformed(address) ? address : { type: 'mapped-address', address };
  },
  encode(value, attribute) {
    writeAddress(value, attribute.address);
  },
};
