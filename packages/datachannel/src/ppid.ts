/** SCTP payload protocol identifiers of WebRTC (RFC 8831 §8). */
export const PPID: {
  readonly dcep: 50;
  readonly text: 51;
  readonly binaryPartial: 52;
  readonly binary: 53;
  readonly textPartial: 54;
  readonly textEmpty: 56;
  readonly binaryEmpty: 57;
} = {
  /** Data Channel Establishment Protocol (RFC 8832). */
  dcep: 50,
  /** A string in UTF-8, not empty. */
  text: 51,
  /** Deprecated: part of a binary message that `binary` ends. Never sent, still understood. */
  binaryPartial: 52,
  /** Binary data, not empty. */
  binary: 53,
  /** Deprecated: part of a string that `text` ends. Never sent, still understood. */
  textPartial: 54,
  /** The empty string, carried by one byte that does not count. */
  textEmpty: 56,
  /** Empty binary data, carried by one byte that does not count. */
  binaryEmpty: 57,
};
