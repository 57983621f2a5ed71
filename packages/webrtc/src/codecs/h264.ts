/** `profile-level-id` of H.264 (RFC 6184 §8.1): three bytes in hex: profile_idc, profile-iop, level_idc. */

/** Names of the profiles that video calls use. */
export type H264Profile =
  | 'constrained-baseline'
  | 'baseline'
  | 'main'
  | 'constrained-high'
  | 'high'
  | 'predictive-high-444';

/**
 * The profile that a `profile-level-id` names; undefined for one that is malformed or not known. Several ids name the same
 * profile (RFC 6184 table 5). Without an id it is what browsers assume.
 */
export function profileOf(profileLevelId: string = DEFAULT_PROFILE_LEVEL_ID): H264Profile | undefined {
  const value = decode(profileLevelId);
  if (value === undefined) return undefined;
  const idc = value >> 16;
  const iop = (value >> 8) & 0xff;
  return PROFILES.find(([id, mask, bits]) => id === idc && (iop & mask) === bits)?.[3];
}

/**
 * The level as a number that grows with it: level_idc, where 1b of the profiles that write it as 1.1 with constraint_set3
 * (RFC 6184 §8.1) comes between 1 and 1.1. Undefined when malformed.
 */
export function levelOf(profileLevelId: string = DEFAULT_PROFILE_LEVEL_ID): number | undefined {
  const value = decode(profileLevelId);
  if (value === undefined) return undefined;
  const level = value & 0xff;
  // level_idc 9 is 1b in the high profiles.
  if (level === 9) return LEVEL_1B;
  return level === 11 && ((value >> 8) & 0x10) !== 0 && value >> 16 !== 100 ? LEVEL_1B : level;
}

/** The id with its profile and another one's level. */
export function withLevelOf(profileLevelId: string, other: string): string {
  const level = levelOf(other);
  const value = decode(profileLevelId);
  if (level === undefined || value === undefined) return profileLevelId;
  const high = value >> 16 === 100;
  // 1b: flag and level 1.1, or level_idc 9 in the high profiles.
  const iop = (value >> 8) & 0xff & (high ? 0xff : 0xef);
  const bytes = level === LEVEL_1B ? (high ? [iop, 9] : [iop | 0x10, 11]) : [iop, level];
  return [value >> 16, ...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function decode(text: string): number | undefined {
  return /^[0-9a-fA-F]{6}$/.test(text) ? Number.parseInt(text, 16) : undefined;
}

const LEVEL_1B = 10.5;

/** Constrained Baseline 3.1: what libwebrtc takes a missing id for. RFC 6184's own default, Baseline 1, is of no use. */
const DEFAULT_PROFILE_LEVEL_ID = '42e01f';

/** profile_idc, the bits of profile-iop that count, and how they must be. */
const PROFILES: readonly (readonly [idc: number, mask: number, bits: number, profile: H264Profile])[] = [
  [0x42, 0x4f, 0x40, 'constrained-baseline'],
  [0x4d, 0x8f, 0x80, 'constrained-baseline'],
  [0x58, 0xcf, 0xc0, 'constrained-baseline'],
  [0x42, 0x4f, 0x00, 'baseline'],
  [0x58, 0xcf, 0x80, 'baseline'],
  [0x4d, 0xaf, 0x00, 'main'],
  [0x64, 0xff, 0x00, 'high'],
  [0x64, 0xff, 0x0c, 'constrained-high'],
  [0xf4, 0xff, 0x00, 'predictive-high-444'],
];
