/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |  Family       |    Reserved             |Class|     Number    |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |      Reason Phrase (variable)                                ..
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { TransportAddress } from '@kaon/interface/core/v1';
import { isMalformed, MALFORMED } from '@kaon/wire';
import { familyFromNumber, familyToNumber } from './address.ts';
import type { AttributeCodec } from './codec.ts';
import { readErrorNumber, writeErrorNumber } from './error-code.ts';
import { readText, TEXT_LIMIT, writeText } from './text.ts';

/** ADDRESS-ERROR-CODE: why there is no relayed address of this family although the allocation succeeded (RFC 8656 §18.12). */
export interface AddressErrorCode {
  readonly type: 'address-error-code';
  readonly family: TransportAddress['family'];
  /** 300 to 699. */
  readonly code: number;
  /** For people; at most 763 bytes of UTF-8. */
  readonly reason: string;
}

export const addressErrorCode: AttributeCodec<AddressErrorCode> = {
  type: 'address-error-code',
  code: 0x8001,
  decode(value) {
    const family = familyFromNumber(value.u8());
    value.skip(1);
    const code = readErrorNumber(value);
    const reason = readText(value, TEXT_LIMIT);
    if (family === undefined || code === undefined || isMalformed(reason)) return MALFORMED;
    return { type: 'address-error-code', family, code, reason };
  },
  encode(value, attribute) {
    value.u8(familyToNumber(attribute.family)).u8(0);
    writeErrorNumber(value, attribute.code);
    writeText(value, attribute.reason, TEXT_LIMIT);
  },
};
