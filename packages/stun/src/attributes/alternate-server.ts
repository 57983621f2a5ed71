import type { TransportAddress } from '@kaon/interface/core/v1';
import { isMalformed } from '@kaon/wire';
import { readAddress, writeAddress } from './address.ts';
import type { AttributeCodec } from './codec.ts';

/** ALTERNATE-SERVER: the server to ask instead (RFC 8489 §14.15). */
export interface AlternateServer {
  readonly type: 'alternate-server';
  readonly address: TransportAddress;
}

export const alternateServer: AttributeCodec<AlternateServer> = {
  type: 'alternate-server',
  code: 0x8023,
  decode(value) {
    const address = readAddress(value);
    return isMalformed(address) ? address : { type: 'alternate-server', address };
  },
  encode(value, attribute) {
    writeAddress(value, attribute.address);
  },
};
