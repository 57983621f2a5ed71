import { isNalKeyFrameStart, NalFormat, type NalMetadata } from '../nal/format.ts';
import { VideoDepacketizer } from '../video.ts';
import { H264_CODEC } from './codec.ts';

/** What an H.264 access unit says beyond its bytes. */
export type H264Metadata = NalMetadata;

/** How H.264 is put together. */
export interface H264DepacketizerOptions {
  /**
   * Parameter sets from signaling (`sprop-parameter-sets`), as NAL units without start codes. They are put in front of each key
   * frame that brings none itself. Without them, an IDR picture behind a gap counts as whole only with its own parameter sets:
   * they may have been in the packet that is missing.
   */
  readonly parameterSets?: readonly Uint8Array[] | undefined;
}

/**
 * H.264 (RFC 6184) in packetization modes 0 and 1: single NAL units, STAP-A and FU-A become access units in Annex B. What belongs
 * to the interleaved mode is malformed, since nobody agrees to it.
 */
export function createH264Depacketizer(options: H264DepacketizerOptions = {}): VideoDepacketizer<H264Metadata> {
  return new VideoDepacketizer(new NalFormat(H264_CODEC, options.parameterSets ?? []));
}

/** Whether the payload in `bytes[start, end)` belongs to the start of a key frame. For relays, which need no more. */
export function isH264KeyFrameStart(bytes: Uint8Array, start: number, end: number): boolean {
  return isNalKeyFrameStart(H264_CODEC, bytes, start, end);
}
