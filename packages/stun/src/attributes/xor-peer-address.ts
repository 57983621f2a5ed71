import type { TransportAddress } from '@kaon/interface/core/v1';
import { isMalformed } from '@kaon/wire';
import { readXorAddress, writeXorAddress } from './address.ts';
import type { AttributeCodec } from './codec.ts';

/** XOR-PEER-ADDRESS: a peer as the TURN server sees it (RFC 8656 §18.3). */
export interface XorPeerAddress {
  readonly type: 'xor-peer-address';
  readonly address: TransportAddress;
}

export const xorPeerAddress: AttributeCodec<XorPeerAddress> = {
  type: 'xor-peer-address',
  code: 0x0012,
  decode(value, transactionId) {
    const address = readXorAddress(value, transactionId);
    return isMalformed(address) ? address : { type: 'xor-peer-address', address };
  },
  encode(value, attribute, transactionId) {
    writeXorAddress(value, attribute.address, transactionId);
  },
};
