/** Why something from the peer, or from anybody, was dropped. */
export type DropReason =
  /** No STUN message, or one that cannot be read. */
  | 'malformed'
  /** STUN, but nothing that ICE uses. */
  | 'unexpected'
  /** USERNAME missing or not ours. */
  | 'username'
  /** MESSAGE-INTEGRITY missing or wrong. */
  | 'integrity'
  /** No candidate is sent from where it arrived. */
  | 'base'
  /** An answer to nothing that is open. */
  | 'transaction'
  /** Credentials of before a restart. */
  | 'stale'
  /** No room for another remote candidate or pair. */
  | 'limit'
  /** The agent failed or is closed. */
  | 'ended';

/** How often what was dropped or ignored. */
export class Counters {
  readonly dropped: Record<DropReason, number> = {
    malformed: 0,
    unexpected: 0,
    username: 0,
    integrity: 0,
    base: 0,
    transaction: 0,
    stale: 0,
    limit: 0,
    ended: 0,
  };
  /** Remote candidates that were not used, TCP ones among them. */
  ignoredCandidates = 0;
  /** Remote TCP candidates. */
  ignoredTcpCandidates = 0;
}
