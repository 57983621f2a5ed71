import type { Instant } from '@kaon/interface/core/v1';
import type { EncodedFrame, RtpPacketView } from '@kaon/interface/rtp/v1';
import { TimestampUnwrapper } from '@kaon/rtp';
import { createDepacketizer, type Depacketizer, startsKeyFrame } from '@kaon/rtp/payload';
import { distance16 } from '@kaon/wire';
import { parametersOf } from '../../codecs/match.ts';
import type { CodecParameters } from '../negotiated.ts';

/** What came of the packets of one stream. */
export interface AssemblyCounters {
  frames: number;
  keyFrames: number;
  /** Whole, but in need of a frame that was lost. */
  undecodable: number;
  incomplete: number;
  malformed: number;
}

/** Puts the frames of one stream together, and leaves out those of video that cannot be decoded. */
export class FrameAssembly {
  readonly counters: AssemblyCounters = { frames: 0, keyFrames: 0, undecodable: 0, incomplete: 0, malformed: 0 };
  readonly #isVideo: boolean;
  readonly #timestamps = new TimestampUnwrapper();
  #first: number | undefined = undefined;
  /** By payload type: tones and comfort noise come between packets of speech. */
  readonly #depacketizers: (Depacketizer | null | undefined)[] = [];
  #codec: CodecParameters | undefined = undefined;
  #depacketizer: Depacketizer | undefined = undefined;
  #lastSequence = -1;
  #incompleteBefore = 0;
  /** Whether what comes needs a key frame first. */
  #broken: boolean;
  /** Whether the key frame has to be asked for: it is not the one that is coming. */
  #wanting = false;
  #requestedAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(kind: 'audio' | 'video') {
    this.#isVideo = kind === 'video';
    this.#broken = this.#isVideo;
  }

  /** Takes the next packet; one that comes behind its successors is too late. A codec without a payload format gives no frames. */
  push(packet: RtpPacketView, codec: CodecParameters): void {
    const { sequenceNumber } = packet;
    if (this.#lastSequence >= 0 && distance16(this.#lastSequence, sequenceNumber) <= 0) return;
    this.#lastSequence = sequenceNumber;
    if (codec !== this.#codec) {
      this.#change(codec);
      // Whoever joins in the middle has nothing to wait for.
      if (this.#broken && !startsKeyFrame(codec.mimeType, packet)) this.#wanting = true;
    }
    const depacketizer = this.#depacketizer;
    if (depacketizer === undefined) return;
    const { malformed, incomplete } = depacketizer.counters;
    depacketizer.push(packet);
    const after = depacketizer.counters;
    this.counters.malformed += after.malformed - malformed;
    this.counters.incomplete += after.incomplete - incomplete;
  }

  poll(): EncodedFrame | undefined {
    const depacketizer = this.#depacketizer;
    for (let frame = depacketizer?.poll(); frame !== undefined; frame = depacketizer?.poll()) {
      this.counters.frames++;
      if (!this.#isVideo) return frame;
      if (frame.keyFrame) {
        this.counters.keyFrames++;
        this.#broken = false;
        this.#wanting = false;
        this.#incompleteBefore = this.counters.incomplete;
        return frame;
      }
      if (this.counters.incomplete > this.#incompleteBefore) this.#broken = true;
      if (!this.#broken) return frame;
      this.counters.undecodable++;
      this.#wanting = true;
    }
    if (this.#isVideo && this.counters.incomplete > this.#incompleteBefore) {
      this.#broken = true;
      this.#wanting = true;
    }
    return undefined;
  }

  /** Whether a key frame has to be asked for now: nothing can be decoded, and the last request was a while ago. */
  keyFrameMissing(now: Instant): boolean {
    if (!this.#wanting || now - this.#requestedAt < KEY_FRAME_INTERVAL) return false;
    this.#requestedAt = now;
    return true;
  }

  /** Milliseconds since the first frame. */
  timeOf(timestamp: number, clockRate: number): number {
    const unwrapped = this.#timestamps.unwrap(timestamp);
    this.#first ??= unwrapped;
    return ((unwrapped - this.#first) * 1000) / clockRate;
  }

  #change(codec: CodecParameters): void {
    // What the format of another stands for is of no use to this one.
    if (this.#isVideo && this.#codec !== undefined && this.#codec.payloadType !== codec.payloadType)
      this.#broken = true;
    this.#codec = codec;
    let depacketizer = this.#depacketizers[codec.payloadType];
    if (depacketizer === undefined) {
      depacketizer = createDepacketizer(codec.mimeType, { parameters: parametersOf(codec) }) ?? null;
      this.#depacketizers[codec.payloadType] = depacketizer;
    }
    this.#depacketizer = depacketizer ?? undefined;
  }
}

/** Milliseconds between requests for a key frame that does not come. */
const KEY_FRAME_INTERVAL = 500;
