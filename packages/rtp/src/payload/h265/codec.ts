import type { NalCodec } from '../nal/codec.ts';
import { H265_NAL, h265NalType } from './nal.ts';

/** NAL units of H.265 in RTP (RFC 7798), in one RTP stream without decoding order numbers (`sprop-max-don-diff=0`). */
export const H265_CODEC: NalCodec = {
  name: 'H.265',
  headerLength: 2,
  maxType: 47,
  aggregationType: H265_NAL.AGGREGATION,
  fragmentType: H265_NAL.FRAGMENT,
  type: (bytes, start) => h265NalType(bytes[start]!),
  fragmentedType: (header) => header & 0x3f,
  // The forbidden bit of any, the lowest layer and the lowest temporal id (RFC 7798 §4.4.2).
  writePayloadHeader(buffer, offset, type, data, units) {
    let forbidden = 0;
    let layer = 63;
    let temporalId = 7;
    for (const { start } of units) {
      const [first, second] = [data[start]!, data[start + 1]!];
      forbidden |= first & 0x80;
      layer = Math.min(layer, ((first & 1) << 5) | (second >>> 3));
      temporalId = Math.min(temporalId, second & 7);
    }
    buffer[offset] = forbidden | (type << 1) | (layer >>> 5);
    buffer[offset + 1] = ((layer & 0x1f) << 3) | temporalId;
  },
  restoreHeader(out, bytes, start) {
    out[0] = (bytes[start]! & 0x81) | ((bytes[start + 2]! & 0x3f) << 1);
    out[1] = bytes[start + 1]!;
  },
  isParameterSet: (type) => type === H265_NAL.VPS || type === H265_NAL.SPS,
  isKey: (type) => type >= H265_NAL.FIRST_KEY_SLICE && type <= H265_NAL.LAST_KEY_SLICE,
  isFirst: (type) => type === H265_NAL.VPS || type === H265_NAL.AUD,
  isDeltaSlice: (type) => type <= H265_NAL.LAST_DELTA_SLICE,
};
