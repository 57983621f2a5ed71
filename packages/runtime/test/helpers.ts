/** Bytes of hexadecimal text. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Hexadecimal text of bytes. */
export function hex(given: Uint8Array): string {
  return Array.from(given, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
