/** What an answer says to a section of an offer (RFC 8829 §5.3.1). */
import { EXTENSION_URI } from '@kaon/rtp';
import { type Direction, reverseDirection } from '@kaon/sdp';
import { answerParameters } from '../../codecs/answer-parameters.ts';
import type { RTCRtpHeaderExtensionCapability } from '../../codecs/capabilities.ts';
import { aptOf, isCodec, isMediaCodec, sameCodec } from '../../codecs/match.ts';
import { type WantedCodec, type WantedOptions, wantedCodecs } from '../../codecs/wanted.ts';
import type { CodecParameters } from '../../media/negotiated.ts';
import { answerExtensions, intersectDirections } from './extension-ids.ts';
import { answerLayers } from './layers.ts';
import { isAudioRed } from './payload-types.ts';
import type { LocalMedia, RemoteMedia } from './types.ts';

/** What the answering side wishes. */
export interface AnswerWishes extends WantedOptions {
  /** The transceiver's direction. */
  readonly direction: Direction;
  /** Undefined: all that we know. */
  readonly headerExtensions?: readonly RTCRtpHeaderExtensionCapability[] | undefined;
  /** Rids of the sender's encodings. */
  readonly rids?: readonly string[] | undefined;
  /** `require`, the default, refuses sections without multiplexed RTCP (RFC 8829 §5.3.1). */
  readonly rtcpMuxPolicy?: 'require' | 'negotiate' | undefined;
}

/** The part of an answered section that the offer decides. */
export type AnsweredMedia = Pick<
  LocalMedia,
  | 'kind'
  | 'mid'
  | 'direction'
  | 'codecs'
  | 'headerExtensions'
  | 'extmapAllowMixed'
  | 'sendLayers'
  | 'receiveLayers'
  | 'rejected'
  | 'protocol'
  | 'rtcpMux'
  | 'reducedSize'
>;

/** All of the answer to a section but what our sender and transport bring. Without a common media codec it is rejected. */
export function answerMedia(remote: RemoteMedia, wishes: AnswerWishes): AnsweredMedia {
  const codecs = answerCodecs(remote, wishes);
  const headerExtensions = answerExtensions(remote, wishes.headerExtensions);
  const direction = answerDirection(remote.direction, wishes.direction);
  const separate = !remote.rtcpMux && wishes.rtcpMuxPolicy !== 'negotiate';
  const rejected = remote.rejected || separate || codecs.length === 0;
  // Layers without a rid in their packets cannot be told from each other (RFC 8853).
  const simulcast = headerExtensions.some(({ uri }) => uri === EXTENSION_URI.rid);
  const layers = simulcast ? answerLayers(remote, codecs, wishes.rids) : { sendLayers: [], receiveLayers: [] };
  return {
    kind: remote.kind,
    mid: remote.mid,
    direction: rejected ? 'inactive' : direction,
    codecs,
    headerExtensions,
    extmapAllowMixed: remote.extmapAllowMixed,
    sendLayers: direction === 'sendrecv' || direction === 'sendonly' ? layers.sendLayers : [],
    receiveLayers: direction === 'sendrecv' || direction === 'recvonly' ? layers.receiveLayers : [],
    rejected,
    protocol: remote.protocol,
    rtcpMux: remote.rtcpMux,
    reducedSize: remote.reducedSize,
  };
}

/**
 * The codecs of an answer, by the offer's payload types: in the offer's order, or with preferences in theirs. Feedback is what
 * both sides have; `rtx` stays for codecs that stay, `red` for codecs that it carries. Empty when no codec for media is left.
 */
export function answerCodecs(
  remote: Pick<RemoteMedia, 'kind' | 'codecs'>,
  options: WantedOptions = {},
): CodecParameters[] {
  const wanted = wantedCodecs(remote.kind, options);
  const byPreference = (options.preferences ?? []).length > 0;
  const kept = (byPreference ? preferred(remote.codecs, wanted) : offered(remote.codecs, wanted)).filter(
    ([codec], index, all) => all.findIndex(([each]) => each.payloadType === codec.payloadType) === index,
  );
  if (!kept.some(([codec]) => isMediaCodec(codec))) return [];
  const payloadTypes = new Set(kept.map(([codec]) => codec.payloadType));
  const retransmission = wanted.find((codec) => isCodec(codec, 'rtx'));
  const answered: CodecParameters[] = [];
  for (const [codec, own] of kept) {
    if (isAudioRed(codec) && !carries(codec, payloadTypes)) continue;
    answered.push(answerCodec(codec, own));
    const rtx = remote.codecs.find((each) => isCodec(each, 'rtx') && aptOf(each) === codec.payloadType);
    if (retransmission !== undefined && rtx !== undefined) answered.push(answerCodec(rtx, retransmission));
  }
  return answered;
}

/** What both sides want, as the answering side sees it (RFC 3264 §6.1). */
export function answerDirection(offered: Direction, wanted: Direction): Direction {
  return intersectDirections(reverseDirection(offered), wanted);
}

type Pair = readonly [offered: CodecParameters, own: WantedCodec];

function offered(codecs: readonly CodecParameters[], wanted: readonly WantedCodec[]): Pair[] {
  return codecs.flatMap((codec): Pair[] => {
    if (isCodec(codec, 'rtx')) return [];
    const own = wanted.find((each) => sameCodec(each, codec));
    return own === undefined ? [] : [[codec, own]];
  });
}

function preferred(codecs: readonly CodecParameters[], wanted: readonly WantedCodec[]): Pair[] {
  return wanted.flatMap((own): Pair[] => {
    if (isCodec(own, 'rtx')) return [];
    return codecs.filter((codec) => sameCodec(own, codec)).map((codec): Pair => [codec, own]);
  });
}

function answerCodec(codec: CodecParameters, own: WantedCodec): CodecParameters {
  const referring = isCodec(codec, 'rtx') || isAudioRed(codec);
  const sdpFmtpLine = referring ? codec.sdpFmtpLine : answerParameters(own, codec);
  return {
    payloadType: codec.payloadType,
    mimeType: codec.mimeType,
    clockRate: codec.clockRate,
    ...(codec.channels !== undefined && { channels: codec.channels }),
    ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
    rtcpFeedback: commonFeedback(own.rtcpFeedback, codec.rtcpFeedback),
  };
}

/** The feedback of the first list that the second one has too. */
export function commonFeedback(
  own: CodecParameters['rtcpFeedback'],
  other: CodecParameters['rtcpFeedback'],
): CodecParameters['rtcpFeedback'] {
  return own.filter((each) => other.some(({ type, parameter }) => type === each.type && parameter === each.parameter));
}

/** Whether all payload types that a `red` names are kept; one that names none carries anything. */
export function carries({ sdpFmtpLine }: CodecParameters, payloadTypes: ReadonlySet<number>): boolean {
  return sdpFmtpLine === undefined || sdpFmtpLine.split('/').every((each) => payloadTypes.has(Number(each)));
}
