import { MALFORMED, type Malformed, Reader } from '@kaon/wire';
import { RtpError } from '../../errors.ts';
import { decodeScalability, type Vp9ScalabilityStructure, writeScalability } from './scalability.ts';

/**
 * What precedes the frame in each VP9 payload (RFC 9628 §4.2).
 *
 * ```
 *      0 1 2 3 4 5 6 7
 *     +-+-+-+-+-+-+-+-+
 *     |I|P|L|F|B|E|V|Z| (REQUIRED)
 *     +-+-+-+-+-+-+-+-+
 * I:  |M| PICTURE ID  | (RECOMMENDED)
 *     +-+-+-+-+-+-+-+-+
 * M:  | EXTENDED PID  | (RECOMMENDED)
 *     +-+-+-+-+-+-+-+-+
 * L:  | TID |U| SID |D| (CONDITIONALLY RECOMMENDED)
 *     +-+-+-+-+-+-+-+-+
 *     |   TL0PICIDX   | (CONDITIONALLY REQUIRED: not in flexible mode)
 *     +-+-+-+-+-+-+-+-+
 * P,F:| P_DIFF      |N| (CONDITIONALLY REQUIRED: flexible mode, up to 3 times)
 *     +-+-+-+-+-+-+-+-+
 * V:  | SS            |
 *     | ..            |
 *     +-+-+-+-+-+-+-+-+
 * ```
 */
export interface Vp9Descriptor {
  /** B: the payload begins a frame of a layer. */
  readonly startOfFrame: boolean;
  /** E: the payload ends a frame of a layer. */
  readonly endOfFrame: boolean;
  /** P: the frame refers to earlier pictures. */
  readonly interPicture: boolean;
  /** F: references are told one by one, by `referenceDiffs`. */
  readonly flexible: boolean;
  /** Z: no higher spatial layer refers to the frame. */
  readonly notForUpperLayers: boolean;
  /** 7 or 15 bits. */
  readonly pictureId?: number | undefined;
  /** Whether the picture id takes 15 bits. */
  readonly longPictureId?: boolean | undefined;
  /** Undefined where layers are not told. */
  readonly layer?: Vp9LayerIndices | undefined;
  /** In flexible mode: by how much each referenced picture's id is smaller, 1 to 127; 1 to 3 of them with `interPicture`. */
  readonly referenceDiffs?: readonly number[] | undefined;
  readonly scalability?: Vp9ScalabilityStructure | undefined;
}

/** Layer indices. */
export interface Vp9LayerIndices {
  /** 0 to 7. */
  readonly temporalId: number;
  /** U: from this frame on the temporal layer may be switched up to. */
  readonly switchingUpPoint: boolean;
  /** 0 to 7. */
  readonly spatialId: number;
  /** D: the frame refers to the next lower spatial layer of its picture. */
  readonly interLayer: boolean;
  /** Not in flexible mode: counts pictures of the lowest temporal layer, 0 to 255. */
  readonly tl0PicIdx?: number | undefined;
}

/** A descriptor as it lies in a payload. */
export interface Vp9DescriptorView extends Vp9Descriptor {
  /** Index of the first byte behind it. */
  readonly end: number;
  /** Where the picture id and TL0PICIDX are, for those who rewrite them; -1: there is none. */
  readonly pictureIdOffset: number;
  readonly tl0PicIdxOffset: number;
}

