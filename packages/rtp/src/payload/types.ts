import type { EncodedFrame as Frame, RtpPacketView as View } from '@kaon/interface/rtp/v1';

/** One frame of a codec: that of `@kaon/interface/rtp/v1`. */
export type EncodedFrame = Frame;

/** A packet that has been checked: that of `@kaon/interface/rtp/v1`. */
export type RtpPacketView = View;

/** Cuts frames into payloads. One for each outgoing stream. */
export interface Packetizer {
  /**
   * Takes a frame; its bytes must stay as they are until `next` has given the last payload. What was left of the frame before
   * is dropped. `maxPayloadSize` is in bytes without the RTP header.
   * Throws RtpError: `RTP_BAD_FRAME` when it is not a frame of the codec, `RTP_BAD_OPTION` when the size is too small to work with.
   */
  start(frame: EncodedFrame, maxPayloadSize: number): void;
  /**
   * Writes the next payload at `buffer[offset...]`, which has room for `maxPayloadSize` bytes, and returns its length.
   * 0: the frame is through.
   */
  next(buffer: Uint8Array, offset: number): number;
  /**
   * Whether the payload that `next` wrote last is the frame's last: the RTP marker of video. What the marker of audio means
   * (the first packet of a talkspurt, RFC 3551 §4.1) is the caller's business.
   */
  readonly isLast: boolean;
}

/** What a depacketizer has seen. */
export interface DepacketizerCounters {
  /** Packets pushed. */
  readonly packets: number;
  /** Whole frames given or ready. */
  readonly frames: number;
  /** Payloads dropped because they are not of the codec. */
  readonly malformed: number;
  /** Frames given up because packets of them are missing. */
  readonly incomplete: number;
}

/** Puts frames together from packets. One for each incoming stream. */
export interface Depacketizer {
  /**
   * Takes the next packet in order of sequence numbers; gaps in them are losses. What is kept of it is copied. Never throws:
   * malformed payloads are dropped and counted.
   */
  push(packet: RtpPacketView): void;
  /**
   * The next whole frame, or undefined. Its bytes belong to the caller; those of small frames are part of an `ArrayBuffer` with
   * others in it, so copy them before the buffer is transferred.
   */
  poll(): EncodedFrame | undefined;
  readonly counters: DepacketizerCounters;
}
