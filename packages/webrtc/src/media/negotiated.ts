/** What offer and answer agree on for one media section, and what negotiation and the media path see of each other. */

/** One payload type of a section: media codecs, and `rtx`, `red`, `ulpfec`, `flexfec-03`, `telephone-event`, `CN` beside them. */
export interface CodecParameters {
  readonly payloadType: number;
  /** `video/VP8`, as the standard spells it. */
  readonly mimeType: string;
  /** Hz. */
  readonly clockRate: number;
  readonly channels?: number | undefined;
  /** Parameters as they stand behind `a=fmtp:<pt> `; undefined when there are none. */
  readonly sdpFmtpLine?: string | undefined;
  readonly rtcpFeedback: readonly { readonly type: string; readonly parameter?: string | undefined }[];
}

/** A header extension that may be used in this direction (RFC 8285). */
export interface ExtensionParameters {
  readonly id: number;
  readonly uri: string;
  /** RFC 6904. */
  readonly encrypted: boolean;
}

/** A layer of a simulcast (RFC 8853). */
export interface LayerParameters {
  readonly rid: string;
  readonly paused: boolean;
  /** Restrictions of `a=rid` (RFC 8851), as written: `max-width` to `1280`. */
  readonly restrictions: Readonly<Record<string, string>>;
}

/** What both directions of a section have in common. */
interface Agreement {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  /** Best first. Payload types are those that stand on packets of this direction. */
  readonly codecs: readonly CodecParameters[];
  readonly headerExtensions: readonly ExtensionParameters[];
  /** Whether one- and two-byte extensions may be mixed (RFC 8285 §4.1.2). */
  readonly extmapAllowMixed: boolean;
  /** RFC 5506. */
  readonly reducedSize: boolean;
  /** Empty without simulcast. */
  readonly layers: readonly LayerParameters[];
}

/** What we may send. */
export interface SendAgreement extends Agreement {
  /** bit/s that the peer wants at most (`b=TIAS` or `b=AS`); undefined: it did not say. */
  readonly maxBitrate?: number | undefined;
  /** Longest duration of an audio packet in ms that the peer wants (`a=ptime`, `a=maxptime`). */
  readonly ptime?: number | undefined;
  readonly maxptime?: number | undefined;
}

/** What comes. */
export interface ReceiveAgreement extends Agreement {
  /** SSRCs that the peer announced, if it did. */
  readonly ssrcs: readonly { readonly ssrc: number; readonly cname?: string | undefined }[];
  /** `FID` (media, retransmission), `FEC-FR` (media, repair), `SIM`. */
  readonly ssrcGroups: readonly { readonly semantics: string; readonly ssrcs: readonly number[] }[];
}

/** One encoding of a sender as descriptions show it. */
export interface SentEncoding {
  /** Undefined without simulcast. */
  readonly rid?: string | undefined;
  readonly ssrc: number;
  readonly rtxSsrc: number;
  readonly fecSsrc: number;
  readonly active: boolean;
}
