import type { TransportAddress } from '@kaon/interface/core/v1';
import { isMalformed } from '@kaon/wire';
import { readAddress, writeAddress } from './address.ts';
import type { AttributeCodec } from './codec.ts';

/** SOURCE-ADDRESS: the address that the response was sent from; servers of the old specification send it (RFC 3489 §11.2.5). */
export interface SourceAddress {
  readonly type: 'source-address';
  readonly address: TransportAddress;
}

export const sourceAddress: AttributeCodec<SourceAddress> = {
  type: 'source-address',
  code: 0x0004,
  decode(value) {
    const address = readAddress(value);
    return isMalformed(address) ? address : { type: 'source-address', address };
  },
  encode(value, attribute) {
    writeAddress(value, attribute.address);
  },
};
