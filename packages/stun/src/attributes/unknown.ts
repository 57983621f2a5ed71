/** An attribute that this package does not know, or one that may be ignored and is malformed: kept as it came. */
export interface UnknownAttribute {
  readonly type: 'unknown';
  /** The type field, 16 bits. Below 0x8000 the receiver must understand it (RFC 8489 §14). */
  readonly attributeType: number;
  /** The value without padding. */
  readonly value: Uint8Array;
}
