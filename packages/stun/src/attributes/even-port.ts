/**
 *     0
 *     0 1 2 3 4 5 6 7
 *    +-+-+-+-+-+-+-+-+
 *    |R|    RFFU     |
 *    +-+-+-+-+-+-+-+-+
 */
import type { AttributeCodec } from './codec.ts';

/** EVEN-PORT: the relayed address should have an even port (RFC 8656 §18.7). */
export interface EvenPort {
  readonly type: 'even-port';
  /** Whether the next higher port is to be held back for a later allocation. */
  readonly reserveNext: boolean;
}

export const evenPort: AttributeCodec<EvenPort> = {
  type: 'even-port',
  code: 0x0018,
  decode(value) {
    return { type: 'even-port', reserveNext: (value.u8() & 0x80) !== 0 };
  },
  encode(value, attribute) {
    value.u8(attribute.reserveNext ? 0x80 : 0);
  },
};
