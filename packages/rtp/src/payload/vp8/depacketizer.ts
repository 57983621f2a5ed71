import { isMalformed } from '@kaon/wire';
import { type FrameBuffer, VideoDepacketizer, type VideoFormat } from '../video.ts';
import { decodeVp8Descriptor, vp8DescriptorLength } from './descriptor.ts';
import { isVp8Frame, isVp8KeyFrame } from './frame.ts';
import type { Vp8Metadata } from './packetizer.ts';

/** VP8 (RFC 7741): puts the partitions of a frame together again. */
export function createVp8Depacketizer(): VideoDepacketizer<Vp8Metadata> {
  return new VideoDepacketizer(new Vp8Format());
}

/** Whether the payload in `bytes[start, end)` is the first of a key frame. For relays, which need no more. */
export function isVp8KeyFrameStart(bytes: Uint8Array, start: number, end: number): boolean {
  const length = vp8DescriptorLength(bytes, start, end);
  return length > 0 && beginsFrame(bytes, start) && isVp8KeyFrame(bytes, start + length, end);
}

class Vp8Format implements VideoFormat<Vp8Metadata> {
  #metadata: Vp8Metadata = { nonReference: false };

  begins(bytes: Uint8Array, start: number): boolean {
    return beginsFrame(bytes, start);
  }

  append(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number, first: boolean): boolean {
    const length = vp8DescriptorLength(bytes, start, end);
    if (length === 0) return false;
    if (first) {
      const descriptor = decodeVp8Descriptor(bytes, start, end);
      if (isMalformed(descriptor) || !beginsFrame(bytes, start)) return false;
      this.#metadata = metadataOf(descriptor);
    } else if (beginsFrame(bytes, start)) return false;
    frame.append(bytes, start + length, end);
    return true;
  }

  finish(frame: FrameBuffer): { keyFrame: boolean; metadata: Vp8Metadata } | undefined {
    const { bytes } = frame;
    return isVp8Frame(bytes) ? { keyFrame: isVp8KeyFrame(bytes), metadata: this.#metadata } : undefined;
  }
}

function metadataOf(descriptor: Vp8Metadata): Vp8Metadata {
  const { nonReference, pictureId, longPictureId, tl0PicIdx, temporalId, layerSync, keyIdx } = descriptor;
  return {
    nonReference,
    ...(pictureId !== undefined && { pictureId, longPictureId }),
    ...(tl0PicIdx !== undefined && { tl0PicIdx }),
    ...(temporalId !== undefined && { temporalId, layerSync }),
    ...(keyIdx !== undefined && { keyIdx }),
  };
}

/** S set and PID zero (RFC 7741 §4.2). */
function beginsFrame(bytes: Uint8Array, start: number): boolean {
  return (bytes[start]! & 0x17) === 0x10;
}
