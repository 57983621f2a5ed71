import type { NalCodec } from '../nal/codec.ts';
import { H264_NAL, h264NalType } from './nal.ts';

/** NAL units of H.264 in RTP (RFC 6184). */
export const H264_CODEC: NalCodec = {
  name: 'H.264',
  headerLength: 1,
  maxType: 23,
  aggregationType: H264_NAL.STAP_A,
  fragmentType: H264_NAL.FU_A,
  type: (bytes, start) => h264NalType(bytes[start]!),
  fragmentedType: h264NalType,
  // The forbidden bit of any, the importance of the most important one (RFC 6184 §5.7.1).
  writePayloadHeader(buffer, offset, type, data, units) {
    let forbidden = 0;
    let importance = 0;
    for (const { start } of units) {
      forbidden |= data[start]! & 0x80;
      importance = Math.max(importance, data[start]! & 0x60);
    }
    buffer[offset] = forbidden | importance | type;
  },
  restoreHeader(out, bytes, start) {
    out[0] = (bytes[start]! & 0xe0) | h264NalType(bytes[start + 1]!);
  },
  isParameterSet: (type) => type === H264_NAL.SPS,
  isKey: (type) => type === H264_NAL.IDR,
  isFirst: (type) => type === H264_NAL.SPS || type === H264_NAL.AUD,
  isDeltaSlice: (type) => type === H264_NAL.SLICE,
};
