/**
 * Numbers inside payloads that have to go on evenly when a relay changes from one stream to another: picture ids and their
 * kin of VP8 (RFC 7741 §4.2) and VP9 (RFC 9628 §4.2). They are changed in place, in the width they have.
 */
export interface Continuity {
  /** The next payload is the first of another stream. */
  leave(): void;
  /** Changes `bytes[start, end)`. Does nothing to what it cannot read. */
  rewrite(bytes: Uint8Array, start: number, end: number): void;
}

/** What a codec needs, or undefined when it has no such numbers. */
export function continuityFor(mimeType: string): Continuity | undefined {
  switch (mimeType.toLowerCase()) {
    case 'video/vp8':
      return new DescriptorContinuity(vp8Fields);
    case 'video/vp9':
      return new DescriptorContinuity(vp9Fields);
    default:
      return undefined;
  }
}

class DescriptorContinuity implements Continuity {
  readonly #read: (bytes: Uint8Array, start: number, end: number, fields: Fields) => boolean;
  readonly #fields: Fields = { pictureId: -1, wide: false, tl0: -1, keyIndex: -1 };
  readonly #picture = new Counter(0x7fff);
  readonly #tl0 = new Counter(0xff);
  readonly #key = new Counter(0x1f);

  constructor(read: (bytes: Uint8Array, start: number, end: number, fields: Fields) => boolean) {
    this.#read = read;
  }

  leave(): void {
    this.#picture.leave();
    this.#tl0.leave();
    this.#key.leave();
  }

  rewrite(bytes: Uint8Array, start: number, end: number): void {
    const fields = this.#fields;
    if (!this.#read(bytes, start, end, fields)) return;
    const { pictureId, wide, tl0, keyIndex } = fields;
    if (pictureId >= 0 && wide) {
      const before = (((bytes[pictureId] as number) & 0x7f) << 8) | (bytes[pictureId + 1] as number);
      const after = this.#picture.map(before);
      bytes[pictureId] = 0x80 | (after >>> 8);
      bytes[pictureId + 1] = after & 0xff;
    } else if (pictureId >= 0) bytes[pictureId] = this.#picture.map((bytes[pictureId] as number) & 0x7f) & 0x7f;
    if (tl0 >= 0) bytes[tl0] = this.#tl0.map(bytes[tl0] as number);
    if (keyIndex >= 0)
      bytes[keyIndex] = ((bytes[keyIndex] as number) & 0xe0) | this.#key.map((bytes[keyIndex] as number) & 0x1f);
  }
}

/** One number that goes on evenly from stream to stream, in the bits of `mask`. */
export class Counter {
  readonly #mask: number;
  #offset = 0;
  #last: number | undefined = undefined;
  #joined = false;

  constructor(mask: number) {
    this.#mask = mask;
  }

  /** The next value is the first of another stream. */
  leave(): void {
    this.#joined = false;
  }

  /** The number to send for that of the stream. */
  map(value: number): number {
    if (!this.#joined) {
      this.#joined = true;
      this.#offset = this.#last === undefined ? 0 : this.#last + 1 - value;
    }
    const mapped = (value + this.#offset) & this.#mask;
    // Packets that come late do not move it back.
    if (this.#last === undefined || ((mapped - this.#last) & this.#mask) <= this.#mask >>> 1) this.#last = mapped;
    return mapped;
  }
}

/** Where the numbers stand; -1: not there. */
interface Fields {
  pictureId: number;
  /** Whether the picture id has 15 bits instead of 7. */
  wide: boolean;
  tl0: number;
  /** Its lowest five bits. */
  keyIndex: number;
}

function vp8Fields(bytes: Uint8Array, start: number, end: number, fields: Fields): boolean {
  let at = start + 1;
  if (at >= end || ((bytes[start] as number) & 0x80) === 0) return false;
  const present = bytes[at++] as number;
  fields.pictureId = -1;
  fields.wide = false;
  fields.tl0 = -1;
  fields.keyIndex = -1;
  if ((present & 0x80) !== 0) {
    fields.pictureId = at;
    fields.wide = ((bytes[at] as number) & 0x80) !== 0;
    at += fields.wide ? 2 : 1;
  }
  if ((present & 0x40) !== 0) fields.tl0 = at++;
  if ((present & 0x10) !== 0) fields.keyIndex = at;
  if ((present & 0x30) !== 0) at++;
  return at <= end;
}

function vp9Fields(bytes: Uint8Array, start: number, end: number, fields: Fields): boolean {
  let at = start + 1;
  if (at >= end) return false;
  const first = bytes[start] as number;
  fields.pictureId = -1;
  fields.wide = false;
  fields.tl0 = -1;
  fields.keyIndex = -1;
  if ((first & 0x80) !== 0) {
    fields.pictureId = at;
    fields.wide = ((bytes[at] as number) & 0x80) !== 0;
    at += fields.wide ? 2 : 1;
  }
  // Layer indices, with TL0PICIDX behind them outside the flexible mode.
  if ((first & 0x20) !== 0) {
    at++;
    if ((first & 0x10) === 0) fields.tl0 = at++;
  }
  return at <= end;
}
