import type { Instant } from '@kaon/interface/core/v1';

/** One contributing source (W3C WebRTC §5.5.1). */
export interface RTCRtpContributingSource {
  /** Milliseconds since the Unix epoch. */
  timestamp: number;
  /** CSRC or SSRC. */
  source: number;
  /** 0 (silence) to 1 (loudest). */
  audioLevel?: number;
  rtpTimestamp: number;
}

/** One synchronization source (W3C WebRTC §5.5.2). */
export type RTCRtpSynchronizationSource = RTCRtpContributingSource;

/** Which sources were heard in the last ten seconds. */
export class SourcesSeen {
  readonly #synchronization = new Map<number, Seen>();
  readonly #contributing = new Map<number, Seen>();

  /** `level` is that of RFC 6464 in -dBov (0 to 127); -1: not known. */
  synchronizationSource(ssrc: number, rtpTimestamp: number, level: number, now: Instant): void {
    note(this.#synchronization, ssrc, rtpTimestamp, level, now);
  }

  contributingSource(csrc: number, rtpTimestamp: number, level: number, now: Instant): void {
    note(this.#contributing, csrc, rtpTimestamp, level, now);
  }

  synchronization(now: Instant, wallClock: number): RTCRtpSynchronizationSource[] {
    return list(this.#synchronization, now, wallClock);
  }

  contributing(now: Instant, wallClock: number): RTCRtpContributingSource[] {
    return list(this.#contributing, now, wallClock);
  }
}

interface Seen {
  at: Instant;
  rtpTimestamp: number;
  level: number;
}

function note(sources: Map<number, Seen>, id: number, rtpTimestamp: number, level: number, now: Instant): void {
  const seen = sources.get(id);
  if (seen !== undefined) {
    seen.at = now;
    seen.rtpTimestamp = rtpTimestamp;
    seen.level = level;
    return;
  }
  if (sources.size >= MAX_SOURCES) {
    const [oldest] = [...sources].reduce((a, b) => (b[1].at < a[1].at ? b : a));
    sources.delete(oldest);
  }
  sources.set(id, { at: now, rtpTimestamp, level });
}

function list(sources: Map<number, Seen>, now: Instant, wallClock: number): RTCRtpContributingSource[] {
  const heard: RTCRtpContributingSource[] = [];
  for (const [source, { at, rtpTimestamp, level }] of sources) {
    if (now - at > WINDOW) sources.delete(source);
    else {
      const one: RTCRtpContributingSource = { timestamp: wallClock - (now - at), source, rtpTimestamp };
      // RFC 6464 §3: 127 is silence; the API is linear (W3C WebRTC §5.5.1).
      if (level >= 0) one.audioLevel = level >= 127 ? 0 : 10 ** (-level / 20);
      heard.push(one);
    }
  }
  return heard.sort((a, b) => b.timestamp - a.timestamp);
}

/** Milliseconds. */
const WINDOW = 10_000;
/** Sources kept at once: a mixer names up to 15 in one packet. */
const MAX_SOURCES = 64;