/** The descriptor at the start of the payload in `bytes[start, end)`, which must have frame bytes behind it. */
export function decodeVp9Descriptor(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): Vp9DescriptorView | Malformed {
  const reader = new Reader(bytes, start, end);
  const first = reader.u8();
  const flexible = (first & 0x10) !== 0;
  const interPicture = (first & 0x40) !== 0;
  const view: Mutable<Vp9DescriptorView> = {
    startOfFrame: (first & 0x08) !== 0,
    endOfFrame: (first & 0x04) !== 0,
    interPicture,
    flexible,
    notForUpperLayers: (first & 0x01) !== 0,
    end: 0,
    pictureIdOffset: -1,
    tl0PicIdxOffset: -1,
  };
  if ((first & 0x80) !== 0) {
    view.pictureIdOffset = reader.offset;
    const high = reader.u8();
    view.longPictureId = (high & 0x80) !== 0;
    view.pictureId = view.longPictureId ? ((high & 0x7f) << 8) | reader.u8() : high;
  }
  if ((first & 0x20) !== 0) {
    const indices = reader.u8();
    if (!flexible) view.tl0PicIdxOffset = reader.offset;
    view.layer = {
      temporalId: indices >>> 5,
      switchingUpPoint: (indices & 0x10) !== 0,
      spatialId: (indices >>> 1) & 7,
      interLayer: (indices & 1) !== 0,
      ...(!flexible && { tl0PicIdx: reader.u8() }),
    };
  }
  if (flexible && interPicture) {
    const diffs: number[] = [];
    for (let more = true; more && !reader.failed; ) {
      // A fourth one is not allowed (RFC 9628 §4.2).
      if (diffs.length === MAX_REFERENCES) return MALFORMED;
      const byte = reader.u8();
      diffs.push(byte >>> 1);
      more = (byte & 1) !== 0;
    }
    view.referenceDiffs = diffs;
  }
  if ((first & 0x02) !== 0) view.scalability = decodeScalability(reader);
  if (reader.failed || reader.remaining === 0) return MALFORMED;
  view.end = reader.offset;
  return view;
}

/**
 * Writes a descriptor at `buffer[offset...]` and returns its length. Throws RtpError (`RTP_BAD_FRAME`) on fields that do not fit
 * or do not go together.
 */
export function writeVp9Descriptor(buffer: Uint8Array, offset: number, descriptor: Vp9Descriptor): number {
  const {
    pictureId,
    longPictureId = true,
    layer,
    flexible,
    interPicture,
    referenceDiffs = [],
    scalability,
  } = descriptor;
  check('pictureId', pictureId, longPictureId ? 0x7fff : 0x7f);
  check('temporalId', layer?.temporalId, 7);
  check('spatialId', layer?.spatialId, 7);
  check('tl0PicIdx', layer?.tl0PicIdx, 0xff);
  for (const diff of referenceDiffs) check('reference difference', diff, 0x7f);
  const references = flexible && interPicture;
  if (references ? referenceDiffs.length < 1 || referenceDiffs.length > MAX_REFERENCES : referenceDiffs.length > 0)
    throw new RtpError('RTP_BAD_FRAME', `VP9 with ${referenceDiffs.length} references in this mode`);
  let at = offset;
  buffer[at++] =
    (pictureId === undefined ? 0 : 0x80) |
    (interPicture ? 0x40 : 0) |
    (layer === undefined ? 0 : 0x20) |
    (flexible ? 0x10 : 0) |
    (descriptor.startOfFrame ? 0x08 : 0) |
    (descriptor.endOfFrame ? 0x04 : 0) |
    (scalability === undefined ? 0 : 0x02) |
    (descriptor.notForUpperLayers ? 0x01 : 0);
  if (pictureId !== undefined) {
    if (longPictureId) buffer[at++] = 0x80 | (pictureId >>> 8);
    buffer[at++] = pictureId;
  }
  if (layer !== undefined) {
    buffer[at++] =
      (layer.temporalId << 5) |
      (layer.switchingUpPoint ? 0x10 : 0) |
      (layer.spatialId << 1) |
      (layer.interLayer ? 1 : 0);
    if (!flexible) buffer[at++] = layer.tl0PicIdx ?? 0;
  }
  referenceDiffs.forEach((diff, i) => {
    buffer[at++] = (diff << 1) | (i < referenceDiffs.length - 1 ? 1 : 0);
  });
  if (scalability !== undefined) at += writeScalability(buffer, at, scalability);
  return at - offset;
}

function check(name: string, value: number | undefined, max: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= 0 && value <= max))
    throw new RtpError('RTP_BAD_FRAME', `VP9 ${name} ${value} is not a whole number from 0 to ${max}`);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const MAX_REFERENCES = 3;
