import { Writer, writeU16 } from '@kaon/wire';

/** Chunk types (IANA "SCTP Chunk Types"). */
export const CHUNK = {
  Data: 0,
  Init: 1,
  InitAck: 2,
  Sack: 3,
  Heartbeat: 4,
  HeartbeatAck: 5,
  Abort: 6,
  Shutdown: 7,
  ShutdownAck: 8,
  Error: 9,
  CookieEcho: 10,
  CookieAck: 11,
  ShutdownComplete: 14,
  IData: 64,
  ReConfig: 130,
  Pad: 132,
  ForwardTsn: 192,
  IForwardTsn: 194,
} as const;

/** Bytes of type, flags and length in front of every chunk (RFC 9260 §3.2). */
export const CHUNK_HEADER_SIZE = 4;

/** A length rounded up to the 4 bytes that chunks, parameters and causes are padded to. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}

/** A chunk as bytes, padding included. The body must be what `type` asks for. */
export function encodeChunk(type: number, flags: number, body: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(padded(CHUNK_HEADER_SIZE + body.length));
  chunk[0] = type;
  chunk[1] = flags;
  writeU16(chunk, 2, CHUNK_HEADER_SIZE + body.length);
  chunk.set(body, CHUNK_HEADER_SIZE);
  return chunk;
}

/** A chunk whose body a callback writes. */
export function buildChunk(type: number, flags: number, body: (writer: Writer) => void): Uint8Array {
  const writer = new Writer(64);
  body(writer);
  return encodeChunk(type, flags, writer.peek());
}
