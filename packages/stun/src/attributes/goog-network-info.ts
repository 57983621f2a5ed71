/**
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |          Network id           |         Network cost          |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { AttributeCodec } from './codec.ts';

/** GOOG-NETWORK-INFO, which Chromium adds to its checks (draft-thatcher-ice-network-cost). */
export interface GoogNetworkInfo {
  readonly type: 'goog-network-info';
  /** Number of the sender's network interface. */
  readonly networkId: number;
  /** 0 (free) to 999. */
  readonly networkCost: number;
}

export const googNetworkInfo: AttributeCodec<GoogNetworkInfo> = {
  type: 'goog-network-info',
  code: 0xc057,
  decode(value) {
    return { type: 'goog-network-info', networkId: value.u16(), networkCost: value.u16() };
  },
  encode(value, attribute) {
    value.u16(attribute.networkId).u16(attribute.networkCost);
  },
};
