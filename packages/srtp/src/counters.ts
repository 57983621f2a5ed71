/** What a session did and dropped since it was made. */
export interface SrtpCounters {
  rtpProtected: number;
  rtcpProtected: number;
  rtpUnprotected: number;
  rtcpUnprotected: number;
  /** Dropped, by the numbers that `unprotectRtp` and `unprotectRtcp` returned. */
  malformed: number;
  authenticationFailures: number;
  replays: number;
  unknownKeys: number;
  expired: number;
  notCryptex: number;
  /** SRTCP packets that came authenticated but not encrypted (RFC 3711 §3.4, E bit). */
  rtcpInTheClear: number;
  /** Incoming streams that gave way to a new one for `maxStreams`. */
  streamsForgotten: number;
  /** SSRCs that both sides use (RFC 3550 §8.2). The keys of both directions differ, so nothing is given away. */
  ssrcCollisions: number;
}

/** All at 0. */
export function newCounters(): SrtpCounters {
  return {
    rtpProtected: 0,
    rtcpProtected: 0,
    rtpUnprotected: 0,
    rtcpUnprotected: 0,
    malformed: 0,
    authenticationFailures: 0,
    replays: 0,
    unknownKeys: 0,
    expired: 0,
    notCryptex: 0,
    rtcpInTheClear: 0,
    streamsForgotten: 0,
    ssrcCollisions: 0,
  };
}
