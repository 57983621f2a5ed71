import { isMalformed, MALFORMED, type Malformed, Reader } from '@kaon/wire';
import { buildChunk, CHUNK } from './chunk.ts';
import { decodeParameters, type Parameter, writeParameters } from './parameter.ts';

/*
 * INIT (RFC 9260 §3.3.2) and INIT ACK (§3.3.3)
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 1    |  Chunk Flags  |         Chunk Length          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                         Initiate Tag                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |          Advertised Receiver Window Credit (a_rwnd)           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Number of Outbound Streams   |   Number of Inbound Streams   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                          Initial TSN                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \              Optional/Variable-Length Parameters              /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** An INIT or INIT ACK chunk. */
export interface Init {
  readonly type: 'init' | 'init-ack';
  readonly initiateTag: number;
  /** Bytes. */
  readonly receiverWindow: number;
  readonly outboundStreams: number;
  readonly inboundStreams: number;
  readonly initialTsn: number;
  readonly parameters: readonly Parameter[];
}

/** Decodes `chunk`, which ends where the chunk's length says. Checks the shape, not the values. */
export function decodeInit(chunk: Uint8Array): Init | Malformed {
  const reader = new Reader(chunk, 4);
  const type = chunk[0] === CHUNK.Init ? 'init' : chunk[0] === CHUNK.InitAck ? 'init-ack' : undefined;
  const initiateTag = reader.u32();
  const receiverWindow = reader.u32();
  const outboundStreams = reader.u16();
  const inboundStreams = reader.u16();
  const initialTsn = reader.u32();
  if (type === undefined || reader.failed) return MALFORMED;
  const parameters = decodeParameters(reader);
  if (isMalformed(parameters)) return MALFORMED;
  return { type, initiateTag, receiverWindow, outboundStreams, inboundStreams, initialTsn, parameters };
}

export function encodeInit(init: Init): Uint8Array {
  return buildChunk(init.type === 'init' ? CHUNK.Init : CHUNK.InitAck, 0, (writer) => {
    writer.u32(init.initiateTag).u32(init.receiverWindow);
    writer.u16(init.outboundStreams).u16(init.inboundStreams).u32(init.initialTsn);
    writeParameters(writer, init.parameters);
  });
}
