/** Making RTP media sections (RFC 8829 §5.2.1), with the lines in Chromium's order. */
import { type Direction, directionAttribute } from './attributes/direction.ts';
import { type ExtMap, extmap } from './attributes/extmap.ts';
import { fmtp } from './attributes/fmtp.ts';
import { mid } from './attributes/mid.ts';
import { type Msid, msid } from './attributes/msid.ts';
import { rtcp } from './attributes/rtcp.ts';
import { rtcpFb } from './attributes/rtcp-fb.ts';
import { rtpmap } from './attributes/rtpmap.ts';
import { ANY_ADDRESS, type TransportInit, transportAttributes } from './build.ts';
import { makeAttribute } from './codec.ts';
import type { Attribute, Bandwidth, Connection, MediaDescription } from './model.ts';
import type { RtpCodec } from './rtp-codecs.ts';

/** What `mediaSection` takes. */
export interface MediaSectionInit {
  readonly kind: 'audio' | 'video';
  readonly mid: string;
  readonly direction: Direction;
  /** In order of preference. */
  readonly codecs: readonly RtpCodec[];
  readonly extensions?: readonly ExtMap[] | undefined;
  readonly msids?: readonly Msid[] | undefined;
  /** Undefined: the section is rejected (port 0) or rides on another one's transport. */
  readonly transport?: TransportInit | undefined;
  /** Default 9; 0 rejects the section. */
  readonly port?: number | undefined;
  /** Default 0.0.0.0. */
  readonly connection?: Connection | undefined;
  /** Default `UDP/TLS/RTP/SAVPF`. */
  readonly protocol?: string | undefined;
  readonly bandwidths?: readonly Bandwidth[] | undefined;
  /** Attributes between `a=msid` and the codecs, such as `rtcp-mux`. */
  readonly properties?: readonly Attribute[] | undefined;
  /** Attributes behind all others, such as `ssrc`. */
  readonly attributes?: readonly Attribute[] | undefined;
}

/** A media section for audio or video. Throws `SdpError` (`SDP_INVALID_VALUE`) for a value that would not be read back. */
export function mediaSection(init: MediaSectionInit): MediaDescription {
  const attributes: Attribute[] = [];
  if (init.transport !== undefined) {
    // Without multiplexing this would be RTCP's port; with it everybody writes a dummy (RFC 8829 §5.2.1).
    attributes.push(makeAttribute(rtcp, { port: 9, connection: ANY_ADDRESS }), ...transportAttributes(init.transport));
  }
  attributes.push(makeAttribute(mid, init.mid));
  for (const each of init.extensions ?? []) attributes.push(makeAttribute(extmap, each));
  attributes.push(directionAttribute(init.direction));
  for (const each of init.msids ?? []) attributes.push(makeAttribute(msid, each));
  attributes.push(...(init.properties ?? []));
  for (const codec of init.codecs) attributes.push(...codecAttributes(codec));
  attributes.push(...(init.attributes ?? []));
  return {
    kind: init.kind,
    port: init.port ?? 9,
    protocol: init.protocol ?? 'UDP/TLS/RTP/SAVPF',
    // The m= line must name a format (RFC 8866 §5.14).
    formats: init.codecs.length === 0 ? ['0'] : init.codecs.map(({ payloadType }) => String(payloadType)),
    connections: [init.connection ?? ANY_ADDRESS],
    ...(init.bandwidths !== undefined && init.bandwidths.length > 0 && { bandwidths: init.bandwidths }),
    attributes,
  };
}

function codecAttributes(codec: RtpCodec): Attribute[] {
  const { payloadType, parameters } = codec;
  const attributes: Attribute[] = [makeAttribute(rtpmap, codec)];
  for (const each of codec.feedback) attributes.push(makeAttribute(rtcpFb, { payloadType, ...each }));
  if (parameters !== undefined) attributes.push(makeAttribute(fmtp, { format: String(payloadType), parameters }));
  return attributes;
}
