import { Deque } from '@kaon/wire';
import { RtpError } from '../errors.ts';
import { Memory } from '../memory.ts';
import type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer, RtpPacketView } from './types.ts';

/**
 * Units of the RTP clock that the payload in `bytes[start, end)` lasts, or -1 when it is not of the codec.
 */
export type AudioDuration = (bytes: Uint8Array, start: number, end: number) => number;

/** What frames of audio say beyond their bytes. */
export interface AudioMetadata {
  /** In units of the RTP clock. */
  readonly duration: number;
}

/** Audio whose frames are payloads as they are, one frame to a packet. */
export class AudioPacketizer implements Packetizer {
  readonly #duration: AudioDuration;
  readonly #name: string;
  #data: Uint8Array | undefined;

  /** `name` stands in errors. */
  constructor(name: string, duration: AudioDuration) {
    this.#name = name;
    this.#duration = duration;
  }

  start({ data }: EncodedFrame, maxPayloadSize: number): void {
    this.#data = undefined;
    if (this.#duration(data, 0, data.length) < 0)
      throw new RtpError('RTP_BAD_FRAME', `${data.length} bytes are no ${this.#name} frame`);
    if (data.length > maxPayloadSize)
      throw new RtpError('RTP_BAD_FRAME', `a ${this.#name} frame of ${data.length} bytes does not fit one packet`);
    this.#data = data;
  }

  next(buffer: Uint8Array, offset: number): number {
    const data = this.#data;
    if (data === undefined) return 0;
    buffer.set(data, offset);
    this.#data = undefined;
    return data.length;
  }

  get isLast(): boolean {
    return this.#data === undefined;
  }
}

/** Audio whose payloads are frames as they are. At most `MAX_WAITING` frames wait for `poll`; older ones are given up. */
export class AudioDepacketizer<M extends AudioMetadata = AudioMetadata> implements Depacketizer {
  readonly #duration: AudioDuration;
  readonly #metadata: (bytes: Uint8Array, duration: number) => M;
  readonly #frames = new Deque<EncodedFrame>();
  readonly #memory = new Memory();
  readonly #counters = { packets: 0, frames: 0, malformed: 0, incomplete: 0 };

  constructor(duration: AudioDuration, metadata: (bytes: Uint8Array, duration: number) => M) {
    this.#duration = duration;
    this.#metadata = metadata;
  }

  push(packet: RtpPacketView): void {
    this.#counters.packets++;
    const { bytes, payloadOffset, payloadEnd } = packet;
    // Packets of padding carry no audio.
    if (payloadOffset === payloadEnd) return;
    const duration = this.#duration(bytes, payloadOffset, payloadEnd);
    if (duration < 0) {
      this.#counters.malformed++;
      return;
    }
    if (this.#frames.length === MAX_WAITING) {
      this.#frames.shift();
      this.#counters.incomplete++;
      this.#counters.frames--;
    }
    const data = this.#memory.allocate(payloadEnd - payloadOffset);
    data.set(bytes.subarray(payloadOffset, payloadEnd));
    this.#frames.push({ data, timestamp: packet.timestamp, keyFrame: true, metadata: this.#metadata(data, duration) });
    this.#counters.frames++;
  }

  poll(): (EncodedFrame & { readonly metadata: M }) | undefined {
    return this.#frames.shift() as (EncodedFrame & { readonly metadata: M }) | undefined;
  }

  /** Counts on: the same object each time. */
  get counters(): DepacketizerCounters {
    return this.#counters;
  }
}

/** Frames that wait at most: seconds of audio, for a caller who polls late. */
const MAX_WAITING = 128;
