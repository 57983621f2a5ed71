import type { Malformed, Reader, Writer } from '@kaon/wire';

/**
 * How one attribute is read and written. `decode` gets a reader over exactly the value; whatever it leaves unread, or
 * reads past the end, makes the attribute malformed. `encode` writes the value without its padding, and throws
 * RangeError for a field that does not fit.
 */
export interface AttributeCodec<A extends { readonly type: string }> {
  readonly type: A['type'];
  /** Its number in the IANA registry "STUN Attributes"; below 0x8000 the receiver must understand it. */
  readonly code: number;
  decode(value: Reader, transactionId: Uint8Array): A | Malformed;
  encode(value: Writer, attribute: A, transactionId: Uint8Array): void;
}
