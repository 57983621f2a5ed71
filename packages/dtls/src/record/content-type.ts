/** Record content types (RFC 5246 §6.2.1). */
export const CONTENT_TYPE = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
} as const;

/** Protocol versions on the wire: the one's complement of the number people say (RFC 6347 §4.1). */
export const VERSION = {
  dtls10: 0xfeff,
  dtls12: 0xfefd,
  dtls13: 0xfefc,
} as const;

/** Bytes of a DTLS 1.2 record header. */
export const RECORD_HEADER_LENGTH = 13;

/** Largest plaintext of one record (RFC 5246 §6.2.1). */
export const MAX_PLAINTEXT: number = 2 ** 14;
