import type { GroupName } from '@kaon/interface/crypto/v1';

/** Code points of groups (RFC 8422 §5.1.1). */
const CODE_POINTS: Readonly<Record<GroupName, number>> = { X25519: 0x001d, 'P-256': 0x0017, 'P-384': 0x0018 };

/** All groups, in the order of preference. */
export const GROUPS: readonly GroupName[] = ['X25519', 'P-256', 'P-384'];

export function groupCodePoint(name: GroupName): number {
  return CODE_POINTS[name];
}

/** The group with this code point, or undefined. */
export function groupName(codePoint: number): GroupName | undefined {
  return GROUPS.find((name) => CODE_POINTS[name] === codePoint);
}
