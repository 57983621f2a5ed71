import { compactNtp } from '@kaon/rtp';
import type { CongestionFeedback, CongestionFeedbackStream } from '@kaon/rtp/rtcp';
import { StreamArrivals } from './stream-arrivals.ts';

/** The receiver's side of RFC 8888: one history for each stream that is reported on, and the reports about all of them. */
export class ReportBuilder {
  readonly #streams = new Map<number, StreamArrivals>();

  /** Whether there is something to report. */
  get hasNews(): boolean {
    for (const stream of this.#streams.values()) if (stream.hasNews) return true;
    return false;
  }

  bind(ssrc: number): void {
    if (!this.#streams.has(ssrc)) this.#streams.set(ssrc, new StreamArrivals(ssrc));
  }

  unbind(ssrc: number): void {
    this.#streams.delete(ssrc);
  }

  /** A packet of a stream came. Returns false when nothing is to be reported about it. */
  add(ssrc: number, sequenceNumber: number, ecn: number, now: number): boolean {
    return this.#streams.get(ssrc)?.add(sequenceNumber, ecn, now) ?? false;
  }

  /** The next report, small enough for a datagram, or undefined when everything is reported. */
  build(senderSsrc: number, now: number): CongestionFeedback | undefined {
    const streams: CongestionFeedbackStream[] = [];
    // The offsets refer to the time as the report tells it, so both are rounded to it.
    const timestamp = compactNtp(now % WRAP_MS);
    let left = MOST_PACKETS;
    for (const stream of this.#streams.values()) {
      if (left <= 0) break;
      const part = stream.build(left, now);
      if (part === undefined) continue;
      streams.push(part);
      // The header of a part takes as much as four packets.
      left -= part.packets.length + 4;
    }
    if (streams.length === 0) return undefined;
    return { type: 'ccfb', senderSsrc, reportTimestamp: timestamp, streams };
  }
}

/** Two bytes each. */
const MOST_PACKETS = 500;
/** The report timestamp has 16 bits of seconds. */
const WRAP_MS = 65_536_000;
