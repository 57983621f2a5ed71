import type { Instant } from '@kaon/interface/core/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';

/** A frame as it leaves, once its last packet is known: packets with one timestamp. */
export interface LeavingFrame {
  readonly timestamp: number;
  readonly firstArrival: Instant;
  readonly lastArrival: Instant;
  readonly packets: number;
  /** How long after its earliest possible arrival its last packet came, in ms. */
  readonly late: number;
  readonly leftAt: Instant;
  readonly complete: boolean;
}

/** Puts packets that leave in order together to frames, to see which are whole and how long they waited. */
export class FrameTally {
  #current: { -readonly [Key in keyof LeavingFrame]: LeavingFrame[Key] } | undefined;
  #ended = true;

  /** Takes the next packet in order, `gap` if some are missing before it; answers the frame that it ends, if it begins another. */
  leave(packet: RtpPacketView, arrival: Instant, late: number, gap: boolean, now: Instant): LeavingFrame | undefined {
    // Padding alone is of no frame.
    if (packet.payloadEnd === packet.payloadOffset) return undefined;
    const { timestamp } = packet;
    const current = this.#current;
    if (current !== undefined && current.timestamp === timestamp) {
      if (arrival < current.firstArrival) current.firstArrival = arrival;
      if (arrival > current.lastArrival) current.lastArrival = arrival;
      current.packets++;
      if (late > current.late) current.late = late;
      current.leftAt = now;
      if (gap) current.complete = false;
      this.#ended = packet.marker;
      return undefined;
    }
    // Where packets are missing between two frames, they may be of either, unless the marker ended the first.
    if (current !== undefined && gap && !this.#ended) current.complete = false;
    this.#current = {
      timestamp,
      firstArrival: arrival,
      lastArrival: arrival,
      packets: 1,
      late,
      leftAt: now,
      complete: !gap,
    };
    this.#ended = packet.marker;
    return current;
  }
}
