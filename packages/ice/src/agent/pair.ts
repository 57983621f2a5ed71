import type { Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import type { CandidateType } from '../candidate.ts';
import type { IceRole } from '../events.ts';
import { pairPriority } from '../priority.ts';
import type { LocalCandidate } from './local-candidates.ts';
import type { RemoteCandidate } from './remote-candidates.ts';

/** RFC 8445 §6.1.2.6. */
export type PairState = 'frozen' | 'waiting' | 'in-progress' | 'succeeded' | 'failed';

/** Counters of one pair, as `RTCIceCandidatePairStats` has them. Times in ms. */
export interface PairCounters {
  requestsReceived: number;
  requestsSent: number;
  responsesReceived: number;
  responsesSent: number;
  consentRequestsSent: number;
  totalRoundTripTime: number;
  currentRoundTripTime: number | undefined;
}

/** Two candidates that may reach each other. */
export class CandidatePair {
  readonly id: number;
  /** One object for the life of the pair. */
  readonly path: Path;
  /** The candidate that checks are sent from; stands for all reflexive ones of its base (RFC 8445 §6.1.2.4). */
  local: LocalCandidate;
  remote: RemoteCandidate;
  state: PairState = 'frozen';
  /** RFC 8445 §6.1.2.3. */
  priority: bigint;
  /** Set while the pair is in the valid list: the local candidate as the peer sees it (RFC 8445 §7.2.5.3.2). */
  validLocal: LocalCandidate | undefined = undefined;
  validAt: Instant = Number.POSITIVE_INFINITY;
  /** When the peer was last heard on it, authentically. */
  heardAt: Instant = Number.NEGATIVE_INFINITY;
  nominated = false;
  /** The controlling peer nominated the pair before it was valid here (RFC 8445 §7.3.1.5). */
  nominateOnSuccess = false;
  /** The NOMINATION that came with it. */
  nomination: number | undefined = undefined;
  /** To be checked although a pair is selected: it is new, or a way out is looked for. */
  late = false;
  /** Cost of the local network, 0 to 999. */
  localCost = 0;
  /** How often the check was begun again after it had timed out. */
  retries = 0;
  /** Waits in the triggered-check queue. */
  triggered = false;
  readonly counters: PairCounters = {
    requestsReceived: 0,
    requestsSent: 0,
    responsesReceived: 0,
    responsesSent: 0,
    consentRequestsSent: 0,
    totalRoundTripTime: 0,
    currentRoundTripTime: undefined,
  };

  constructor(id: number, local: LocalCandidate, remote: RemoteCandidate, role: IceRole) {
    this.id = id;
    this.local = local;
    this.remote = remote;
    this.path = { protocol: local.protocol, local: local.base, remote: remoteOnLink(local.base, remote.address) };
    this.priority = this.priorityAs(role);
  }

  get valid(): boolean {
    return this.validLocal !== undefined;
  }

  /** Pairs that are likely to share their fate share it. */
  get foundation(): string {
    return `${this.local.candidate.foundation}:${this.remote.candidate.foundation}`;
  }

  /** Still to be checked, or being checked. */
  get pending(): boolean {
    return this.state === 'frozen' || this.state === 'waiting' || this.state === 'in-progress';
  }

  /** The less direct one of the two candidates' types. */
  get kind(): CandidateType {
    const local = (this.validLocal ?? this.local).candidate.type;
    const remote = this.remote.candidate.type;
    return DIRECTNESS.indexOf(local) > DIRECTNESS.indexOf(remote) ? local : remote;
  }

  /** What both networks cost together (draft-thatcher-ice-network-cost). */
  get cost(): number {
    return this.localCost + (this.remote.networkCost ?? 0);
  }

  /** Whether it is the pair to use of the two: a cheaper network first, as in libwebrtc, then priority. */
  isBetterThan(other: CandidatePair): boolean {
    return this.cost === other.cost ? this.priority > other.priority : this.cost < other.cost;
  }

  priorityAs(role: IceRole): bigint {
    const local = this.local.candidate.priority;
    const remote = this.remote.candidate.priority;
    return role === 'controlling' ? pairPriority(local, remote) : pairPriority(remote, local);
  }

  becomeValid(local: LocalCandidate, now: Instant): void {
    this.state = 'succeeded';
    if (this.validLocal === undefined) this.validAt = now;
    this.validLocal = local;
  }

  fail(): void {
    this.state = 'failed';
    this.validLocal = undefined;
    this.validAt = Number.POSITIVE_INFINITY;
    this.nominated = false;
    this.nominateOnSuccess = false;
    this.late = false;
  }
}

/** A link-local destination is reached through the link of the base that sends to it (RFC 4007 §11). */
export function remoteOnLink(base: TransportAddress, remote: TransportAddress): TransportAddress {
  const zone = base.address.indexOf('%');
  if (zone < 0 || remote.address.includes('%') || !remote.address.startsWith('fe')) return remote;
  return { ...remote, address: remote.address + base.address.slice(zone) };
}

const DIRECTNESS: readonly CandidateType[] = ['host', 'prflx', 'srflx', 'relay'];
