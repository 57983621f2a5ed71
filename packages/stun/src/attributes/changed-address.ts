import type { TransportAddress } from '@kaon/interface/core/v1';
import { isMalformed } from '@kaon/wire';
import { readAddress, writeAddress } from './address.ts';
import type { AttributeCodec } from './codec.ts';

/** CHANGED-ADDRESS: the address a response would come from if both were changed; servers of the old specification send it (RFC 3489 §11.2.3). */
export interface ChangedAddress {
  readonly type: 'changed-address';
  readonly address: TransportAddress;
}

export const changedAddress: AttributeCodec<ChangedAddress> = {
  type: 'changed-address',
  code: 0x0005,
  decode(value) {
    const address = readAddress(value);
    return isMalformed(address) ? address : { type: 'changed-address', address };
  },
  encode(value, attribute) {
    writeAddress(value, attribute.address);
  },
};
