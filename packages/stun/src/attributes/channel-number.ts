/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |        Channel Number         |         Reserved = 0          |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { AttributeCodec } from './codec.ts';

/** CHANNEL-NUMBER: the number of a channel (RFC 8656 §18.1). */
export interface ChannelNumber {
  readonly type: 'channel-number';
  /** 0x4000 to 0x4fff are usable. */
  readonly channel: number;
}

export const channelNumber: AttributeCodec<ChannelNumber> = {
  type: 'channel-number',
  code: 0x000c,
  decode(value) {
    const channel = value.u16();
    value.skip(2);
    return { type: 'channel-number', channel };
  },
  encode(value, attribute) {
    value.u16(attribute.channel).u16(0);
  },
};
