/**
 * A session description as plain readonly objects (RFC 8866 §5). Every field keeps the text it came with, so that
 * `serializeSdp(parseSdp(text))` is `text` for descriptions whose lines stand in the RFC's order, as all browsers write.
 */

/** A whole description. */
export interface SessionDescription {
  /** `v=`; 0 is the only version. */
  readonly version: 0;
  /** `o=` */
  readonly origin: Origin;
  /** `s=`; WebRTC writes `-`. */
  readonly sessionName: string;
  /** `i=` */
  readonly information?: string | undefined;
  /** `u=` */
  readonly uri?: string | undefined;
  /** `e=`, any number */
  readonly emails?: readonly string[] | undefined;
  /** `p=`, any number */
  readonly phones?: readonly string[] | undefined;
  /** `c=` for media sections that have none. */
  readonly connection?: Connection | undefined;
  /** `b=`, any number */
  readonly bandwidths?: readonly Bandwidth[] | undefined;
  /** `t=` with the `r=` lines behind it, one at least. */
  readonly times: readonly Time[];
  /** `z=` as it is written. */
  readonly timeZones?: string | undefined;
  /** `k=` as it is written; obsolete. */
  readonly key?: string | undefined;
  /** `a=` in front of the first media section. */
  readonly attributes: readonly Attribute[];
  /** `m=` and what follows, in order. */
  readonly media: readonly MediaDescription[];
}

/** One media section. */
export interface MediaDescription {
  /** `audio`, `video`, `application` and so on. */
  readonly kind: string;
  /** 0 rejects the section, or in a bundle-only section says nothing; 9 stands for "not known yet" with ICE. */
  readonly port: number;
  /** Number of ports, hardly ever used (RFC 8866 §5.14). */
  readonly portCount?: number | undefined;
  /** `UDP/TLS/RTP/SAVPF`, `UDP/DTLS/SCTP` and so on. */
  readonly protocol: string;
  /** Payload types, or `webrtc-datachannel`. */
  readonly formats: readonly string[];
  /** `i=` */
  readonly information?: string | undefined;
  /** `c=`; more than one only for multicast. */
  readonly connections?: readonly Connection[] | undefined;
  /** `b=`, any number */
  readonly bandwidths?: readonly Bandwidth[] | undefined;
  /** `k=` as it is written; obsolete. */
  readonly key?: string | undefined;
  /** `a=` of this section. */
  readonly attributes: readonly Attribute[];
}

/** `o=`: who made the session, and which version of it this is (RFC 8866 §5.2). */
export interface Origin {
  /** `-` for none. */
  readonly username: string;
  /** Up to 63 bits, so as text. */
  readonly sessionId: string;
  /** Goes up with each change; as text, like `sessionId`. */
  readonly sessionVersion: string;
  /** `IN` */
  readonly networkType: string;
  /** `IP4` or `IP6` */
  readonly addressType: string;
  readonly address: string;
}

/** `c=`: where media goes (RFC 8866 §5.7). With ICE only a default that nobody uses. */
export interface Connection {
  /** `IN` */
  readonly networkType: string;
  /** `IP4` or `IP6` */
  readonly addressType: string;
  /** With `/ttl` and `/count` for multicast. */
  readonly address: string;
}

/** `b=`: a bandwidth limit (RFC 8866 §5.8). */
export interface Bandwidth {
  /** `AS` in kbit/s, `TIAS` in bit/s and others. */
  readonly type: string;
  readonly value: number;
}

/** `t=`: when the session is active, in seconds since 1900; WebRTC writes 0 and 0 (RFC 8866 §5.9). */
export interface Time {
  readonly start: number;
  readonly stop: number;
  /** `r=` lines as they are written. */
  readonly repeats?: readonly string[] | undefined;
}

/** `a=`: a property (no value) or a name with a value, as it is written (RFC 8866 §5.13). */
export interface Attribute {
  readonly name: string;
  /** What stands behind the colon; undefined when there is none. */
  readonly value?: string | undefined;
}

/** Whatever has attributes: a session or a media section. */
export interface Section {
  readonly attributes: readonly Attribute[];
}
