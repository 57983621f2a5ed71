/**
 * The STUN header (RFC 8489 §5):
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |0 0|     STUN Message Type     |         Message Length        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                         Magic Cookie                          |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                     Transaction ID (96 bits)                  |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { readU16, readU32 } from '@kaon/wire';

/** The class of a message: its two C bits (RFC 8489 §5). */
export type StunClass = 'request' | 'indication' | 'success' | 'error';

/** The methods of the IANA registry "STUN Methods". */
export const METHOD: {
  /** RFC 8489 */
  readonly Binding: 0x001;
  /** RFC 8656 */
  readonly Allocate: 0x003;
  /** RFC 8656 */
  readonly Refresh: 0x004;
  /** RFC 8656 */
  readonly Send: 0x006;
  /** RFC 8656 */
  readonly Data: 0x007;
  /** RFC 8656 */
  readonly CreatePermission: 0x008;
  /** RFC 8656 */
  readonly ChannelBind: 0x009;
  /** RFC 6062 */
  readonly Connect: 0x00a;
  /** RFC 6062 */
  readonly ConnectionBind: 0x00b;
  /** RFC 6062 */
  readonly ConnectionAttempt: 0x00c;
} = {
  Binding: 0x001,
  Allocate: 0x003,
  Refresh: 0x004,
  Send: 0x006,
  Data: 0x007,
  CreatePermission: 0x008,
  ChannelBind: 0x009,
  Connect: 0x00a,
  ConnectionBind: 0x00b,
  ConnectionAttempt: 0x00c,
};

/** Bytes of the header. */
export const HEADER_LENGTH = 20;

/** Bytes of a transaction id. */
export const TRANSACTION_ID_LENGTH = 12;

/** The fixed value of the second word. */
export const MAGIC_COOKIE = 0x2112a442;

/**
 * Whether a datagram is a STUN message by its frame: first byte 0 to 3 (RFC 7983), magic cookie, and a length field
 * that is a multiple of four and says exactly how many bytes follow the header. Cheap; says nothing of the attributes.
 */
export function isStun(bytes: Uint8Array): boolean {
  return (
    bytes.length >= HEADER_LENGTH &&
    bytes[0]! < 4 &&
    readU32(bytes, 4) === MAGIC_COOKIE &&
    (bytes.length & 3) === 0 &&
    readU16(bytes, 2) === bytes.length - HEADER_LENGTH
  );
}

/** The class in a message type field. */
export function classOf(messageType: number): StunClass {
  return CLASSES[((messageType >> 7) & 2) | ((messageType >> 4) & 1)]!;
}

/** The method in a message type field: 12 bits, of which a STUN message uses 8. */
export function methodOf(messageType: number): number {
  return (messageType & 0x000f) | ((messageType & 0x00e0) >> 1) | ((messageType & 0x3e00) >> 2);
}

/** The message type field of a class and a method; the caller has checked that the method fits in 12 bits. */
export function messageType(cls: StunClass, method: number): number {
  const bits = CLASSES.indexOf(cls);
  return (
    ((bits & 2) << 7) | ((bits & 1) << 4) | (method & 0x000f) | ((method & 0x0070) << 1) | ((method & 0x0f80) << 2)
  );
}

/** A transaction id as 24 hexadecimal digits: for maps and traces. */
export function formatTransactionId(transactionId: Uint8Array): string {
  let text = '';
  for (const byte of transactionId) text += byte.toString(16).padStart(2, '0');
  return text;
}

const CLASSES: readonly StunClass[] = ['request', 'indication', 'success', 'error'];
