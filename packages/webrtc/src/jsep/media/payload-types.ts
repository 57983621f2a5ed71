/** Payload types of offers (RFC 3264 §8.3.2, RFC 9143 §9.1). */
import { customPayloadTypes } from '../../codecs/capabilities.ts';
import { aptOf, isCodec, isMediaCodec, sameCodec } from '../../codecs/match.ts';
import type { WantedCodec } from '../../codecs/wanted.ts';
import type { CodecParameters } from '../../media/negotiated.ts';

/** What payload types of a connection stand for. One map serves all sections, so that a bundle never has two meanings of one. */
export type PayloadTypes = Map<number, CodecParameters>;

/**
 * Gives codecs their payload types: those of `own` (this section as it was agreed on), else those that mean the codec
 * elsewhere in the connection, else Chromium's, else any that is free. Behind each codec stands its `rtx`, when `wanted` has
 * one. What was given is noted in `taken`, and never means anything else again. A codec is left out when no number is free.
 */
export function assignPayloadTypes(
  wanted: readonly WantedCodec[],
  taken: PayloadTypes,
  own: readonly CodecParameters[] = [],
): CodecParameters[] {
  const retransmission = wanted.find((codec) => isCodec(codec, 'rtx'));
  const used = new Set<number>();
  const assign = (codec: WantedCodec, preferred: number | undefined): CodecParameters[] => {
    const payloadType = find(codec, preferred, taken, own, used);
    if (payloadType === undefined) return [];
    const entry = { ...codec, payloadType };
    used.add(payloadType);
    if (!taken.has(payloadType)) taken.set(payloadType, entry);
    return [entry];
  };
  const place = (codec: WantedCodec): CodecParameters[] => {
    const custom = customPayloadTypes(codec);
    const given = assign(codec, custom?.payloadType);
    const [first] = given;
    if (retransmission === undefined || first === undefined || !canBeRetransmitted(codec)) return given;
    return [...given, ...assign({ ...retransmission, sdpFmtpLine: `apt=${first.payloadType}` }, custom?.rtx)];
  };
  // `red` names another payload type, which must be there before it.
  const given = wanted.map((codec) => (isCodec(codec, 'rtx') || isAudioRed(codec) ? [] : place(codec)));
  const redundancy = redundancyOf(given.flat());
  return wanted.flatMap((codec, index) => {
    if (!isAudioRed(codec)) return given[index] ?? [];
    return redundancy === undefined ? [] : place({ ...codec, sdpFmtpLine: redundancy });
  });
}

/** Notes what a description of either side says its payload types mean. */
export function learnPayloadTypes(codecs: readonly CodecParameters[], taken: PayloadTypes): void {
  for (const codec of codecs) taken.set(codec.payloadType, codec);
}

/** Whether `rtx` may refer to it. */
export function canBeRetransmitted(codec: Pick<WantedCodec, 'mimeType'>): boolean {
  if (!codec.mimeType.toLowerCase().startsWith('video/')) return false;
  return isMediaCodec(codec) || isCodec(codec, 'red');
}

/** `red` of audio names what it carries (RFC 2198 §5). */
export function isAudioRed({ mimeType }: Pick<WantedCodec, 'mimeType'>): boolean {
  return mimeType.toLowerCase() === 'audio/red';
}

/** `111/111`: Opus, with one packet of the past. */
function redundancyOf(given: readonly CodecParameters[]): string | undefined {
  const opus = given.find((codec) => isCodec(codec, 'opus'))?.payloadType;
  return opus === undefined ? undefined : `${opus}/${opus}`;
}

function find(
  codec: WantedCodec,
  preferred: number | undefined,
  taken: PayloadTypes,
  own: readonly CodecParameters[],
  used: ReadonlySet<number>,
): number | undefined {
  const means = (other: CodecParameters): boolean => !used.has(other.payloadType) && identical(codec, other);
  const known = own.find((each) => means(each) && identical(codec, taken.get(each.payloadType) ?? each));
  if (known !== undefined) return known.payloadType;
  for (const [payloadType, other] of taken) if (means({ ...other, payloadType })) return payloadType;
  if (preferred !== undefined && !taken.has(preferred)) return preferred;
  for (let payloadType = 127; payloadType >= 96; payloadType--) if (!taken.has(payloadType)) return payloadType;
  // 64 to 95 would look like RTCP (RFC 5761 §4); below 35 are static ones.
  for (let payloadType = 63; payloadType >= 35; payloadType--) if (!taken.has(payloadType)) return payloadType;
  return undefined;
}

function identical(codec: WantedCodec, other: CodecParameters): boolean {
  if (!sameCodec(codec, other)) return false;
  if (isCodec(codec, 'rtx')) return aptOf(codec) === aptOf(other);
  return !isAudioRed(codec) || codec.sdpFmtpLine === other.sdpFmtpLine;
}
