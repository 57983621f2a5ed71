import { MALFORMED, type Malformed, Reader } from '@kaon/wire';
import { buildChunk, CHUNK } from './chunk.ts';
import { PARAMETER, writeParameters } from './parameter.ts';

/*
 * HEARTBEAT (RFC 9260 §3.3.5) and HEARTBEAT ACK (§3.3.6)
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 4    |  Chunk Flags  |       Heartbeat Length        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \          Heartbeat Information (a parameter, type 1)          /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** The information of a HEARTBEAT or HEARTBEAT ACK: opaque to all but its sender. */
export function decodeHeartbeat(chunk: Uint8Array): Uint8Array | Malformed {
  const reader = new Reader(chunk, 4);
  const type = reader.u16();
  const length = reader.u16();
  if (type !== PARAMETER.HeartbeatInfo || length < 4) return MALFORMED;
  const info = reader.view(length - 4);
  return reader.failed ? MALFORMED : info;
}

export function encodeHeartbeat(type: 'heartbeat' | 'heartbeat-ack', info: Uint8Array): Uint8Array {
  const chunkType = type === 'heartbeat' ? CHUNK.Heartbeat : CHUNK.HeartbeatAck;
  return buildChunk(chunkType, 0, (writer) =>
    writeParameters(writer, [{ type: PARAMETER.HeartbeatInfo, value: info }]),
  );
}
