/** What a TCP packet carries besides its bytes (RFC 9293 §3.1). Sequence numbers are plain numbers that never wrap. */
export interface Segment {
  /** Sequence number of the first byte, of SYN or of FIN. */
  readonly sequence: number;
  /** Next sequence number the sender expects; undefined: no ACK flag. */
  readonly acknowledgment?: number | undefined;
  readonly syn?: boolean | undefined;
  readonly fin?: boolean | undefined;
  readonly rst?: boolean | undefined;
  /** Bytes the sender has room for. */
  readonly window: number;
  /** Of the bytes alone: a damaged segment is dropped. */
  readonly checksum: number;
}

/** Bytes of a segment at most: fits the smallest MTU of IPv6 with headers and TURN to spare. */
export const MAX_SEGMENT = 1200;

export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}
