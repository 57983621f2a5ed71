import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { FORMATS, type Format, type PayloadOptions } from './formats.ts';
import type { Depacketizer, Packetizer } from './types.ts';

export type { PayloadOptions } from './formats.ts';
export type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer } from './types.ts';

/**
 * A packetizer for a codec by its media type (`video/VP8`, in any case of letters). Undefined for codecs whose format is not
 * here, and for what is no codec by itself: retransmission, error correction, comfort noise, telephone events.
 */
export function createPacketizer(mimeType: string, options: PayloadOptions = {}): Packetizer | undefined {
  return formatOf(mimeType)?.packetizer(options);
}

/** A depacketizer for a codec by its media type. Undefined as for `createPacketizer`. */
export function createDepacketizer(mimeType: string, options: PayloadOptions = {}): Depacketizer | undefined {
  return formatOf(mimeType)?.depacketizer(options);
}

/**
 * Whether a stream can begin with this packet: it is the first of a key frame, or has audio. False for a media type that is not
 * known, a payload that is malformed and for padding.
 */
export function startsKeyFrame(mimeType: string, packet: RtpPacketView): boolean {
  const { bytes, payloadOffset, payloadEnd } = packet;
  if (payloadOffset === payloadEnd) return false;
  const format = formatOf(mimeType);
  if (format === undefined) return false;
  return format.keyFrame === undefined || format.keyFrame(bytes, payloadOffset, payloadEnd);
}

/**
 * How long the audio payload in `bytes[start, end)` lasts, in units of its RTP timestamps. -1 when that cannot be told: the
 * payload is malformed, or the media type is video or not known.
 */
export function packetDuration(mimeType: string, bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  return formatOf(mimeType)?.duration?.(bytes, start, end) ?? -1;
}

function formatOf(mimeType: string): Format | undefined {
  // Called for each packet: the usual spelling costs no string.
  return FORMATS.get(mimeType) ?? FORMATS.get(mimeType.toLowerCase());
}
