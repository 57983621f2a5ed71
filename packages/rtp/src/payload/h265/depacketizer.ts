import { isNalKeyFrameStart, NalFormat, type NalMetadata } from '../nal/format.ts';
import { VideoDepacketizer } from '../video.ts';
import { H265_CODEC } from './codec.ts';

/** What an H.265 access unit says beyond its bytes. */
export type H265Metadata = NalMetadata;

/** How H.265 is put together. */
export interface H265DepacketizerOptions {
  /**
   * Parameter sets from signaling (`sprop-vps`, `sprop-sps`, `sprop-pps`), as NAL units without start codes. They are put in front
   * of each key frame that brings none itself. Without them, a key picture behind a gap counts as whole only with its own sets.
   */
  readonly parameterSets?: readonly Uint8Array[] | undefined;
}

/** H.265 (RFC 7798) without decoding order numbers: single NAL units, AP and FU become access units in Annex B. PACI is malformed. */
export function createH265Depacketizer(options: H265DepacketizerOptions = {}): VideoDepacketizer<H265Metadata> {
  return new VideoDepacketizer(new NalFormat(H265_CODEC, options.parameterSets ?? []));
}

/** Whether the payload in `bytes[start, end)` belongs to the start of a key frame. For relays, which need no more. */
export function isH265KeyFrameStart(bytes: Uint8Array, start: number, end: number): boolean {
  return isNalKeyFrameStart(H265_CODEC, bytes, start, end);
}
