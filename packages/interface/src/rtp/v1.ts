/** RTP packets and encoded frames as they pass between packages. */

/**
 * One RTP packet (RFC 3550 §5.1) that has been checked: every offset lies inside `bytes`. Getters read the bytes, which
 * may be changed in place but never change their length.
 */
export interface RtpPacketView {
  /** The whole packet and nothing else, header first. */
  readonly bytes: Uint8Array;
  readonly marker: boolean;
  /** 0 to 127. */
  readonly payloadType: number;
  /** 0 to 65535. */
  readonly sequenceNumber: number;
  /** In units of the codec's clock rate, 32 bits. */
  readonly timestamp: number;
  readonly ssrc: number;
  /** Index of the first byte of the payload. */
  readonly payloadOffset: number;
  /** One past the last byte of the payload; padding is behind it. */
  readonly payloadEnd: number;
  /** Index in `bytes` of the data of the header extension element with this id (RFC 8285), or -1. */
  extensionOffset(id: number): number;
  /** Length in bytes of the data of the header extension element with this id, or -1. */
  extensionLength(id: number): number;
}

/** An RTCP packet as a plain object: which one is told by `type` (`@kaon/rtp/rtcp`). */
export interface RtcpPacketLike {
  readonly type: string;
}

/** One frame of a codec: what an encoder gives and a decoder takes. */
export interface EncodedFrame {
  /**
   * The codec's own format: VP8 and VP9 frames as they are; H.264 and H.265 access units in Annex B, start codes of four bytes;
   * AV1 temporal units in the low-overhead format, without temporal delimiters; audio as one packet's payload.
   */
  readonly data: Uint8Array;
  /** RTP timestamp in units of the codec's clock rate, 32 bits. */
  readonly timestamp: number;
  /** Whether it can be decoded without others. True for audio. */
  readonly keyFrame: boolean;
  /** What the payload format says beyond this, such as layers; by codec. */
  readonly metadata?: unknown;
}
