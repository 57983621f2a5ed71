/* ChangeCipherSpec (RFC 5246 §7.1): one byte, 1. Its own content type, no handshake message. */

/** The only content there is. */
export const CHANGE_CIPHER_SPEC: Uint8Array = Uint8Array.of(1);

/** Whether `bytes[start, end)` is a ChangeCipherSpec. */
export function isChangeCipherSpec(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 && bytes[start] === 1;
}
