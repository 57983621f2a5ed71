import type { TransportAddress } from '@kaon/interface/core/v1';
import { isMalformed } from '@kaon/wire';
import { readAddress, writeAddress } from './address.ts';
import type { AttributeCodec } from './codec.ts';

/** OTHER-ADDRESS: the address a response would come from if the client asked to change address and port (RFC 5780 §7.4). */
export interface OtherAddress {
  readonly type: 'other-address';
  readonly address: TransportAddress;
}

export const otherAddress: AttributeCodec<OtherAddress> = {
  type: 'other-address',
  code: 0x802c,
  decode(value) {
    const address = readAddress(value);
    return isMalformed(address) ? address : { type: 'other-address', address };
  },
  encode(value, attribute) {
    writeAddress(value, attribute.address);
  },
};
