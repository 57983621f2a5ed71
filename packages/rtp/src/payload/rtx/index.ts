export { isPaddingOnly, restoreFromRtx, rtxLength, writeRtx } from './packet.ts';
export { type RtxPayloadType, RtxPayloadTypes } from './payload-types.ts';
