/**
 * What is sent, and how what arrived is reported. Every peer of the harness, whatever its language, makes the same
 * bytes from the same payload and the same digest from the same bytes, so large messages never cross the control line.
 *
 * Loaded by Node and by the browser pages: no imports.
 */

/** One message: short ones literally, large ones by a size in bytes and a seed. */
export type Payload =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly hex: string }
  | { readonly kind: 'text' | 'binary'; readonly size: number; readonly seed: number };

/** What a receiver reports of a message: its kind, its length in bytes, FNV-1a over its bytes, and its start. */
export interface Digest {
  readonly kind: 'text' | 'binary';
  readonly length: number;
  readonly hash: number;
  /** The first 32 bytes in hexadecimal. */
  readonly head: string;
}

/** The message itself, as a data channel's `send()` takes it. */
export function materialise(payload: Payload): string | Uint8Array<ArrayBuffer> {
  if ('text' in payload) return payload.text;
  if ('hex' in payload) return fromHex(payload.hex);
  const bytes = new Uint8Array(payload.size);
  if (payload.kind === 'text') {
    for (let i = 0; i < bytes.length; i++) bytes[i] = 97 + ((i * 7 + payload.seed + (i >> 8)) % 26);
    return new TextDecoder().decode(bytes);
  }
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + payload.seed + (i >> 8)) & 255;
  return bytes;
}

/** The digest that a receiver of `payload` has to report. */
export function digestOfPayload(payload: Payload): Digest {
  return digest(materialise(payload));
}

/** The digest of a received message. */
export function digest(data: string | ArrayBuffer | Uint8Array): Digest {
  const kind = typeof data === 'string' ? 'text' : 'binary';
  const bytes =
    typeof data === 'string'
      ? new TextEncoder().encode(data)
      : data instanceof Uint8Array
        ? data
        : new Uint8Array(data);
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return { kind, length: bytes.length, hash: hash >>> 0, head: toHex(bytes.subarray(0, 32)) };
}

/** The message of a burst: `size` bytes that start with the message's number. */
export function burstMessage(index: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, index);
  return bytes;
}

function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
