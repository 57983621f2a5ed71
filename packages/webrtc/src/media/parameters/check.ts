import type { RTCRtpCodec } from '../../codecs/capabilities.ts';
import { equalCodec } from '../../codecs/match.ts';
import { domError } from '../../errors.ts';
import type { CodecParameters } from '../negotiated.ts';
import type { RTCPriorityType, RTCRtpEncodingParameters, RTCRtpSendParameters } from './types.ts';

/**
 * Checks and completes what `addTransceiver` is given as `sendEncodings` (W3C WebRTC §5.1, "addTransceiver sendEncodings
 * validation steps"). Throws TypeError for rids that are missing, twice or no tokens, RangeError for values out of range,
 * OperationError for a scalability mode that does not exist. Returns at least one encoding.
 */
export function checkEncodings(
  kind: 'audio' | 'video',
  encodings: readonly RTCRtpEncodingParameters[],
): RTCRtpEncodingParameters[] {
  const rids = new Set<string>();
  for (const { rid } of encodings) {
    if (rid === undefined ? encodings.length > 1 : !/^[A-Za-z0-9]{1,16}$/.test(rid))
      throw new TypeError(rid === undefined ? 'several encodings need a rid each' : `${rid} is not a rid`);
    if (rid !== undefined && rids.has(rid)) throw new TypeError(`the rid ${rid} stands twice`);
    if (rid !== undefined) rids.add(rid);
  }
  const checked = encodings.map((encoding) => checkEncoding(kind, encoding));
  // Audio is never simulcast (W3C WebRTC §5.1).
  if (kind === 'audio')
    return [checked.length === 1 ? dropRid(checked[0] as RTCRtpEncodingParameters) : { active: true }];
  if (checked.length === 0) return [{ active: true, scaleResolutionDownBy: 1 }];
  const scaled = checked.some(({ scaleResolutionDownBy }) => scaleResolutionDownBy !== undefined);
  return checked.map((encoding, index) => ({
    ...encoding,
    scaleResolutionDownBy: encoding.scaleResolutionDownBy ?? (scaled ? 1 : 2 ** (checked.length - 1 - index)),
  }));
}

/**
 * Checks what `setParameters` is given against what `getParameters` returned last (W3C WebRTC §5.2, "setParameters" and
 * "validate"). Returns the new encodings. Throws the standard's errors.
 */
export function checkParameters(
  kind: 'audio' | 'video',
  last: RTCRtpSendParameters | undefined,
  parameters: RTCRtpSendParameters,
  codecs: readonly CodecParameters[],
): RTCRtpEncodingParameters[] {
  if (typeof parameters !== 'object' || parameters === null || !Array.isArray(parameters.encodings))
    throw new TypeError('parameters have to have encodings');
  if (typeof parameters.transactionId !== 'string') throw new TypeError('parameters have to have a transactionId');
  if (last === undefined) throw domError('InvalidStateError', 'getParameters has to be called first, in the same turn');
  if (parameters.encodings.length !== last.encodings.length)
    throw domError('InvalidModificationError', 'the number of encodings cannot change');
  if (parameters.transactionId !== last.transactionId)
    throw domError('InvalidModificationError', 'these parameters are not those that getParameters returned last');
  for (const member of ['codecs', 'headerExtensions', 'rtcp'] as const)
    if (JSON.stringify(parameters[member]) !== JSON.stringify(last[member]))
      throw domError('InvalidModificationError', `${member} cannot change`);
  for (const [index, { rid }] of parameters.encodings.entries())
    if (rid !== last.encodings[index]?.rid) throw domError('InvalidModificationError', 'a rid cannot change');
  return parameters.encodings.map((encoding) => {
    const checked = checkEncoding(kind, encoding);
    if (
      checked.codec !== undefined &&
      codecs.length > 0 &&
      !codecs.some((one) => equalCodec(one, checked.codec as RTCRtpCodec))
    )
      throw domError('InvalidModificationError', `${checked.codec.mimeType} was not negotiated`);
    if (kind === 'video') checked.scaleResolutionDownBy ??= 1;
    return checked;
  });
}

function checkEncoding(kind: 'audio' | 'video', encoding: RTCRtpEncodingParameters): RTCRtpEncodingParameters {
  const { rid, maxBitrate, maxFramerate, scaleResolutionDownBy, priority, networkPriority } = encoding;
  const { scalabilityMode, codec } = encoding;
  const checked: RTCRtpEncodingParameters = { active: encoding.active ?? true };
  if (rid !== undefined) checked.rid = rid;
  if (maxBitrate !== undefined) checked.maxBitrate = atLeast('maxBitrate', maxBitrate, 0);
  if (priority !== undefined) checked.priority = checkPriority(priority);
  if (networkPriority !== undefined) checked.networkPriority = checkPriority(networkPriority);
  if (codec !== undefined) {
    if (typeof codec.mimeType !== 'string' || typeof codec.clockRate !== 'number')
      throw new TypeError('a codec has to have a mimeType and a clockRate');
    if (!codec.mimeType.toLowerCase().startsWith(`${kind}/`))
      throw domError('InvalidModificationError', `${codec.mimeType} is no codec for ${kind}`);
    checked.codec = { ...codec };
  }
  // Members that only video has are ignored (W3C WebRTC §5.1 and §5.2).
  if (kind === 'audio') return checked;
  if (maxFramerate !== undefined) checked.maxFramerate = atLeast('maxFramerate', maxFramerate, 0);
  if (scaleResolutionDownBy !== undefined)
    checked.scaleResolutionDownBy = atLeast('scaleResolutionDownBy', scaleResolutionDownBy, 1);
  if (scalabilityMode !== undefined) {
    if (!/^(L[1-3]T[1-3](h|_KEY|_KEY_SHIFT)?|S[1-3]T[1-3]h?)$/.test(scalabilityMode))
      throw domError('OperationError', `${scalabilityMode} is no scalability mode`);
    checked.scalabilityMode = scalabilityMode;
  }
  return checked;
}

function atLeast(name: string, value: number, lowest: number): number {
  const number = Number(value);
  if (!Number.isFinite(number)) throw new TypeError(`${name} is not a number`);
  if (number < lowest) throw new RangeError(`${name} has to be at least ${lowest}`);
  return number;
}

function checkPriority(priority: RTCPriorityType): RTCPriorityType {
  if (!['very-low', 'low', 'medium', 'high'].includes(priority)) throw new TypeError(`${priority} is no priority`);
  return priority;
}

function dropRid({ rid: _, ...rest }: RTCRtpEncodingParameters): RTCRtpEncodingParameters {
  return rest;
}
