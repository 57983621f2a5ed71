import { isMalformed, MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';
import { buildChunk, CHUNK } from './chunk.ts';
import { decodeParameters, PARAMETER, type Parameter, writeParameters } from './parameter.ts';

/*
 * RE-CONFIG (RFC 6525 §3.1)
 *
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Type = 130   |  Chunk Flags  |         Chunk Length          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \                  Re-configuration Parameter                   /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * \             Re-configuration Parameter (optional)             /
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** One parameter of a RE-CONFIG chunk. `request` and `response` are re-configuration sequence numbers. */
export type ReConfigParameter =
  /** RFC 6525 §4.1; no streams stands for all. */
  | {
      readonly type: 'outgoing-reset';
      readonly request: number;
      readonly response: number;
      readonly lastTsn: number;
      readonly streams: readonly number[];
    }
  /** RFC 6525 §4.2 */
  | { readonly type: 'incoming-reset'; readonly request: number; readonly streams: readonly number[] }
  /** RFC 6525 §4.3 */
  | { readonly type: 'tsn-reset'; readonly request: number }
  /** RFC 6525 §4.5, §4.6 */
  | { readonly type: 'add-outgoing' | 'add-incoming'; readonly request: number; readonly count: number }
  /** RFC 6525 §4.4 */
  | { readonly type: 'response'; readonly response: number; readonly result: number }
  | { readonly type: 'unknown'; readonly parameterType: number; readonly value: Uint8Array };

/** Results of a re-configuration (RFC 6525 §4.4). */
export const RESULT = {
  NothingToDo: 0,
  Performed: 1,
  Denied: 2,
  WrongSsn: 3,
  AlreadyInProgress: 4,
  BadSequenceNumber: 5,
  InProgress: 6,
} as const;

export function decodeReConfig(chunk: Uint8Array): readonly ReConfigParameter[] | Malformed {
  if (chunk.length < 4 || chunk[0] !== CHUNK.ReConfig) return MALFORMED;
  const parameters = decodeParameters(new Reader(chunk, 4));
  if (isMalformed(parameters)) return MALFORMED;
  const decoded: ReConfigParameter[] = [];
  for (const parameter of parameters) {
    const one = decodeOne(parameter);
    if (isMalformed(one)) return MALFORMED;
    decoded.push(one);
  }
  return decoded;
}

export function encodeReConfig(parameters: readonly ReConfigParameter[]): Uint8Array {
  return buildChunk(CHUNK.ReConfig, 0, (writer) => {
    writeParameters(writer, parameters.map(encodeOne));
  });
}

function decodeOne({ type, value }: Parameter): ReConfigParameter | Malformed {
  const reader = new Reader(value);
  let decoded: ReConfigParameter;
  switch (type) {
    case PARAMETER.OutgoingReset: {
      const [request, response, lastTsn] = [reader.u32(), reader.u32(), reader.u32()];
      decoded = { type: 'outgoing-reset', request, response, lastTsn, streams: streamList(reader) };
      break;
    }
    case PARAMETER.IncomingReset:
      decoded = { type: 'incoming-reset', request: reader.u32(), streams: streamList(reader) };
      break;
    case PARAMETER.SsnTsnReset:
      decoded = { type: 'tsn-reset', request: reader.u32() };
      break;
    case PARAMETER.AddOutgoingStreams:
      decoded = { type: 'add-outgoing', request: reader.u32(), count: reader.u16() };
      break;
    case PARAMETER.AddIncomingStreams:
      decoded = { type: 'add-incoming', request: reader.u32(), count: reader.u16() };
      break;
    case PARAMETER.ReConfigResponse:
      decoded = { type: 'response', response: reader.u32(), result: reader.u32() };
      break;
    default:
      return { type: 'unknown', parameterType: type, value };
  }
  return reader.failed ? MALFORMED : decoded;
}

function streamList(reader: Reader): number[] {
  const streams: number[] = [];
  while (reader.remaining >= 2) streams.push(reader.u16());
  return streams;
}

function encodeOne(parameter: ReConfigParameter): Parameter {
  const writer = new Writer(16);
  switch (parameter.type) {
    case 'outgoing-reset':
      writer.u32(parameter.request).u32(parameter.response).u32(parameter.lastTsn);
      for (const stream of parameter.streams) writer.u16(stream);
      return { type: PARAMETER.OutgoingReset, value: writer.finish() };
    case 'incoming-reset':
      writer.u32(parameter.request);
      for (const stream of parameter.streams) writer.u16(stream);
      return { type: PARAMETER.IncomingReset, value: writer.finish() };
    case 'tsn-reset':
      return { type: PARAMETER.SsnTsnReset, value: writer.u32(parameter.request).finish() };
    case 'add-outgoing':
    case 'add-incoming':
      return {
        type: parameter.type === 'add-outgoing' ? PARAMETER.AddOutgoingStreams : PARAMETER.AddIncomingStreams,
        value: writer.u32(parameter.request).u16(parameter.count).u16(0).finish(),
      };
    case 'response':
      return {
        type: PARAMETER.ReConfigResponse,
        value: writer.u32(parameter.response).u32(parameter.result).finish(),
      };
    case 'unknown':
      return { type: parameter.parameterType, value: parameter.value };
  }
}
