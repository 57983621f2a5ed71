/** What offer and answer agree on for each direction of a section (RFC 8829 §5.11). */
import { aptOf, isCodec, isMediaCodec, sameCodec } from '../../codecs/match.ts';
import type { CodecParameters, ExtensionParameters, ReceiveAgreement, SendAgreement } from '../../media/negotiated.ts';
import { carries, commonFeedback } from './answer.ts';
import { receives, sends } from './extension-ids.ts';
import { agreedLayers } from './layers.ts';
import { isAudioRed } from './payload-types.ts';
import type { RemoteMedia, SectionExtension } from './types.ts';

/**
 * What we may send, where `local` and `remote` are the two sides' sections of an offer and its answer. Payload types,
 * parameters, ids and the order are the peer's. Undefined: nothing.
 */
export function sendAgreement(local: RemoteMedia, remote: RemoteMedia): SendAgreement | undefined {
  if (local.rejected || remote.rejected || !sends(local.direction) || !receives(remote.direction)) return undefined;
  const codecs = commonCodecs(remote.codecs, local.codecs);
  if (codecs.length === 0) return undefined;
  return {
    ...common(local, remote),
    codecs,
    headerExtensions: extensions(remote.headerExtensions, local.headerExtensions, receives, sends),
    layers: agreedLayers(local.sendLayers, remote.receiveLayers),
    maxBitrate: remote.maxBitrate,
    ptime: remote.ptime,
    maxptime: remote.maxptime,
  };
}

/** What comes. Payload types, parameters, ids and the order are ours. Undefined: nothing. */
export function receiveAgreement(local: RemoteMedia, remote: RemoteMedia): ReceiveAgreement | undefined {
  if (local.rejected || remote.rejected || !receives(local.direction) || !sends(remote.direction)) return undefined;
  const codecs = commonCodecs(local.codecs, remote.codecs);
  if (codecs.length === 0) return undefined;
  return {
    ...common(local, remote),
    codecs,
    headerExtensions: extensions(local.headerExtensions, remote.headerExtensions, receives, sends),
    layers: agreedLayers(remote.sendLayers, local.receiveLayers),
    ssrcs: remote.ssrcs,
    ssrcGroups: remote.ssrcGroups,
  };
}

function common(
  local: RemoteMedia,
  remote: RemoteMedia,
): Pick<SendAgreement, 'mid' | 'kind' | 'extmapAllowMixed' | 'reducedSize'> {
  return {
    mid: local.mid,
    kind: local.kind,
    extmapAllowMixed: local.extmapAllowMixed && remote.extmapAllowMixed,
    reducedSize: local.reducedSize && remote.reducedSize,
  };
}

/** Codecs of the receiving side that the sending side has too, with feedback of both. Empty when none carries media. */
function commonCodecs(receiver: readonly CodecParameters[], sender: readonly CodecParameters[]): CodecParameters[] {
  const counterpart = (codec: CodecParameters): CodecParameters | undefined => {
    if (!isCodec(codec, 'rtx')) return sender.find((each) => sameCodec(each, codec));
    const media = receiver.find(({ payloadType }) => payloadType === aptOf(codec));
    const other = media === undefined || isCodec(media, 'rtx') ? undefined : counterpart(media);
    return sender.find((each) => isCodec(each, 'rtx') && other !== undefined && aptOf(each) === other.payloadType);
  };
  const shared = receiver.flatMap((codec) => {
    const other = counterpart(codec);
    if (other === undefined) return [];
    return [{ ...codec, rtcpFeedback: commonFeedback(codec.rtcpFeedback, other.rtcpFeedback) }];
  });
  const payloadTypes = new Set(shared.map(({ payloadType }) => payloadType));
  const kept = shared.filter((codec) => !isAudioRed(codec) || carries(codec, payloadTypes));
  return kept.some(isMediaCodec) ? kept : [];
}

/** Extensions with the ids of the first side, where each side's direction allows it. */
function extensions(
  own: readonly SectionExtension[],
  other: readonly SectionExtension[],
  ownMay: typeof sends,
  otherMay: typeof sends,
): ExtensionParameters[] {
  return own.flatMap(({ id, uri, encrypted, direction = 'sendrecv' }) => {
    const match = other.find((each) => each.uri === uri && each.encrypted === encrypted);
    if (match === undefined || !ownMay(direction) || !otherMay(match.direction ?? 'sendrecv')) return [];
    return [{ id, uri, encrypted }];
  });
}
