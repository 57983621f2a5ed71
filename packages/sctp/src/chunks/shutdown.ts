import { MALFORMED, type Malformed, readU32 } from '@kaon/wire';
import { buildChunk, CHUNK, encodeChunk } from './chunk.ts';

/*
 * SHUTDOWN (RFC 9260 §3.3.8). SHUTDOWN ACK (§3.3.9) is empty; SHUTDOWN COMPLETE (§3.3.13) has only the T bit.
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 7    |  Chunk Flags  |          Length = 8           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      Cumulative TSN Ack                       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** The cumulative TSN of a SHUTDOWN chunk. */
export function decodeShutdown(chunk: Uint8Array): number | Malformed {
  return chunk.length < 8 || chunk[0] !== CHUNK.Shutdown ? MALFORMED : readU32(chunk, 4);
}

export function encodeShutdown(cumulativeTsn: number): Uint8Array {
  return buildChunk(CHUNK.Shutdown, 0, (writer) => writer.u32(cumulativeTsn));
}

export function encodeShutdownAck(): Uint8Array {
  return encodeChunk(CHUNK.ShutdownAck, 0, new Uint8Array(0));
}

export function encodeShutdownComplete(reflected: boolean): Uint8Array {
  return encodeChunk(CHUNK.ShutdownComplete, reflected ? 1 : 0, new Uint8Array(0));
}
