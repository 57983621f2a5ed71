import { readU32, Writer } from '@kaon/wire';
import { CHUNK } from '../chunks/chunk.ts';
import { PARAMETER, type Parameter, parameterValue } from '../chunks/parameter.ts';
import type { Settings } from '../options.ts';

/** Extensions in use on an association: both sides have them. */
export interface Features {
  /** RFC 3758 */
  readonly forwardTsn: boolean;
  /** RFC 6525 */
  readonly reConfig: boolean;
  /** RFC 8260 */
  readonly interleaving: boolean;
  /** RFC 9653: the peer takes packets without CRC-32C. */
  readonly zeroChecksum: boolean;
  /** RFC 4820: the peer knows PAD chunks. Some stacks end at the first chunk that they do not know. */
  readonly padding: boolean;
}

export const NO_FEATURES: Features = {
  forwardTsn: false,
  reConfig: false,
  interleaving: false,
  zeroChecksum: false,
  padding: false,
};

/** Error Detection Method Identifier of DTLS (RFC 9653 §4). */
const EDMID_DTLS = 1;

/** The parameters of our INIT and INIT ACK that say what we can do. */
export function offer(settings: Settings): Parameter[] {
  const chunks: number[] = settings.interleaving
    ? [CHUNK.ReConfig, CHUNK.Pad, CHUNK.ForwardTsn, CHUNK.IData, CHUNK.IForwardTsn]
    : [CHUNK.ReConfig, CHUNK.Pad, CHUNK.ForwardTsn];
  const parameters: Parameter[] = [
    { type: PARAMETER.ForwardTsnSupported, value: new Uint8Array(0) },
    { type: PARAMETER.SupportedExtensions, value: Uint8Array.from(chunks) },
  ];
  if (settings.zeroChecksum) {
    parameters.push({ type: PARAMETER.ZeroChecksumAcceptable, value: new Writer(4).u32(EDMID_DTLS).finish() });
  }
  return parameters;
}

/** What both sides can do, given the parameters of the peer's INIT or INIT ACK. */
export function agree(settings: Settings, parameters: readonly Parameter[]): Features {
  const extensions = parameterValue(parameters, PARAMETER.SupportedExtensions) ?? new Uint8Array(0);
  const zero = parameterValue(parameters, PARAMETER.ZeroChecksumAcceptable);
  const forwardTsn =
    extensions.includes(CHUNK.ForwardTsn) || parameterValue(parameters, PARAMETER.ForwardTsnSupported) !== undefined;
  return {
    forwardTsn,
    reConfig: extensions.includes(CHUNK.ReConfig),
    interleaving: settings.interleaving && extensions.includes(CHUNK.IData),
    zeroChecksum: settings.zeroChecksum && zero !== undefined && zero.length === 4 && readU32(zero, 0) === EDMID_DTLS,
    padding: extensions.includes(CHUNK.Pad),
  };
}
