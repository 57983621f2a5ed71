import { decodeUtf8, encodeUtf8, MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';

// RFC 8832 §5.1
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  Message Type |  Channel Type |            Priority           |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                    Reliability Parameter                      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |         Label Length          |       Protocol Length         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// \                             Label                             /
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// \                            Protocol                           /
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** Message type of DATA_CHANNEL_OPEN. */
export const DCEP_OPEN = 0x03;

/** DATA_CHANNEL_OPEN (RFC 8832 §5.1). At most one of `maxRetransmits` and `maxPacketLifeTime` is set. */
export interface DcepOpen {
  readonly type: 'open';
  readonly ordered: boolean;
  /** Retransmissions before giving up, 0 to 2^32 - 1. */
  readonly maxRetransmits?: number | undefined;
  /** Milliseconds before giving up, 0 to 2^32 - 1. */
  readonly maxPacketLifeTime?: number | undefined;
  /** 0 to 65535; RFC 8831 §6.4 names 128, 256, 512 and 1024. */
  readonly priority: number;
  /** At most 65535 bytes in UTF-8. */
  readonly label: string;
  /** At most 65535 bytes in UTF-8. */
  readonly protocol: string;
}

/** The bytes of a DATA_CHANNEL_OPEN. Throws RangeError when a field does not fit. */
export function encodeOpen(open: Omit<DcepOpen, 'type'>): Uint8Array {
  const label = encodeUtf8(open.label);
  const protocol = encodeUtf8(open.protocol);
  // The unordered bit and the reliability are independent halves of the channel type.
  const reliability =
    open.maxRetransmits !== undefined
      ? MAX_RETRANSMITS
      : open.maxPacketLifeTime !== undefined
        ? MAX_LIFETIME
        : RELIABLE;
  return new Writer(12 + label.length + protocol.length)
    .u8(DCEP_OPEN)
    .u8((open.ordered ? 0 : UNORDERED) | reliability)
    .u16(open.priority)
    .u32(open.maxRetransmits ?? open.maxPacketLifeTime ?? 0)
    .u16(label.length)
    .u16(protocol.length)
    .bytes(label)
    .bytes(protocol)
    .finish();
}

/** Reads a DATA_CHANNEL_OPEN. Unknown channel types and wrong lengths are malformed (RFC 8832 §6). */
export function decodeOpen(bytes: Uint8Array): DcepOpen | Malformed {
  const reader = new Reader(bytes);
  const messageType = reader.u8();
  const channelType = reader.u8();
  const priority = reader.u16();
  const parameter = reader.u32();
  const labelLength = reader.u16();
  const protocolLength = reader.u16();
  const label = reader.view(labelLength);
  const protocol = reader.view(protocolLength);
  const reliability = channelType & ~UNORDERED;
  if (reader.failed || reader.remaining > 0 || messageType !== DCEP_OPEN || reliability > MAX_LIFETIME)
    return MALFORMED;
  return {
    type: 'open',
    ordered: (channelType & UNORDERED) === 0,
    maxRetransmits: reliability === MAX_RETRANSMITS ? parameter : undefined,
    maxPacketLifeTime: reliability === MAX_LIFETIME ? parameter : undefined,
    priority,
    label: decodeUtf8(label),
    protocol: decodeUtf8(protocol),
  };
}

const UNORDERED = 0x80;
const RELIABLE = 0x00;
const MAX_RETRANSMITS = 0x01;
const MAX_LIFETIME = 0x02;
