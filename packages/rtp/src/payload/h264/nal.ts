/** NAL unit types of H.264 (ITU-T H.264 table 7-1) and those that RTP adds (RFC 6184 table 1). */
export const H264_NAL = {
  SLICE: 1,
  IDR: 5,
  SEI: 6,
  SPS: 7,
  PPS: 8,
  AUD: 9,
  STAP_A: 24,
  FU_A: 28,
} as const;

/** Type of the NAL unit whose first byte this is. */
export function h264NalType(byte: number): number {
  return byte & 0x1f;
}
