import { RtpError } from '../../errors.ts';
import type { EncodedFrame, Packetizer } from '../types.ts';
import { evenPart } from '../video.ts';
import { type Vp8Descriptor, writeVp8Descriptor } from './descriptor.ts';
import { isVp8Frame } from './frame.ts';

/** What a VP8 frame says beyond its bytes: its descriptor, without what belongs to a payload. */
export type Vp8Metadata = Omit<Vp8Descriptor, 'startOfPartition' | 'partitionId'>;

/** How VP8 is cut. */
export interface Vp8PacketizerOptions {
  /** Picture id (15 bits) of the first frame that brings none itself; each further frame counts one up. Default: none is sent. */
  readonly pictureId?: number | undefined;
}

/** VP8 (RFC 7741): frames are cut into parts of even size; what `metadata` of a frame says goes into its descriptor. */
export function createVp8Packetizer(options: Vp8PacketizerOptions = {}): Packetizer {
  return new Vp8Packetizer(options);
}

class Vp8Packetizer implements Packetizer {
  #pictureId: number | undefined;
  readonly #descriptor = new Uint8Array(MAX_DESCRIPTOR);
  #descriptorLength = 0;
  #data: Uint8Array = EMPTY;
  #count = 0;
  #index = 0;
  #at = 0;

  constructor({ pictureId }: Vp8PacketizerOptions) {
    if (pictureId !== undefined && !(Number.isInteger(pictureId) && pictureId >= 0 && pictureId <= 0x7fff))
      throw new RtpError('RTP_BAD_OPTION', `pictureId ${pictureId} is not a whole number from 0 to 32767`);
    this.#pictureId = pictureId;
  }

  start({ data, metadata }: EncodedFrame, maxPayloadSize: number): void {
    this.#count = 0;
    if (!isVp8Frame(data)) throw new RtpError('RTP_BAD_FRAME', `${data.length} bytes are no VP8 frame`);
    const given = (metadata ?? {}) as Partial<Vp8Metadata>;
    const descriptor = { nonReference: false, ...given, startOfPartition: true, partitionId: 0 };
    const pictureId = given.pictureId ?? this.#pictureId;
    const length = writeVp8Descriptor(this.#descriptor, 0, { ...descriptor, pictureId });
    const room = maxPayloadSize - length;
    if (!(room >= 1)) throw new RtpError('RTP_BAD_OPTION', `${maxPayloadSize} bytes are too few for a payload of VP8`);
    if (this.#pictureId !== undefined) this.#pictureId = ((given.pictureId ?? this.#pictureId) + 1) & 0x7fff;
    this.#descriptorLength = length;
    this.#data = data;
    this.#count = Math.ceil(data.length / room);
    this.#index = 0;
    this.#at = 0;
  }

  next(buffer: Uint8Array, offset: number): number {
    if (this.#index >= this.#count) {
      this.#data = EMPTY;
      return 0;
    }
    const part = evenPart(this.#data.length, this.#count, this.#index);
    for (let i = 0; i < this.#descriptorLength; i++) buffer[offset + i] = this.#descriptor[i]!;
    if (this.#index > 0) buffer[offset]! &= ~START_OF_PARTITION;
    buffer.set(this.#data.subarray(this.#at, this.#at + part), offset + this.#descriptorLength);
    this.#at += part;
    this.#index++;
    return this.#descriptorLength + part;
  }

  get isLast(): boolean {
    return this.#index >= this.#count;
  }
}

const MAX_DESCRIPTOR = 6;
const START_OF_PARTITION = 0x10;
const EMPTY = new Uint8Array(0);
