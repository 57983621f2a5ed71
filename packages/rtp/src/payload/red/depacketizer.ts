import type { EncodedFrame, RtpPacketView } from '@kaon/interface/rtp/v1';
import { Deque, distance16, distance32, isMalformed } from '@kaon/wire';
import type { Depacketizer, DepacketizerCounters } from '../types.ts';
import { decodeRed } from './blocks.ts';

/** What a RED depacketizer may be told. */
export interface RedDepacketizerOptions {
  /**
   * Payload type of RED. When it is given, packets with another one are taken as plain frames of the codec: senders go over to
   * RED and back within a stream. By default all packets are RED.
   */
  readonly redPayloadType?: number | undefined;
}

/**
 * Takes redundant audio (RFC 2198) apart. Each frame is given once: redundant blocks count only where packets are missing.
 * `incomplete` counts the missing packets that no redundancy made good.
 */
export function createRedDepacketizer(options: RedDepacketizerOptions = {}): Depacketizer {
  return new RedDepacketizer(options);
}

class RedDepacketizer implements Depacketizer {
  readonly #redPayloadType: number | undefined;
  readonly #frames = new Deque<EncodedFrame>();
  readonly #counters = { packets: 0, frames: 0, malformed: 0, incomplete: 0 };
  #sequenceNumber = -1;
  #timestamp = 0;

  constructor({ redPayloadType }: RedDepacketizerOptions) {
    this.#redPayloadType = redPayloadType;
  }

  get counters(): DepacketizerCounters {
    return this.#counters;
  }

  push(packet: RtpPacketView): void {
    this.#counters.packets++;
    const step = this.#sequenceNumber < 0 ? 1 : distance16(this.#sequenceNumber, packet.sequenceNumber);
    // What comes late or twice has been given, or been made good, or given up.
    if (step <= 0) return;
    const isFirst = this.#sequenceNumber < 0;
    this.#sequenceNumber = packet.sequenceNumber;
    const { bytes, payloadOffset, payloadEnd, timestamp } = packet;
    let missing = step - 1;
    if (this.#redPayloadType !== undefined && packet.payloadType !== this.#redPayloadType) {
      if (isFirst || distance32(this.#timestamp, timestamp) > 0)
        this.#give(bytes.slice(payloadOffset, payloadEnd), timestamp);
      this.#counters.incomplete += missing;
      return;
    }
    const blocks = decodeRed(bytes, payloadOffset, payloadEnd);
    if (isMalformed(blocks)) {
      this.#counters.malformed++;
      this.#counters.incomplete += missing;
      return;
    }
    for (let i = 0; i < blocks.length; i++) {
      const { timestampOffset, data } = blocks[i]!;
      const at = (timestamp - timestampOffset) >>> 0;
      const isPrimary = i === blocks.length - 1;
      if (!isPrimary && missing === 0) continue;
      if (!isFirst && distance32(this.#timestamp, at) <= 0) continue;
      if (!isPrimary) missing--;
      this.#give(data.slice(), at);
    }
    this.#counters.incomplete += missing;
  }

  poll(): EncodedFrame | undefined {
    return this.#frames.shift();
  }

  #give(data: Uint8Array, timestamp: number): void {
    this.#timestamp = timestamp;
    this.#counters.frames++;
    this.#frames.push({ data, timestamp, keyFrame: true });
  }
}
