import type { TransportAddress } from '@kaon/interface/core/v1';
import { isMalformed } from '@kaon/wire';
import { readXorAddress, writeXorAddress } from './address.ts';
import type { AttributeCodec } from './codec.ts';

/** XOR-MAPPED-ADDRESS: the address that the request came from, as the server saw it (RFC 8489 §14.2). */
export interface XorMappedAddress {
  readonly type: 'xor-mapped-address';
  readonly address: TransportAddress;
}

export const xorMappedAddress: AttributeCodec<XorMappedAddress> = {
  type: 'xor-mapped-address',
  code: 0x0020,
  decode(value, transactionId) {
    const address = readXorAddress(value, transactionId);
    return isMalformed(address) ? address : { type: 'xor-mapped-address', address };
  },
  encode(value, attribute, transactionId) {
    writeXorAddress(value, attribute.address, transactionId);
  },
};
