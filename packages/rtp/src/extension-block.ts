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
  let count = 0;
  for (let at = nextElement(bytes, profile, start, end); at >= 0; ) {
    if (known[elementId(bytes, profile, at)] === 0) count++;
    at = nextElement(bytes, profile, at + elementLength(bytes, profile, at), end);
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
  for (let at = nextElement(bytes, profile, start, end); at >= 0; ) {
    const next = at + elementLength(bytes, profile, at);
    elements.push({ id: elementId(bytes, profile, at), data: bytes.subarray(at, next) });
    at = nextElement(bytes, profile, next, end);
  }
  return elements;
}

/** Index of the data of the first element at or behind `from`, or -1 where the list ends. */
function nextElement(bytes: Uint8Array, profile: number, from: number, end: number): number {
  const oneByte = profile === ONE_BYTE_PROFILE;
  if (!oneByte && !isTwoByteProfile(profile)) return -1;
  let at = from;
  while (at < end && bytes[at] === 0) at++;
  const data = at + (oneByte ? 1 : 2);
  if (data > end) return -1;
  const id = elementId(bytes, profile, data);
  if (oneByte && (id === 15 || id === 0)) return -1;
  return data + elementLength(bytes, profile, data) > end ? -1 : data;
}

/** Id of the element whose data begins at `offset`. */
function elementId(bytes: Uint8Array, profile: number, offset: number): number {
  return profile === ONE_BYTE_PROFILE ? bytes[offset - 1]! >>> 4 : bytes[offset - 2]!;
}
