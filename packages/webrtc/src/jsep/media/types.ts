/** What a media section says, apart from its transport. */
import type { Direction, SsrcGroup, TransportInit } from '@kaon/sdp';
import type { CodecParameters, ExtensionParameters, LayerParameters, SentEncoding } from '../../media/negotiated.ts';

/** A header extension of a section. */
export interface SectionExtension extends ExtensionParameters {
  /** As the writer of the section sees it; undefined: as the section. */
  readonly direction?: Direction | undefined;
}

/** Streams of a simulcast; each has alternatives, best first (RFC 8853 §5.1). Nearly always there is one. */
export type SimulcastLayers = readonly (readonly LayerParameters[])[];

/** What both views of a section have. */
interface SectionMedia {
  readonly kind: 'audio' | 'video';
  readonly mid: string;
  readonly direction: Direction;
  /** In order of preference, `rtx` and the like among them. */
  readonly codecs: readonly CodecParameters[];
  readonly headerExtensions: readonly SectionExtension[];
  /** RFC 8285 §6. */
  readonly extmapAllowMixed: boolean;
  /** Layers that the writer of the section would send; empty without simulcast. */
  readonly sendLayers: SimulcastLayers;
  /** Layers that the writer of the section would take. */
  readonly receiveLayers: SimulcastLayers;
}

/** A section of ours, from which `makeMediaSection` makes the text. */
export interface LocalMedia extends SectionMedia {
  /** MediaStreams of the sender's track. */
  readonly streamIds: readonly string[];
  /** '' leaves the id out, as RFC 8829 allows. */
  readonly trackId: string;
  /** What the sender sends; SSRCs are written unless there are layers. */
  readonly encodings: readonly SentEncoding[];
  readonly cname: string;
  /** The section is refused: port 0. */
  readonly rejected?: boolean | undefined;
  /** RFC 9143 §6: port 0, used only as part of its bundle. */
  readonly bundleOnly?: boolean | undefined;
  /** Undefined: another section of the bundle has it. */
  readonly transport?: TransportInit | undefined;
  /** Default `UDP/TLS/RTP/SAVPF`; an answer repeats the offer's. */
  readonly protocol?: string | undefined;
  /** RFC 8858: RTCP on a port of its own is out of the question. For offers. */
  readonly rtcpMuxOnly?: boolean | undefined;
  /** Default true. */
  readonly rtcpMux?: boolean | undefined;
  /** RFC 5506. Default true. */
  readonly reducedSize?: boolean | undefined;
  /** RFC 9335. */
  readonly cryptex?: boolean | undefined;
  /** bit/s that this side wants at most. */
  readonly maxBitrate?: number | undefined;
  /** ms. */
  readonly ptime?: number | undefined;
  /** ms. */
  readonly maxptime?: number | undefined;
}

/** One SSRC that a section names. */
export interface AnnouncedSsrc {
  readonly ssrc: number;
  readonly cname?: string | undefined;
}

/** What a section says, read back: the peer's, or ours when it was applied. "Send" is what the writer of the section does. */
export interface RemoteMedia extends SectionMedia {
  /** `a=msid`, or that of `a=ssrc` lines; the stream is `-` for a track in none. */
  readonly msids: readonly { readonly stream: string; readonly track?: string | undefined }[];
  readonly ssrcs: readonly AnnouncedSsrc[];
  readonly ssrcGroups: readonly SsrcGroup[];
  readonly rtcpMux: boolean;
  /** RFC 5506. */
  readonly reducedSize: boolean;
  /** RFC 9335. */
  readonly cryptex: boolean;
  /** Extended reports that may be used, such as `rcvr-rtt=all` (RFC 3611 §5.1). */
  readonly rtcpXr: readonly string[];
  /** bit/s, of `b=TIAS` or else `b=AS`. */
  readonly maxBitrate?: number | undefined;
  /** ms. */
  readonly ptime?: number | undefined;
  /** ms. */
  readonly maxptime?: number | undefined;
  /** Port 0 without `a=bundle-only`. */
  readonly rejected: boolean;
  /** RFC 9143 §6. */
  readonly bundleOnly: boolean;
  readonly protocol: string;
}
