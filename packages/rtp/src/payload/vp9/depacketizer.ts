import { isMalformed } from '@kaon/wire';
import { type FrameBuffer, VideoDepacketizer, type VideoFormat } from '../video.ts';
import { decodeVp9Descriptor, type Vp9DescriptorView } from './descriptor.ts';
import type { Vp9LayerFrame, Vp9Metadata } from './metadata.ts';

/** VP9 (RFC 9628): puts pictures together, all spatial layers that come of each one behind the other. */
export function createVp9Depacketizer(): VideoDepacketizer<Vp9Metadata> {
  return new VideoDepacketizer(new Vp9Format());
}

/** Whether the payload in `bytes[start, end)` is the first of a key picture. For relays, which need no more. */
export function isVp9KeyFrameStart(bytes: Uint8Array, start: number, end: number): boolean {
  // I P L F B E V Z: begins a frame, which refers to no earlier picture.
  if (start >= end || (bytes[start]! & 0x48) !== 0x08) return false;
  const descriptor = decodeVp9Descriptor(bytes, start, end);
  return !isMalformed(descriptor) && beginsPicture(descriptor);
}

class Vp9Format implements VideoFormat<Vp9Metadata> {
  #first: Vp9DescriptorView | undefined;
  #frames: Vp9LayerFrame[] = [];
  /** The frame of a layer that has begun and not ended. */
  #open: Vp9DescriptorView | undefined;
  #openedAt = 0;

  begins(bytes: Uint8Array, start: number, end: number): boolean {
    const descriptor = decodeVp9Descriptor(bytes, start, end);
    return !isMalformed(descriptor) && beginsPicture(descriptor);
  }

  append(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number, first: boolean): boolean {
    const descriptor = decodeVp9Descriptor(bytes, start, end);
    if (isMalformed(descriptor)) return false;
    if (first) {
      this.#first = descriptor;
      this.#frames = [];
      this.#open = undefined;
    }
    if (descriptor.startOfFrame !== (this.#open === undefined)) return false;
    if (descriptor.startOfFrame) {
      if (this.#frames.length >= MAX_FRAMES) return false;
      this.#open = descriptor;
      this.#openedAt = frame.length;
    }
    frame.append(bytes, descriptor.end, end);
    if (descriptor.endOfFrame) this.#close(frame.length - this.#openedAt);
    return true;
  }

  finish(): { keyFrame: boolean; metadata: Vp9Metadata } | undefined {
    const first = this.#first;
    if (first === undefined || this.#open !== undefined) return undefined;
    const { flexible, pictureId, longPictureId, scalability } = first;
    const keyFrame = !first.interPicture && beginsPicture(first);
    const metadata = {
      flexible,
      frames: this.#frames,
      ...(pictureId !== undefined && { pictureId, longPictureId }),
      ...(scalability !== undefined && { scalability }),
    };
    return { keyFrame, metadata };
  }

  #close(length: number): void {
    const { interPicture, notForUpperLayers, layer, referenceDiffs } = this.#open!;
    this.#open = undefined;
    this.#frames.push({
      ...{ length, interPicture, notForUpperLayers },
      ...(layer !== undefined && { layer }),
      ...(referenceDiffs !== undefined && { referenceDiffs }),
    });
  }
}

/** The first payload of the lowest layer. A relay may send no lower one than it chose, but then it is told as the lowest. */
function beginsPicture({ startOfFrame, layer }: Vp9DescriptorView): boolean {
  return startOfFrame && (layer === undefined || layer.spatialId === 0 || !layer.interLayer);
}

/** Spatial layers of a picture. */
const MAX_FRAMES = 8;
