/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |         Response Port         |            Padding            |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { AttributeCodec } from './codec.ts';

/** RESPONSE-PORT: the port that the response is to be sent to (RFC 5780 §7.5). */
export interface ResponsePort {
  readonly type: 'response-port';
  /** 0 to 65535. */
  readonly port: number;
}

export const responsePort: AttributeCodec<ResponsePort> = {
  type: 'response-port',
  code: 0x0027,
  decode(value) {
    const port = value.u16();
    // RFC 5780 calls the second half padding; some count it in the length and some do not.
    if (value.remaining > 0) value.skip(2);
    return { type: 'response-port', port };
  },
  encode(value, attribute) {
    value.u16(attribute.port).u16(0);
  },
};
