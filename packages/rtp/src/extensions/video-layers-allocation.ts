import { MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';
import { RtpError } from '../errors.ts';
import { checkValue } from './check.ts';

/**
 * What a sender spends on each layer of a video, for relays (libwebrtc, rtp-hdrext/video-layers-allocation00).
 *
 * ```
 * +-+-+-+-+-+-+-+-+
 * |RID| NS| sl_bm |   stream of this packet, streams - 1, mask of spatial layers when all streams have the same
 * |sl0_bm |sl1_bm |   otherwise a mask for each stream, up to two bytes
 * |#tl|#tl|#tl|#tl|   temporal layers - 1 of each spatial layer, padded to bytes
 * |  bitrates ... |   kbit/s of each temporal layer, leb128
 * | resolutions ..|   optional, for each spatial layer: width - 1, height - 1 (16 bits each), frames per second (8 bits)
 * +-+-+-+-+-+-+-+-+
 * ```
 *
 * One byte of zero says that nothing is sent.
 */
export interface VideoLayersAllocation {
  /** Index in `streams` of the stream that carries this; 0 when nothing is sent. */
  readonly streamIndex: number;
  /** RTP streams of the video, up to 4. Empty: nothing is sent. */
  readonly streams: readonly { readonly layers: readonly SpatialLayerAllocation[] }[];
}

/** One active spatial layer; in the order of `spatialId`. */
export interface SpatialLayerAllocation {
  /** 0 to 3. */
  readonly spatialId: number;
  /** Of each temporal layer, up to 4, in kbit/s with all that it depends on. */
  readonly bitrates: readonly number[];
  /** Every layer has one, or none has. */
  readonly resolution?: LayerResolution | undefined;
}

/** What a spatial layer looks like. */
export interface LayerResolution {
  /** Pixels, 1 to 65536. */
  readonly width: number;
  readonly height: number;
  /** Frames per second at most, 0 to 255. */
  readonly framerate: number;
}

/** Malformed when it is cut short, or carried by a stream that it does not have. What stands behind it is ignored. */
export function readVideoLayersAllocation(
  bytes: Uint8Array,
  offset: number,
  length: number,
): VideoLayersAllocation | Malformed {
  if (length < 1) return MALFORMED;
  const reader = new Reader(bytes, offset, offset + length);
  const first = reader.u8();
  if (length === 1 && first === 0) return { streamIndex: 0, streams: [] };
  const streamIndex = first >>> 6;
  const masks = readMasks(reader, first);
  const layers = masks.flatMap((mask) => SPATIAL_IDS.filter((id) => (mask & (1 << id)) !== 0));
  const counts = readTemporalCounts(reader, layers.length);
  const bitrates = counts.map((count) => Array.from({ length: count }, () => readLeb128(reader)));
  const resolutions = reader.remaining > 0 ? layers.map(() => readResolution(reader)) : [];
  if (reader.failed || streamIndex >= masks.length) return MALFORMED;
  let next = 0;
  const streams = masks.map((mask) => ({
    layers: SPATIAL_IDS.filter((id) => (mask & (1 << id)) !== 0).map((spatialId) => {
      const index = next++;
      const resolution = resolutions[index];
      const layer = { spatialId, bitrates: bitrates[index]! };
      return resolution === undefined ? layer : { ...layer, resolution };
    }),
  }));
  return { streamIndex, streams };
}

/** Writes the allocation and returns its length. Throws RtpError (`RTP_BAD_EXTENSION`) for what does not fit. */
export function writeVideoLayersAllocation(
  buffer: Uint8Array,
  offset: number,
  allocation: VideoLayersAllocation,
): number {
  const bytes = encode(allocation);
  buffer.set(bytes, offset);
  return bytes.length;
}

/** Bytes that `writeVideoLayersAllocation` writes: more than 16 take the two-byte form. */
export function videoLayersAllocationLength(allocation: VideoLayersAllocation): number {
  return encode(allocation).length;
}

function readMasks(reader: Reader, first: number): number[] {
  const count = ((first >>> 4) & 3) + 1;
  if ((first & 0x0f) !== 0) return Array.from({ length: count }, () => first & 0x0f);
  const packed = count <= 2 ? reader.u8() << 8 : reader.u16();
  return Array.from({ length: count }, (_, stream) => (packed >>> (12 - 4 * stream)) & 0x0f);
}

function readTemporalCounts(reader: Reader, layers: number): number[] {
  const packed = reader.view(Math.ceil(layers / 4));
  if (reader.failed) return [];
  return Array.from({ length: layers }, (_, layer) => ((packed[layer >>> 2]! >>> (6 - 2 * (layer & 3))) & 3) + 1);
}

function readResolution(reader: Reader): LayerResolution {
  return { width: reader.u16() + 1, height: reader.u16() + 1, framerate: reader.u8() };
}

/** AV1 specification §4.10.5; values above 32 bits fail the reader. */
function readLeb128(reader: Reader): number {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = reader.u8();
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (value > 0xffff_ffff) break;
      return value;
    }
  }
  reader.failed = true;
  return 0;
}

