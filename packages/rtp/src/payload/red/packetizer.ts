import type { EncodedFrame } from '@kaon/interface/rtp/v1';
import { Deque } from '@kaon/wire';
import { RtpError } from '../../errors.ts';
import type { Packetizer } from '../types.ts';
import { MAX_BLOCK_LENGTH, MAX_TIMESTAMP_OFFSET, REDUNDANT_HEADER_SIZE, type RedBlock, writeRed } from './blocks.ts';

/** What a RED packetizer may be told. */
export interface RedPacketizerOptions {
  /** Payload type of the codec inside, which is in each block's header: that of Opus. */
  readonly payloadType: number;
  /** How many earlier frames each packet repeats, 0 to 9. Default 1. */
  readonly distance?: number | undefined;
}

/**
 * A packetizer of audio with redundancy (RFC 2198): each payload has the frame and those before it. Earlier frames are left
 * out, the oldest first, when they are too old or too long for their header, empty, or the payload would become too large.
 * Throws RtpError (`RTP_BAD_OPTION`) for options out of their range.
 */
export function createRedPacketizer(options: RedPacketizerOptions): Packetizer {
  return new RedPacketizer(options);
}

class RedPacketizer implements Packetizer {
  readonly #payloadType: number;
  readonly #distance: number;
  readonly #earlier = new Deque<{ timestamp: number; data: Uint8Array }>();
  #blocks: RedBlock[] = [];
  #isLast = false;

  constructor({ payloadType, distance = 1 }: RedPacketizerOptions) {
    if (!Number.isInteger(distance) || distance < 0 || distance > MAX_DISTANCE) {
      throw new RtpError('RTP_BAD_OPTION', `distance ${distance} is not a whole number from 0 to ${MAX_DISTANCE}`);
    }
    if (!Number.isInteger(payloadType) || payloadType < 0 || payloadType > 127) {
      throw new RtpError('RTP_BAD_OPTION', `payloadType ${payloadType} is not a whole number from 0 to 127`);
    }
    this.#payloadType = payloadType;
    this.#distance = distance;
  }

  get isLast(): boolean {
    return this.#isLast;
  }

  start(frame: EncodedFrame, maxPayloadSize: number): void {
    const payloadType = this.#payloadType;
    let room = maxPayloadSize - 1 - frame.data.length;
    if (room < 0) throw new RtpError('RTP_BAD_FRAME', `a frame of ${frame.data.length} bytes does not fit a payload`);
    this.#blocks = [{ payloadType, timestampOffset: 0, data: frame.data }];
    for (let i = this.#earlier.length - 1; i >= 0; i--) {
      const { timestamp, data } = this.#earlier.at(i)!;
      const timestampOffset = (frame.timestamp - timestamp) >>> 0;
      room -= REDUNDANT_HEADER_SIZE + data.length;
      // Older ones are farther away still.
      if (timestampOffset > MAX_TIMESTAMP_OFFSET || room < 0) break;
      this.#blocks.unshift({ payloadType, timestampOffset, data });
    }
    this.#keep(frame);
    this.#isLast = false;
  }

  next(buffer: Uint8Array, offset: number): number {
    if (this.#blocks.length === 0) return 0;
    const length = writeRed(buffer, offset, this.#blocks);
    this.#blocks = [];
    this.#isLast = true;
    return length;
  }

  #keep({ timestamp, data }: EncodedFrame): void {
    if (this.#distance === 0 || data.length === 0 || data.length > MAX_BLOCK_LENGTH) return;
    if (this.#earlier.length === this.#distance) this.#earlier.shift();
    // A copy: the frame's bytes are the caller's again when the frame is through.
    this.#earlier.push({ timestamp, data: data.slice() });
  }
}

const MAX_DISTANCE = 9;
