/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 A B 0|
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { AttributeCodec } from './codec.ts';

/** CHANGE-REQUEST: the response is to come from another address, port or both (RFC 5780 §7.2). */
export interface ChangeRequest {
  readonly type: 'change-request';
  readonly changeAddress: boolean;
  readonly changePort: boolean;
}

export const changeRequest: AttributeCodec<ChangeRequest> = {
  type: 'change-request',
  code: 0x0003,
  decode(value) {
    const flags = value.u32();
    return { type: 'change-request', changeAddress: (flags & 4) !== 0, changePort: (flags & 2) !== 0 };
  },
  encode(value, attribute) {
    value.u32((attribute.changeAddress ? 4 : 0) | (attribute.changePort ? 2 : 0));
  },
};
