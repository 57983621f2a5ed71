/** Media sections of ours (RFC 8829 §5.2.1, §5.3.1). */
import {
  type Attribute,
  type ExtMap,
  type MediaDescription,
  makeAttribute,
  mediaSection,
  type Rid,
  type RtpCodec,
  rid,
  rtcpXr,
  type Simulcast,
  simulcast,
  ssrc,
  ssrcGroup,
} from '@kaon/sdp';
import type { CodecParameters, LayerParameters } from '../../media/negotiated.ts';
import { receives, sends } from './extension-ids.ts';
import type { LocalMedia, SectionExtension, SimulcastLayers } from './types.ts';

/**
 * A section of an offer or an answer, its lines in Chromium's order; without codecs it is refused. Throws `SdpError` for names
 * that cannot be written.
 */
export function makeMediaSection(local: LocalMedia): MediaDescription {
  const { kind, mid, codecs, protocol } = local;
  if (local.rejected || codecs.length === 0) {
    const plain = codecs.map(({ payloadType }) => String(payloadType));
    const section = mediaSection({ kind, mid, direction: 'inactive', codecs: [], port: 0, protocol });
    return plain.length === 0 ? section : { ...section, formats: plain };
  }
  const sending = sends(local.direction);
  return mediaSection({
    kind,
    mid,
    direction: local.direction,
    codecs: codecs.map(rtpCodec),
    extensions: local.headerExtensions.map(extMap),
    msids: sending ? msids(local) : [],
    transport: local.transport,
    port: local.bundleOnly ? 0 : 9,
    protocol,
    bandwidths: local.maxBitrate === undefined ? [] : [{ type: 'TIAS', value: local.maxBitrate }],
    properties: properties(local),
    attributes: [...layers(local), ...(sending ? sources(local) : [])],
  });
}

/** What a codec looks like in SDP. */
function rtpCodec({
  payloadType,
  mimeType,
  clockRate,
  channels = 1,
  sdpFmtpLine,
  rtcpFeedback,
}: CodecParameters): RtpCodec {
  return {
    payloadType,
    encodingName: mimeType.slice(mimeType.indexOf('/') + 1),
    clockRate,
    ...(channels !== 1 && { encodingParameters: String(channels) }),
    ...(sdpFmtpLine !== undefined && { parameters: sdpFmtpLine }),
    feedback: rtcpFeedback.map(({ type, parameter }) => (parameter === undefined ? { type } : { type, parameter })),
  };
}

function extMap({ id, uri, encrypted, direction }: SectionExtension): ExtMap {
  return {
    id,
    ...(direction !== undefined && { direction }),
    ...(encrypted ? { uri: ENCRYPTED, attributes: uri } : { uri }),
  };
}

function msids({ streamIds, trackId }: LocalMedia): { readonly stream: string; readonly track?: string }[] {
  const streams = streamIds.length === 0 ? ['-'] : streamIds;
  return streams.map((stream) => (trackId === '' ? { stream } : { stream, track: trackId }));
}

function properties(local: LocalMedia): Attribute[] {
  const attributes: Attribute[] = [];
  if (local.bundleOnly) attributes.push({ name: 'bundle-only' });
  if (local.extmapAllowMixed) attributes.push({ name: 'extmap-allow-mixed' });
  if (local.cryptex) attributes.push({ name: 'cryptex' });
  if (local.rtcpMux !== false) attributes.push({ name: 'rtcp-mux' });
  if (local.rtcpMuxOnly) attributes.push({ name: 'rtcp-mux-only' });
  if (local.reducedSize !== false) attributes.push({ name: 'rtcp-rsize' });
  attributes.push(makeAttribute(rtcpXr, ['rcvr-rtt=all']));
  if (local.ptime !== undefined) attributes.push({ name: 'ptime', value: String(local.ptime) });
  if (local.maxptime !== undefined) attributes.push({ name: 'maxptime', value: String(local.maxptime) });
  return attributes;
}

/** Layers of the directions that the section has. */
function layers(local: LocalMedia): Attribute[] {
  const sendLayers = sends(local.direction) ? local.sendLayers : [];
  const receiveLayers = receives(local.direction) ? local.receiveLayers : [];
  if (sendLayers.length === 0 && receiveLayers.length === 0) return [];
  const lines = (direction: 'send' | 'recv', streams: SimulcastLayers): Attribute[] =>
    streams.flat().map((layer) => makeAttribute(rid, ridOf(direction, layer)));
  const value: Simulcast = {
    ...(sendLayers.length > 0 && { send: sendLayers }),
    ...(receiveLayers.length > 0 && { recv: receiveLayers }),
  };
  return [...lines('send', sendLayers), ...lines('recv', receiveLayers), makeAttribute(simulcast, value)];
}

function ridOf(direction: 'send' | 'recv', { rid: id, restrictions }: LayerParameters): Rid {
  const { pt, ...others } = restrictions;
  return {
    id,
    direction,
    ...(pt !== undefined && { payloadTypes: pt.split(',').map(Number) }),
    restrictions: Object.entries(others),
  };
}

/** SSRCs with their names, as peers need them that do not go by mid and rid alone. Layers go by rid. */
function sources(local: LocalMedia): Attribute[] {
  const { codecs, encodings, cname } = local;
  if (local.sendLayers.length > 0) return [];
  const has = (name: string): boolean =>
    codecs.some(({ mimeType }) => mimeType.toLowerCase() === `${local.kind}/${name}`);
  const [rtx, fec] = [has('rtx'), has('flexfec-03')];
  const groups: Attribute[] = [];
  const lines: Attribute[] = [];
  const value = msids(local).map(({ stream, track }) => (track === undefined ? stream : `${stream} ${track}`))[0];
  for (const { ssrc: media, rtxSsrc, fecSsrc } of encodings.slice(0, 1)) {
    if (rtx) groups.push(makeAttribute(ssrcGroup, { semantics: 'FID', ssrcs: [media, rtxSsrc] }));
    if (fec) groups.push(makeAttribute(ssrcGroup, { semantics: 'FEC-FR', ssrcs: [media, fecSsrc] }));
    for (const each of [media, ...(rtx ? [rtxSsrc] : []), ...(fec ? [fecSsrc] : [])]) {
      lines.push(makeAttribute(ssrc, { ssrc: each, attribute: 'cname', value: cname }));
      lines.push(makeAttribute(ssrc, { ssrc: each, attribute: 'msid', value }));
    }
  }
  return [...groups, ...lines];
}

/** Stands in front of the URI of an extension that is encrypted (RFC 6904 §4). */
export const ENCRYPTED = 'urn:ietf:params:rtp-hdrext:encrypt';
