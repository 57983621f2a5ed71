import type { Instant } from '@kaon/interface/core/v1';
import { compactNtp, ntpTime } from '@kaon/rtp';
import type { ExtendedReport, XrBlock } from '@kaon/rtp/rtcp';
import { roundTrip } from './local.ts';

/** Round trip times for those who only receive: reference times (RFC 3611 §4.4) and answers to them (§4.5). */
export class ReferenceTimes {
  /** Reference times to answer, by the SSRC of who sent them. */
  readonly #heard: Map<number, { readonly middle: number; readonly at: Instant }> = new Map();

  /** Takes an extended report; answers the round trip time in ms if it tells one of ours. */
  receive(report: ExtendedReport, ntpNow: number, now: Instant, ours: (ssrc: number) => boolean): number | undefined {
    let trip: number | undefined;
    for (const block of report.blocks) {
      if (block.block === 'receiver-reference-time') {
        if (this.#heard.size < MAX_HEARD || this.#heard.has(report.ssrc))
          this.#heard.set(report.ssrc, {
            middle: ((block.ntpSeconds << 16) | (block.ntpFraction >>> 16)) >>> 0,
            at: now,
          });
      } else if (block.block === 'dlrr') {
        for (const each of block.reports)
          if (ours(each.ssrc))
            trip = roundTrip(ntpNow, each.lastReceiverReport, each.delaySinceLastReceiverReport) ?? trip;
      }
    }
    return trip;
  }

  /** The blocks that go along with the reports of this moment: answers, each once, and our time if `ask`. */
  blocks(wallClock: number, now: Instant, ask: boolean): readonly XrBlock[] {
    const blocks: XrBlock[] = [];
    if (ask) {
      const { seconds, fraction } = ntpTime(wallClock);
      blocks.push({ block: 'receiver-reference-time', ntpSeconds: seconds, ntpFraction: fraction });
    }
    if (this.#heard.size > 0) {
      const reports = [...this.#heard].map(([ssrc, { middle, at }]) => ({
        ssrc,
        lastReceiverReport: middle,
        delaySinceLastReceiverReport: compactNtp(now - at),
      }));
      blocks.push({ block: 'dlrr', reports });
      this.#heard.clear();
    }
    return blocks;
  }
}

/** Receivers that are answered in one report. */
const MAX_HEARD = 16;
