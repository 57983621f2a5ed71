import { RtpError } from '../../errors.ts';
import { NalPacketizer } from '../nal/packetizer.ts';
import { H264_CODEC } from './codec.ts';

/** How H.264 is cut. */
export interface H264PacketizerOptions {
  /** `packetization-mode` (RFC 6184 §6.2): 0 sends whole NAL units alone, 1 also STAP-A and FU-A. Default 1. */
  readonly packetizationMode?: 0 | 1 | undefined;
}

/**
 * H.264 (RFC 6184): access units in Annex B. Small NAL units that follow each other share a packet (STAP-A), large ones are cut
 * evenly (FU-A). In mode 0 a NAL unit that does not fit a packet is `RTP_BAD_FRAME`: the encoder has to make smaller slices.
 * Throws RtpError (`RTP_BAD_OPTION`) on another mode.
 */
export function createH264Packetizer(options: H264PacketizerOptions = {}): NalPacketizer {
  const { packetizationMode = 1 } = options;
  if (packetizationMode !== 0 && packetizationMode !== 1)
    throw new RtpError('RTP_BAD_OPTION', `packetizationMode ${packetizationMode} is neither 0 nor 1`);
  return new NalPacketizer(H264_CODEC, packetizationMode === 0);
}
