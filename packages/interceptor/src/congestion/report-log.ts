import { compactNtpToMilliseconds } from '@kaon/rtp';
import type { ReportBlock, SenderReport } from '@kaon/rtp/rtcp';

/** What receiver reports say about loss and round-trip time, for peers that give no feedback per packet. Times in ms. */
export class ReportLog {
  readonly #sent: { middle: number; at: number }[] = [];
  #blocks = 0;
  #share = 0;
  #roundTripTime: number | undefined;

  /** A sender report of ours left. */
  add(report: SenderReport, now: number): void {
    if (this.#sent.length === MOST_REPORTS) this.#sent.shift();
    this.#sent.push({ middle: ((report.ntpSeconds << 16) | (report.ntpFraction >>> 16)) >>> 0, at: now });
  }

  /** A report block of the peer; `isOurs`: about a stream that we send. */
  read(block: ReportBlock, isOurs: boolean, now: number): void {
    if (!isOurs) return;
    this.#blocks++;
    this.#share += block.fractionLost / 256;
    if (block.lastSenderReport === 0) return;
    const sent = this.#sent.find(({ middle }) => middle === block.lastSenderReport);
    if (sent === undefined) return;
    this.#roundTripTime = Math.max(0, now - sent.at - compactNtpToMilliseconds(block.delaySinceLastSenderReport));
  }

  /** The mean share of loss of what was read since the last call, or undefined. */
  takeShare(): number | undefined {
    const share = this.#blocks === 0 ? undefined : this.#share / this.#blocks;
    this.#blocks = 0;
    this.#share = 0;
    return share;
  }

  takeRoundTripTime(): number | undefined {
    const value = this.#roundTripTime;
    this.#roundTripTime = undefined;
    return value;
  }
}

const MOST_REPORTS = 32;