function encode({ streamIndex, streams }: VideoLayersAllocation): Uint8Array {
  checkValue('count of streams', streams.length, 0, 4);
  checkValue('stream index', streamIndex, 0, Math.max(0, streams.length - 1));
  if (streams.length === 0) return new Uint8Array(1);
  const writer = new Writer(64);
  const masks = streams.map(({ layers }) => maskOf(layers));
  const common = masks.every((mask) => mask === masks[0]) ? masks[0]! : 0;
  writer.u8((streamIndex << 6) | ((streams.length - 1) << 4) | common);
  if (common === 0) {
    writer.u8((masks[0]! << 4) | (masks[1] ?? 0));
    if (masks.length > 2) writer.u8((masks[2]! << 4) | (masks[3] ?? 0));
  }
  const layers = streams.flatMap((stream) => stream.layers);
  for (let i = 0; i < layers.length; i += 4) {
    let packed = 0;
    for (let j = 0; j < 4; j++) packed = (packed << 2) | ((layers[i + j]?.bitrates.length ?? 1) - 1);
    writer.u8(packed);
  }
  for (const bitrate of layers.flatMap((layer) => layer.bitrates)) writeLeb128(writer, bitrate);
  writeResolutions(writer, layers);
  if (writer.length > 255)
    throw new RtpError('RTP_BAD_EXTENSION', `an allocation of ${writer.length} bytes is too long`);
  return writer.finish();
}

function maskOf(layers: readonly SpatialLayerAllocation[]): number {
  let mask = 0;
  for (const { spatialId, bitrates } of layers) {
    checkValue('spatial id', spatialId, 0, 3);
    checkValue('count of temporal layers', bitrates.length, 1, 4);
    if (mask >= 1 << spatialId)
      throw new RtpError('RTP_BAD_EXTENSION', `spatial layer ${spatialId} is there twice or out of order`);
    mask |= 1 << spatialId;
  }
  return mask;
}

function writeLeb128(writer: Writer, value: number): void {
  checkValue('bitrate', value, 0, 0xffff_ffff);
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writer.u8(0x80 | (rest % 0x80));
  writer.u8(rest);
}

function writeResolutions(writer: Writer, layers: readonly SpatialLayerAllocation[]): void {
  if (!layers.some((layer) => layer.resolution !== undefined)) return;
  for (const { resolution } of layers) {
    if (resolution === undefined)
      throw new RtpError('RTP_BAD_EXTENSION', 'some layers have a resolution and some have none');
    checkValue('width', resolution.width, 1, 65_536);
    checkValue('height', resolution.height, 1, 65_536);
    checkValue('frame rate', resolution.framerate, 0, 255);
    writer
      .u16(resolution.width - 1)
      .u16(resolution.height - 1)
      .u8(resolution.framerate);
  }
}

const SPATIAL_IDS = [0, 1, 2, 3] as const;
