import type { Instant } from '@kaon/interface/core/v1';
import { distance16 } from '@kaon/wire';

/** Loss and jitter of one stream, as a report block tells them (RFC 3550 §6.4.1). */
export interface ReceptionReport {
  /** Share of packets lost since the last report, in 1/256. */
  readonly fractionLost: number;
  /** -2^23 to 2^23 - 1. */
  readonly cumulativeLost: number;
  /** Cycles and sequence number, 32 bits. */
  readonly highestSequence: number;
  /** In units of the timestamp. */
  readonly jitter: number;
}

/** What a receiver knows of one stream (RFC 3550 §A.1, §A.3, §A.8). */
export class Reception {
  /** Hz; may change with the payload type. */
  clockRate: number;
  #base = -1;
  /** Counted from the first packet, so it does not wrap. */
  #highest = 0;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #jitter = 0;
  #lastTransit = Number.NaN;
  #lastTimestamp = 0;
  #firstArrival: Instant = 0;
  #restartAt = -1;

  constructor(clockRate: number) {
    this.clockRate = clockRate;
  }

  /** Packets that came, duplicates included (RFC 3550 §6.4.1). */
  get received(): number {
    return this.#received;
  }

  /** Packets lost since the beginning; negative when more came than were expected. */
  get lost(): number {
    return this.#base < 0 ? 0 : this.#highest + 1 - this.#received;
  }

  /** Interarrival jitter in units of the timestamp (RFC 3550 §A.8). */
  get jitter(): number {
    return this.#jitter;
  }

  /** Whether a packet came since the last `report`. */
  get fresh(): boolean {
    return this.#received !== this.#receivedBefore;
  }

  /** Notes a packet. */
  receive(sequence: number, timestamp: number, now: Instant): void {
    if (this.#base < 0) this.#begin(sequence, now);
    const ahead = distance16(this.#base + this.#highest, sequence);
    if (ahead > MAX_DROPOUT || ahead < -MAX_MISORDER) {
      // RFC 3550 §A.1: two packets in a row at another place are a sender that began anew.
      if (sequence !== this.#restartAt) {
        this.#restartAt = (sequence + 1) & 0xffff;
        return;
      }
      this.#begin(sequence, now);
    } else if (ahead > 0) this.#highest += ahead;
    this.#received++;
    if (ahead >= 0) this.#measure(timestamp, now);
  }

  /** What a report block says now; begins the next interval. */
  report(): ReceptionReport {
    const expected = this.#base < 0 ? 0 : this.#highest + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    return {
      fractionLost: expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow)),
      cumulativeLost: Math.max(-0x80_0000, Math.min(0x7f_ffff, this.lost)),
      highestSequence: (Math.max(0, this.#base) + this.#highest) >>> 0,
      jitter: Math.floor(this.#jitter),
    };
  }

  #begin(sequence: number, now: Instant): void {
    this.#base = sequence;
    this.#highest = 0;
    this.#received = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.#lastTransit = Number.NaN;
    this.#firstArrival = now;
    this.#restartAt = -1;
  }

  #measure(timestamp: number, now: Instant): void {
    const arrival = ((now - this.#firstArrival) * this.clockRate) / 1000;
    // Packets of one frame share a timestamp and say nothing of the network's variation but its serialisation.
    if (!Number.isNaN(this.#lastTransit) && timestamp === this.#lastTimestamp) return;
    const step = (timestamp - this.#lastTimestamp) | 0;
    this.#lastTimestamp = timestamp;
    if (!Number.isNaN(this.#lastTransit)) {
      const difference = Math.abs(arrival - this.#lastTransit - step);
      // A jump of the timestamp is no jitter (such as a source that was replaced).
      if (difference < MAX_DIFFERENCE_SECONDS * this.clockRate) this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#lastTransit = arrival;
  }
}

const MAX_DROPOUT = 3000;
// More than the 100 of RFC 3550: plain retransmissions come a round trip later.
const MAX_MISORDER = 1000;
const MAX_DIFFERENCE_SECONDS = 5;
