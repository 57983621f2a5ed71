/** Bytes of hexadecimal text. */
export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** Hexadecimal text of bytes. */
export function hex(given: Uint8Array): string {
  return Buffer.from(given.buffer, given.byteOffset, given.length).toString('hex');
}
