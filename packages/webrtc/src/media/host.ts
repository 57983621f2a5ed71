import type { Instant } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { ClockTimer } from '@kaon/interface/network/v1';
import type { RTCStatsReport } from '../stats/report.ts';
import type { RTCRtpReceiver } from './receiver.ts';
import type { RTCRtpSender } from './sender.ts';

/** What senders and receivers need of their connection. */
export interface MediaHost {
  readonly random: RandomSource;
  /** One name for all that this connection sends (RFC 7022). */
  readonly cname: string;
  /** Whether the connection was closed. */
  readonly closed: boolean;
  now(): Instant;
  /** Milliseconds since the Unix epoch that correspond to `now`. */
  wallClock(): number;
  /** Runs `task` in another turn of the event loop. */
  defer(task: () => void): void;
  timer(callback: () => void): ClockTimer;
  /** Something changed that descriptions show. */
  updateNegotiationNeeded(): void;
  getStats(selected: RTCRtpSender | RTCRtpReceiver): Promise<RTCStatsReport>;
}

/** What a sender needs of its connection. */
export type SenderHost = MediaHost;

/** What a receiver needs of its connection. */
export type ReceiverHost = MediaHost;
