import { BandwidthEstimator } from './gcc/estimator.ts';
import type { CongestionSettings } from './options.ts';
import { SentHistory } from './twcc/sent-history.ts';

/** What the stages of one congestion control share. */
export class CongestionCore {
  readonly settings: CongestionSettings;
  readonly estimator: BandwidthEstimator;
  readonly history: SentHistory;
  /** The probe that the packet on its way from the pacer to the wire belongs to, or 0. */
  cluster = 0;
  /** Whether media of a kind that may grow has been sent, so that probing makes sense. */
  #started = false;
  #tickAt = Number.POSITIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(settings: CongestionSettings) {
    this.settings = settings;
    const { startBitrate: start, minBitrate: min, maxBitrate: max } = settings;
    this.estimator = new BandwidthEstimator({ start, min, max });
    const bytes = new Uint8Array(2);
    settings.random(bytes);
    this.history = new SentHistory(((bytes[0]! & 0x7f) << 8) | bytes[1]!);
  }

  /** A packet leaves. */
  sent(bytes: number, now: number): void {
    this.estimator.sent(bytes, now);
    this.#sentAt = now;
    if (this.#tickAt === Number.POSITIVE_INFINITY) this.#tickAt = now + TICK_MS;
  }

  /** Video is about to be sent: the first probes may begin. */
  mediaReady(now: number): void {
    if (this.#started || !this.settings.probing) return;
    this.#started = true;
    this.estimator.start(now);
  }

  get tickAt(): number {
    return this.#tickAt;
  }

  tick(now: number): void {
    if (now < this.#tickAt) return;
    this.estimator.process(now);
    // Timers rest while nothing is sent.
    this.#tickAt = now - this.#sentAt > IDLE_MS ? Number.POSITIVE_INFINITY : now + TICK_MS;
  }
}

const TICK_MS = 25;
const IDLE_MS = 5000;
