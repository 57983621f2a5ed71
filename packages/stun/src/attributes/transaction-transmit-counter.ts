/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |      Reserved = 0             |      Req      |      Resp     |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { AttributeCodec } from './codec.ts';

/** TRANSACTION_TRANSMIT_COUNTER: which transmission this is, to measure round trips in spite of repetition (RFC 7982 §3.1). */
export interface TransactionTransmitCounter {
  readonly type: 'transaction-transmit-counter';
  /** How often the request was sent, 0 to 255. */
  readonly requests: number;
  /** How often a response was sent, 0 to 255. */
  readonly responses: number;
}

export const transactionTransmitCounter: AttributeCodec<TransactionTransmitCounter> = {
  type: 'transaction-transmit-counter',
  code: 0x8025,
  decode(value) {
    value.skip(2);
    return { type: 'transaction-transmit-counter', requests: value.u8(), responses: value.u8() };
  },
  encode(value, attribute) {
    value.u16(0).u8(attribute.requests).u8(attribute.responses);
  },
};
