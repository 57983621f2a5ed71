import { Deque } from '@kaon/wire';
import { Memory } from '../memory.ts';
import type { Depacketizer, DepacketizerCounters, EncodedFrame, RtpPacketView } from './types.ts';

/** How a codec's payloads make frames. One for each depacketizer: it may keep what it needs from payload to payload. */
export interface VideoFormat<M> {
  /**
   * Whether a frame may begin with the payload in `bytes[start, end)`, looked at alone. Asked only where a packet before it is
   * missing; behind a whole frame the next payload begins one.
   */
  begins(bytes: Uint8Array, start: number, end: number): boolean;
  /** Adds the payload to the frame; false: it is malformed, and the frame is lost. `first` is that of its frame. */
  append(frame: FrameBuffer, bytes: Uint8Array, start: number, end: number, first: boolean): boolean;
  /** The frame is whole; undefined: it is not one after all. */
  finish(frame: FrameBuffer): { readonly keyFrame: boolean; readonly metadata: M } | undefined;
}

/**
 * Puts the packets of one timestamp together into a frame. A frame ends with the marker, or where a packet of another timestamp
 * follows without a gap; one with a gap in it is given up. Memory is bounded: `MAX_FRAME` bytes in a frame, `MAX_WAITING` frames.
 */
export class VideoDepacketizer<M = unknown> implements Depacketizer {
  readonly #format: VideoFormat<M>;
  readonly #frames = new Deque<EncodedFrame & { readonly metadata: M }>();
  readonly #frame = new FrameBuffer();
  #open = false;
  #timestamp = 0;
  /** Of the last packet; -1 before the first. */
  #sequenceNumber = -1;
  /** The rest of the frame with this timestamp is of no use; -1: there is none. */
  #abandoned = -1;
  #packets = 0;
  #given = 0;
  #malformed = 0;
  #incomplete = 0;

  constructor(format: VideoFormat<M>) {
    this.#format = format;
  }

  push(packet: RtpPacketView): void {
    this.#packets++;
    const { sequenceNumber, timestamp, bytes, payloadOffset, payloadEnd } = packet;
    const step = this.#sequenceNumber < 0 ? 0 : (sequenceNumber - this.#sequenceNumber) & 0xffff;
    // Old or seen before: what it belongs to is through. One from far back is of a sender that began anew.
    if (this.#sequenceNumber >= 0 && (step === 0 || step > 0x10000 - MAX_LATE)) return;
    const gap = step !== 1;
    this.#sequenceNumber = sequenceNumber;
    if (this.#open && gap) this.#giveUp();
    // Packets of padding carry no video.
    if (payloadOffset === payloadEnd) return;
    if (this.#open && timestamp !== this.#timestamp) this.#finish();
    if (!this.#open) {
      if (timestamp === this.#abandoned) return;
      this.#abandoned = -1;
      this.#timestamp = timestamp;
      if (gap && !this.#format.begins(bytes, payloadOffset, payloadEnd)) {
        this.#giveUp();
        return;
      }
    }
    const first = !this.#open;
    this.#open = true;
    if (!this.#format.append(this.#frame, bytes, payloadOffset, payloadEnd, first)) {
      this.#malformed++;
      this.#giveUp();
    } else if (this.#frame.length > MAX_FRAME) this.#giveUp();
    else if (packet.marker) this.#finish();
  }

  poll(): (EncodedFrame & { readonly metadata: M }) | undefined {
    return this.#frames.shift();
  }

  get counters(): DepacketizerCounters {
    return {
      packets: this.#packets,
      frames: this.#given,
      malformed: this.#malformed,
      incomplete: this.#incomplete,
    };
  }

  #finish(): void {
    this.#open = false;
    const end = this.#format.finish(this.#frame);
    const data = this.#frame.take();
    if (end === undefined || data.length === 0) {
      this.#incomplete++;
      return;
    }
    if (this.#frames.length === MAX_WAITING) {
      this.#frames.shift();
      this.#given--;
      this.#incomplete++;
    }
    this.#frames.push({ data, timestamp: this.#timestamp, ...end });
    this.#given++;
  }

  #giveUp(): void {
    this.#open = false;
    this.#abandoned = this.#timestamp;
    this.#frame.clear();
    this.#incomplete++;
  }
}

/** Bytes of a frame as it grows. */
export class FrameBuffer {
  readonly #memory = new Memory();
  #bytes: Uint8Array = new Uint8Array(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What is there so far, valid until the next `append`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const at = this.#grow(end - start);
    for (let i = start, j = at; end - start < 16 && i < end; i++, j++) this.#bytes[j] = bytes[i]!;
    if (end - start >= 16) this.#bytes.set(bytes.subarray(start, end), at);
  }

  appendByte(byte: number): void {
    // Two steps: growing replaces the buffer.
    const at = this.#grow(1);
    this.#bytes[at] = byte;
  }

  /** A copy of the whole, which is gone from here. */
  take(): Uint8Array {
    const whole = this.#memory.allocate(this.#length);
    whole.set(this.bytes);
    this.clear();
    return whole;
  }

  clear(): void {
    this.#length = 0;
    // One huge frame must not hold its memory for ever.
    if (this.#bytes.length > 1 << 20) this.#bytes = new Uint8Array(4096);
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return at;
  }
}

/**
 * How large each of the parts is into which `length` bytes are cut, when each has room for `room`: as even as can be, so that a
 * frame does not end in a packet of a few bytes. Part `index` of `count` has `evenPart(length, count, index)` bytes.
 */
export function evenPart(length: number, count: number, index: number): number {
  return Math.floor(((index + 1) * length) / count) - Math.floor((index * length) / count);
}

/** Bytes of a frame at most; a 4K key frame of good quality has about two million. A peer may make us keep as much for each stream. */
const MAX_FRAME = 4 << 20;
/** A packet this many numbers behind the last one is late. */
const MAX_LATE = 1000;
/** Frames that wait at most for a caller who polls late. */
const MAX_WAITING = 64;
