import { NalPacketizer } from '../nal/packetizer.ts';
import { H265_CODEC } from './codec.ts';

/**
 * H.265 (RFC 7798): access units in Annex B. Small NAL units that follow each other share a packet (AP), large ones are cut
 * evenly (FU).
 */
export function createH265Packetizer(): NalPacketizer {
  return new NalPacketizer(H265_CODEC, false);
}
