import type { Instant } from '@kaon/interface/core/v1';

/** How the window moves in congestion avoidance. Windows and what is acknowledged in packets, also parts of them. */
export interface WindowControl {
  /** The new window, once `acked` packets arrived while the window was the limit. `smoothed`: round trip in ms. */
  grown(window: number, acked: number, smoothed: number, now: Instant): number;
  /** What arrived was not limited by the window. */
  idle(now: Instant): void;
  /** A loss: answers the window to go on with, and the threshold. */
  reduced(window: number): number;
  /** T3-rtx ran out: answers the threshold. */
  timedOut(window: number): number;
  /** The last reduction was a mistake. */
  undo(): void;
}
