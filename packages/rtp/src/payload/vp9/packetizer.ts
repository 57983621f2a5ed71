import { RtpError } from '../../errors.ts';
import type { EncodedFrame, Packetizer } from '../types.ts';
import { evenPart } from '../video.ts';
import { type Vp9Descriptor, writeVp9Descriptor } from './descriptor.ts';
import { readVp9Frame } from './frame.ts';
import type { Vp9LayerFrame, Vp9Metadata } from './metadata.ts';
import { scalabilityLength } from './scalability.ts';

/** How VP9 is cut. */
export interface Vp9PacketizerOptions {
  /** Picture id (15 bits) of the first picture that brings none itself; each further one counts one up. Default: none is sent. */
  readonly pictureId?: number | undefined;
}

/**
 * VP9 (RFC 9628): pictures of one frame, or of one for each spatial layer as `metadata` says (`Vp9Metadata`). Frames are cut into
 * parts of even size, and no payload has parts of two. The scalability structure goes with the first payload of its picture.
 */
export function createVp9Packetizer(options: Vp9PacketizerOptions = {}): Packetizer {
  return new Vp9Packetizer(options);
}

class Vp9Packetizer implements Packetizer {
  #pictureId: number | undefined;
  #metadata: Vp9Metadata = NOTHING;
  #currentId: number | undefined;
  #data: Uint8Array = EMPTY;
  #room = 0;
  /** Index of the frame that comes next, and where it begins. */
  #frame = 0;
  #at = 0;
  #parts = 0;
  #part = 0;

  constructor({ pictureId }: Vp9PacketizerOptions) {
    if (pictureId !== undefined && !(Number.isInteger(pictureId) && pictureId >= 0 && pictureId <= 0x7fff))
      throw new RtpError('RTP_BAD_OPTION', `pictureId ${pictureId} is not a whole number from 0 to 32767`);
    this.#pictureId = pictureId;
  }

  start({ data, metadata }: EncodedFrame, maxPayloadSize: number): void {
    this.#metadata = NOTHING;
    this.#frame = 0;
    this.#parts = 0;
    const header = readVp9Frame(data);
    if (header === undefined) throw new RtpError('RTP_BAD_FRAME', `${data.length} bytes are no VP9 frame`);
    const given = metadata as Partial<Vp9Metadata> | undefined;
    const frames = given?.frames ?? [{ length: data.length, interPicture: !header.keyFrame, notForUpperLayers: true }];
    if (frames.length === 0 || frames.some(({ length }) => length < 1) || sum(frames) !== data.length)
      throw new RtpError('RTP_BAD_FRAME', `the frames of a VP9 picture do not make up its ${data.length} bytes`);
    const picture: Vp9Metadata = { flexible: false, ...given, frames };
    const pictureId = given?.pictureId ?? this.#pictureId;
    // Writes every descriptor once, so that one that cannot be written is told before anything is sent.
    let longest = 0;
    for (const frame of frames)
      longest = Math.max(longest, writeVp9Descriptor(SCRATCH, 0, this.#descriptor(picture, pictureId, frame)));
    longest += picture.scalability === undefined ? 0 : scalabilityLength(picture.scalability);
    if (!(maxPayloadSize > longest))
      throw new RtpError('RTP_BAD_OPTION', `${maxPayloadSize} bytes are too few for a payload of VP9`);
    if (this.#pictureId !== undefined) this.#pictureId = ((pictureId ?? 0) + 1) & 0x7fff;
    this.#currentId = pictureId;
    this.#metadata = picture;
    this.#data = data;
    this.#room = maxPayloadSize - longest;
    this.#at = 0;
  }

  next(buffer: Uint8Array, offset: number): number {
    const frame = this.#metadata.frames[this.#frame];
    if (frame === undefined) {
      this.#data = EMPTY;
      return 0;
    }
    if (this.#parts === 0) {
      this.#parts = Math.ceil(frame.length / this.#room);
      this.#part = 0;
    }
    const isFirst = this.#part === 0;
    const isLast = this.#part === this.#parts - 1;
    const { scalability } = this.#metadata;
    const length = writeVp9Descriptor(buffer, offset, {
      ...this.#descriptor(this.#metadata, this.#currentId, frame),
      startOfFrame: isFirst,
      endOfFrame: isLast,
      ...(isFirst && this.#frame === 0 && scalability !== undefined && { scalability }),
    });
    const part = evenPart(frame.length, this.#parts, this.#part++);
    buffer.set(this.#data.subarray(this.#at, this.#at + part), offset + length);
    this.#at += part;
    if (isLast) {
      this.#parts = 0;
      this.#frame++;
    }
    return length + part;
  }

  get isLast(): boolean {
    return this.#frame >= this.#metadata.frames.length;
  }

  /** That of a payload in the middle of the frame. */
  #descriptor(picture: Vp9Metadata, pictureId: number | undefined, frame: Vp9LayerFrame): Vp9Descriptor {
    const { flexible, longPictureId } = picture;
    const { interPicture, notForUpperLayers, layer, referenceDiffs } = frame;
    return {
      ...{ startOfFrame: false, endOfFrame: false, flexible, interPicture, notForUpperLayers },
      ...{ pictureId, longPictureId, layer, referenceDiffs },
    };
  }
}

function sum(frames: readonly Vp9LayerFrame[]): number {
  return frames.reduce((total, { length }) => total + length, 0);
}

const NOTHING: Vp9Metadata = { flexible: false, frames: [] };
const EMPTY = new Uint8Array(0);
const SCRATCH = new Uint8Array(16);
