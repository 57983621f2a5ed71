/** What a media section says (RFC 8829 §5.8.3). */
import {
  attributeValue,
  type ExtMap,
  extmap,
  hasAttribute,
  isRejected,
  type MediaDescription,
  maxptime,
  msid,
  ptime,
  type RtpCodec,
  readAttribute,
  readAttributes,
  readBandwidth,
  readDirection,
  readMid,
  readRtpCodecs,
  rtcpXr,
  type SessionDescription,
  type Ssrc,
  ssrc,
  ssrcGroup,
} from '@kaon/sdp';
import { canonicalMimeType } from '../../codecs/capabilities.ts';
import type { CodecParameters } from '../../media/negotiated.ts';
import { readLayers } from './layers.ts';
import { ENCRYPTED } from './make-section.ts';
import type { AnnouncedSsrc, RemoteMedia, SectionExtension } from './types.ts';

/**
 * A section of audio or video, ours or the peer's; undefined for one of another kind. What cannot be read or makes no sense
 * is left out, never thrown at.
 */
export function readMediaSection(session: SessionDescription, section: MediaDescription): RemoteMedia | undefined {
  const { kind } = section;
  if (kind !== 'audio' && kind !== 'video') return undefined;
  const rejected = isRejected(section);
  const sources = readAttributes(section, ssrc);
  const has = (name: string): boolean => hasAttribute(section, name) || hasAttribute(session, name);
  return {
    kind,
    mid: readMid(section) ?? String(session.media.indexOf(section)),
    direction: rejected ? 'inactive' : readDirection(session, section),
    codecs: readRtpCodecs(section).map((codec) => codecParameters(kind, codec)),
    headerExtensions: readExtensions(session, section),
    extmapAllowMixed: has('extmap-allow-mixed'),
    ...readLayers(section),
    msids: readMsids(section, sources),
    ssrcs: announced(sources),
    ssrcGroups: readAttributes(section, ssrcGroup).filter(({ ssrcs }) => ssrcs.length > 1),
    rtcpMux: hasAttribute(section, 'rtcp-mux'),
    reducedSize: hasAttribute(section, 'rtcp-rsize'),
    cryptex: has('cryptex'),
    rtcpXr: readAttribute(section, rtcpXr) ?? readAttribute(session, rtcpXr) ?? [],
    maxBitrate: readBandwidth(section),
    ptime: readAttribute(section, ptime),
    maxptime: readAttribute(section, maxptime),
    rejected,
    bundleOnly: attributeValue(section, 'bundle-only') !== undefined,
    protocol: section.protocol,
  };
}

/** The streams that the section's track is in. */
export function streamIdsOf({ msids }: Pick<RemoteMedia, 'msids'>): string[] {
  return [...new Set(msids.map(({ stream }) => stream))].filter((stream) => stream !== '-');
}

function codecParameters(kind: 'audio' | 'video', codec: RtpCodec): CodecParameters {
  const { payloadType, encodingName, clockRate, encodingParameters, parameters, feedback } = codec;
  const channels = Number(encodingParameters ?? 1);
  return {
    payloadType,
    mimeType: canonicalMimeType(`${kind}/${encodingName}`),
    clockRate,
    ...(kind === 'audio' && { channels: Number.isInteger(channels) && channels > 0 ? channels : 1 }),
    ...(parameters !== undefined && { sdpFmtpLine: parameters }),
    rtcpFeedback: feedback,
  };
}

/** Ids beyond 255 only propose an extension (RFC 8285 §6); the first use of an id counts. */
function readExtensions(session: SessionDescription, section: MediaDescription): SectionExtension[] {
  const found = new Map<number, SectionExtension>();
  const maps = [...readAttributes(section, extmap), ...readAttributes(session, extmap)];
  for (const map of maps) if (map.id <= 255 && !found.has(map.id)) found.set(map.id, sectionExtension(map));
  return [...found.values()];
}

function sectionExtension({ id, uri, direction, attributes }: ExtMap): SectionExtension {
  const inner = uri === ENCRYPTED ? attributes?.split(' ')[0] : undefined;
  return { id, uri: inner ?? uri, encrypted: inner !== undefined, ...(direction !== undefined && { direction }) };
}

/** Peers of old say it by SSRC only (RFC 5576 style). */
function readMsids(section: MediaDescription, sources: readonly Ssrc[]): RemoteMedia['msids'] {
  const own = readAttributes(section, msid);
  if (own.length > 0) return own;
  const said = sources.find(({ attribute }) => attribute === 'msid')?.value;
  return said === undefined ? [] : readAttributes({ attributes: [{ name: 'msid', value: said }] }, msid);
}

function announced(sources: readonly Ssrc[]): AnnouncedSsrc[] {
  const cnames = new Map<number, string | undefined>();
  for (const { ssrc: id, attribute, value } of sources) {
    if (attribute === 'cname' && value !== undefined) cnames.set(id, value);
    else if (!cnames.has(id)) cnames.set(id, undefined);
  }
  return [...cnames].map(([id, cname]) => (cname === undefined ? { ssrc: id } : { ssrc: id, cname }));
}
