import type { TransportAddress } from '@kaon/interface/core/v1';
import { isMalformed } from '@kaon/wire';
import { readAddress, writeAddress } from './address.ts';
import type { AttributeCodec } from './codec.ts';

/** RESPONSE-ORIGIN: the address that the response was sent from (RFC 5780 §7.3). */
export interface ResponseOrigin {
  readonly type: 'response-origin';
  readonly address: TransportAddress;
}

export const responseOrigin: AttributeCodec<ResponseOrigin> = {
  type: 'response-origin',
  code: 0x802b,
  decode(value) {
    const address = readAddress(value);
    return isMalformed(address) ? address : { type: 'response-origin', address };
  },
  encode(value, attribute) {
    writeAddress(value, attribute.address);
  },
};
