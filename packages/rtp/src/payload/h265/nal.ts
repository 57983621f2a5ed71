/** NAL unit types of H.265 (ITU-T H.265 table 7-1) and those that RTP adds (RFC 7798 §4.4). */
export const H265_NAL = {
  /** 0 to 15 are slices of pictures that need others. */
  LAST_DELTA_SLICE: 15,
  /** 16 to 23 are slices of pictures that can be decoded without others (IRAP). */
  FIRST_KEY_SLICE: 16,
  LAST_KEY_SLICE: 23,
  VPS: 32,
  SPS: 33,
  PPS: 34,
  AUD: 35,
  PREFIX_SEI: 39,
  AGGREGATION: 48,
  FRAGMENT: 49,
} as const;

/** Type of the NAL unit whose first byte this is. */
export function h265NalType(byte: number): number {
  return (byte >>> 1) & 0x3f;
}
