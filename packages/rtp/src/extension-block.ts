/**
 * The block of header extension elements (RFC 8285), behind its own four byte header.
 *
 * ```
 * one-byte form, profile 0xBEDE       two-byte form, profile 0x1000 to 0x100F
 *  0 1 2 3 4 5 6 7                     0                   1
 * +-+-+-+-+-+-+-+-+---                 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 * |  ID   | len-1 | data              +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+---
 * +-+-+-+-+-+-+-+-+---                |      ID       |    length     | data
 *                                     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+---
 * ```
 *
 * A byte of zero between elements is padding. What does not fit ends the list; what stood before it counts.
 */

/** RFC 8285 §4.2. */
export const ONE_BYTE_PROFILE = 0xbede;
/** RFC 8285 §4.3; the lowest four bits are for the application. */
export const TWO_BYTE_PROFILE = 0x1000;

/** Whether a profile is one of the sixteen of the two-byte form. */
export function isTwoByteProfile(profile: number): boolean {
  return (profile & 0xfff0) === TWO_BYTE_PROFILE;
}

/** Index of the data of the first element with this id inside `bytes[start, end)`, or -1. */
export function findElement(bytes: Uint8Array, profile: number, start: number, end: number, id: number): number {
  if (id === 0) return -1;
  if (profile === ONE_BYTE_PROFILE) {
    let at = start;
    while (at < end) {
      const header = bytes[at]!;
      if (header === 0) {
        at++;
        continue;
      }
      const element = header >>> 4;
      // 15 and a padding element with a length end the block (RFC 8285 §4.2).
      if (element === 15 || element === 0) return -1;
      const next = at + 2 + (header & 0x0f);
      if (next > end) return -1;
      if (element === id) return at + 1;
      at = next;
    }
    return -1;
  }
  if (!isTwoByteProfile(profile)) return -1;
  let at = start;
  while (at < end) {
    const element = bytes[at]!;
    if (element === 0) {
      at++;
      continue;
    }
    if (at + 2 > end) return -1;
    const next = at + 2 + bytes[at + 1]!;
    if (next > end) return -1;
    if (element === id) return at + 2;
    at = next;
  }
  return -1;
}

/** Length of the data that `findElement` found at `offset`: both forms have it in the byte before. */
export function elementLength(bytes: Uint8Array, profile: number, offset: number): number {
  return profile === ONE_BYTE_PROFILE ? (bytes[offset - 1]! & 0x0f) + 1 : bytes[offset - 1]!;
}

/** How many elements inside `bytes[start, end)` have an id at which `known` is 0. */
export function countUnknown(
  bytes: Uint8Array,
  profile: number,
  start: number,
  end: number,
  known: Uint8Array,
): number {
  const oneByte = profile === ONE_BYTE_PROFILE;
  if (!oneByte && !isTwoByteProfile(profile)) return 0;
  let count = 0;
  let at = start;
  while (at < end) {
    const header = bytes[at]!;
    if (header === 0) {
      at++;
      continue;
    }
    const id = oneByte ? header >>> 4 : header;
    if (oneByte && (id === 15 || id === 0)) break;
    const data = at + (oneByte ? 1 : 2);
    if (data > end) break;
    at = data + elementLength(bytes, profile, data);
    if (at > end) break;
    if (known[id] === 0) count++;
  }
  return count;
}

/** All elements inside `bytes[start, end)`; data as views. */
export function listElements(
  bytes: Uint8Array,
  profile: number,
  start: number,
  end: number,
): { readonly id: number; readonly data: Uint8Array }[] {
  const elements: { readonly id: number; readonly data: Uint8Array }[] = [];
  const oneByte = profile === ONE_BYTE_PROFILE;
  if (!oneByte && !isTwoByteProfile(profile)) return elements;
  let at = start;
  while (at < end) {
    const header = bytes[at]!;
    if (header === 0) {
      at++;
      continue;
    }
    const id = oneByte ? header >>> 4 : header;
    if (oneByte && (id === 15 || id === 0)) break;
    const data = at + (oneByte ? 1 : 2);
    if (data > end) break;
    const next = data + elementLength(bytes, profile, data);
    if (next > end) break;
    elements.push({ id, data: bytes.subarray(data, next) });
    at = next;
  }
  return elements;
}
