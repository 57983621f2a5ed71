import { type Reader, writeU16 } from '@kaon/wire';
import { RtpError } from '../../errors.ts';

/**
 * The layers of a stream and how its pictures depend on each other (RFC 9628 §4.2.1).
 *
 * ```
 *      +-+-+-+-+-+-+-+-+
 * V:   | N_S |Y|G|-|-|-|
 *      +-+-+-+-+-+-+-+-+              -\
 * Y:   |     WIDTH     |               .
 *      +               +               .
 *      |               |               .
 *      +-+-+-+-+-+-+-+-+               . N_S + 1 times
 *      |     HEIGHT    |               .
 *      +               +               .
 *      |               |               .
 *      +-+-+-+-+-+-+-+-+              -/
 * G:   |      N_G      |
 *      +-+-+-+-+-+-+-+-+                            -\
 * N_G: | TID |U| R |-|-|                             .
 *      +-+-+-+-+-+-+-+-+              -\             . N_G times
 *      |    P_DIFF     |               . R times     .
 *      +-+-+-+-+-+-+-+-+              -/            -/
 * ```
 */
export interface Vp9ScalabilityStructure {
  /** 1 to 8. */
  readonly spatialLayers: number;
  /** Size of each spatial layer in pixels, the lowest first; undefined where it is not told. */
  readonly resolutions?: readonly { readonly width: number; readonly height: number }[] | undefined;
  /** The pictures of a group, which repeats; undefined where it is not told. */
  readonly pictureGroup?: readonly Vp9GroupPicture[] | undefined;
}

/** One picture of a group. */
export interface Vp9GroupPicture {
  /** 0 to 7. */
  readonly temporalId: number;
  readonly switchingUpPoint: boolean;
  /** How many pictures back each referenced one is, 0 to 255; up to 3. */
  readonly referenceDiffs: readonly number[];
}

/** Reads a structure; a reader that has failed behind it has read nonsense. */
export function decodeScalability(reader: Reader): Vp9ScalabilityStructure {
  const first = reader.u8();
  const spatialLayers = (first >>> 5) + 1;
  const resolutions =
    (first & 0x10) === 0
      ? undefined
      : Array.from({ length: spatialLayers }, () => ({ width: reader.u16(), height: reader.u16() }));
  const pictureGroup = (first & 0x08) === 0 ? undefined : readGroup(reader);
  return {
    spatialLayers,
    ...(resolutions !== undefined && { resolutions }),
    ...(pictureGroup !== undefined && { pictureGroup }),
  };
}

/** Writes a structure and returns its length. Throws RtpError (`RTP_BAD_FRAME`) on fields that do not fit. */
export function writeScalability(buffer: Uint8Array, offset: number, structure: Vp9ScalabilityStructure): number {
  const { spatialLayers, resolutions, pictureGroup } = structure;
  const fits =
    Number.isInteger(spatialLayers) &&
    spatialLayers >= 1 &&
    spatialLayers <= 8 &&
    (resolutions === undefined || resolutions.length === spatialLayers) &&
    (pictureGroup === undefined ||
      (pictureGroup.length <= 255 && pictureGroup.every(({ referenceDiffs }) => referenceDiffs.length <= 3)));
  if (!fits) throw new RtpError('RTP_BAD_FRAME', 'a scalability structure of VP9 whose parts do not go together');
  let at = offset;
  buffer[at++] =
    ((spatialLayers - 1) << 5) | (resolutions === undefined ? 0 : 0x10) | (pictureGroup === undefined ? 0 : 0x08);
  for (const { width, height } of resolutions ?? []) {
    writeU16(buffer, at, width);
    writeU16(buffer, at + 2, height);
    at += 4;
  }
  if (pictureGroup !== undefined) buffer[at++] = pictureGroup.length;
  for (const { temporalId, switchingUpPoint, referenceDiffs } of pictureGroup ?? []) {
    buffer[at++] = (temporalId << 5) | (switchingUpPoint ? 0x10 : 0) | (referenceDiffs.length << 2);
    for (const diff of referenceDiffs) buffer[at++] = diff;
  }
  return at - offset;
}

/** Bytes that `writeScalability` writes. */
export function scalabilityLength({ resolutions, pictureGroup }: Vp9ScalabilityStructure): number {
  const group = pictureGroup?.reduce((sum, { referenceDiffs }) => sum + 1 + referenceDiffs.length, 1) ?? 0;
  return 1 + 4 * (resolutions?.length ?? 0) + group;
}

function readGroup(reader: Reader): Vp9GroupPicture[] {
  const count = reader.u8();
  const pictures: Vp9GroupPicture[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const first = reader.u8();
    pictures.push({
      temporalId: first >>> 5,
      switchingUpPoint: (first & 0x10) !== 0,
      referenceDiffs: Array.from({ length: (first >>> 2) & 3 }, () => reader.u8()),
    });
  }
  return pictures;
}
