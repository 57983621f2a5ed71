import type { Instant } from '@kaon/interface/core/v1';
import type { CodecParameters } from '../media/negotiated.ts';
import type { PeerTransport } from '../transport/peer-transport.ts';
import { present } from './present.ts';
import type { RTCStats } from './report.ts';
import type { RTCCodecStats } from './types.ts';

/** What the parts of one report share. */
export class StatsContext {
  /** Of the report: milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly now: Instant;
  /** By id, in the order in which they are shown. */
  readonly stats: Map<string, RTCStats> = new Map();

  constructor(now: Instant, timestamp: number) {
    this.now = now;
    this.timestamp = timestamp;
  }

  add(stats: RTCStats): void {
    this.stats.set(stats.id, stats);
  }

  /** A moment of the monotonic clock as milliseconds since the Unix epoch. */
  wallClock(at: Instant): number {
    return this.timestamp - (this.now - at);
  }

  /** Adds the codec of a stream, once for all that use it, and gives its id. */
  codec(codec: CodecParameters, transport: PeerTransport, direction: 'inbound' | 'outbound'): string {
    const { payloadType, mimeType, clockRate, channels, sdpFmtpLine } = codec;
    const id = `C${direction === 'inbound' ? 'I' : 'O'}${transport.id}:${payloadType}:${mimeType}:${sdpFmtpLine ?? ''}`;
    if (!this.stats.has(id))
      this.add(
        present<RTCCodecStats>({
          id,
          timestamp: this.timestamp,
          type: 'codec',
          transportId: transport.id,
          payloadType,
          mimeType,
          clockRate,
          channels,
          sdpFmtpLine,
        }),
      );
    return id;
  }
}
