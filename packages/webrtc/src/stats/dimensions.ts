import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { AV1_OBU, decodeAv1SequenceHeader, splitObus } from '@kaon/rtp/payload/av1';
import { decodeH264Sps, H264_NAL, h264NalType } from '@kaon/rtp/payload/h264';
import { decodeH265Sps, H265_NAL, h265NalType } from '@kaon/rtp/payload/h265';
import { decodeVp8Descriptor, vp8Dimensions } from '@kaon/rtp/payload/vp8';
import { decodeVp9Descriptor, vp9Dimensions } from '@kaon/rtp/payload/vp9';
import { isMalformed, type Malformed, readU16 } from '@kaon/wire';

/** Width and height of pictures in pixels. */
export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

/** The size that a packet of video says: one from the beginning of a key frame. Undefined for all others. */
export function packetDimensions(mimeType: string, packet: RtpPacketView): Dimensions | undefined {
  const { bytes, payloadOffset, payloadEnd } = packet;
  return payloadOffset < payloadEnd ? READERS[mimeType.toLowerCase()]?.(bytes, payloadOffset, payloadEnd) : undefined;
}

type Reader = (bytes: Uint8Array, start: number, end: number) => Dimensions | undefined;

const READERS: Readonly<Record<string, Reader>> = {
  'video/vp8': (bytes, start, end) => {
    const descriptor = decodeVp8Descriptor(bytes, start, end);
    return isMalformed(descriptor) ? undefined : vp8Dimensions(bytes.subarray(descriptor.end, end));
  },
  'video/vp9': (bytes, start, end) => {
    const descriptor = decodeVp9Descriptor(bytes, start, end);
    if (isMalformed(descriptor)) return undefined;
    // With spatial layers the structure has the size of the largest; the frame is that of the lowest.
    return descriptor.scalability?.resolutions?.at(-1) ?? vp9Dimensions(bytes.subarray(descriptor.end, end));
  },
  'video/h264': (bytes, start, end) => {
    const type = h264NalType(bytes[start] as number);
    if (type === H264_NAL.SPS) return whole(decodeH264Sps(bytes, start, end));
    if (type !== H264_NAL.STAP_A) return undefined;
    return aggregated(bytes, start + 1, end, (from, to) =>
      h264NalType(bytes[from] as number) === H264_NAL.SPS ? whole(decodeH264Sps(bytes, from, to)) : undefined,
    );
  },
  'video/h265': (bytes, start, end) => {
    const type = h265NalType(bytes[start] as number);
    if (type === H265_NAL.SPS) return whole(decodeH265Sps(bytes, start, end));
    if (type !== H265_NAL.AGGREGATION) return undefined;
    return aggregated(bytes, start + 2, end, (from, to) =>
      h265NalType(bytes[from] as number) === H265_NAL.SPS ? whole(decodeH265Sps(bytes, from, to)) : undefined,
    );
  },
  'video/av1': av1Dimensions,
};

/** NAL units with their lengths in front (RFC 6184 §5.7.1, RFC 7798 §4.4.2). */
function aggregated(
  bytes: Uint8Array,
  start: number,
  end: number,
  read: (from: number, to: number) => Dimensions | undefined,
): Dimensions | undefined {
  for (let at = start; at + 3 <= end; ) {
    const to = at + 2 + readU16(bytes, at);
    if (to > end || to === at + 2) return undefined;
    const found = read(at + 2, to);
    if (found !== undefined) return found;
    at = to;
  }
  return undefined;
}

/** A packet that begins a coded video sequence has its sequence header first (AV1 RTP payload specification §4.4). */
function av1Dimensions(bytes: Uint8Array, start: number, end: number): Dimensions | undefined {
  const aggregation = bytes[start] as number;
  if ((aggregation & 0x88) !== 0x08) return undefined;
  // W = 1: the only element has no length in front.
  let from = start + 1;
  let to = end;
  if (((aggregation >> 4) & 3) !== 1) {
    let length = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[from++] ?? 0;
      length |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) break;
    }
    to = Math.min(end, from + length);
  }
  const obus = splitObus(bytes, from, to);
  const first = isMalformed(obus) ? undefined : obus[0];
  if (first?.type !== AV1_OBU.SEQUENCE_HEADER) return undefined;
  return whole(decodeAv1SequenceHeader(bytes, first.payloadStart, first.end));
}

function whole(parameters: Dimensions | Malformed): Dimensions | undefined {
  return isMalformed(parameters) ? undefined : parameters;
}
