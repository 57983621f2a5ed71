import type { TransportAddress } from '@kaon/interface/core/v1';
import { isMalformed } from '@kaon/wire';
import { readXorAddress, writeXorAddress } from './address.ts';
import type { AttributeCodec } from './codec.ts';

/** XOR-RELAYED-ADDRESS: the address that the TURN server gave to the client (RFC 8656 §18.5). */
export interface XorRelayedAddress {
  readonly type: 'xor-relayed-address';
  readonly address: TransportAddress;
}

export const xorRelayedAddress: AttributeCodec<XorRelayedAddress> = {
  type: 'xor-relayed-address',
  code: 0x0016,
  decode(value, transactionId) {
    const address = readXorAddress(value, transactionId);
    return isMalformed(address) ? address : { type: 'xor-relayed-address', address };
  },
  encode(value, attribute, transactionId) {
    writeXorAddress(value, attribute.address, transactionId);
  },
};
