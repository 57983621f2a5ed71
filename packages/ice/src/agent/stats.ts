import type { Path } from '@kaon/interface/core/v1';
import type { Candidate } from '../candidate.ts';
import type { IceRole, IceState } from '../events.ts';
import type { Counters, DropReason } from './counters.ts';
import type { Generation } from './generation.ts';
import type { LocalCandidates } from './local-candidates.ts';
import type { CandidatePair, PairState } from './pair.ts';

/** One pair, with the counters of `RTCIceCandidatePairStats`. Times in ms. */
export interface PairStats {
  /** Unique within one generation. */
  readonly id: number;
  readonly local: Candidate;
  readonly remote: Candidate;
  /** Where its packets go. */
  readonly path: Path;
  readonly state: PairState;
  readonly priority: bigint;
  readonly nominated: boolean;
  /** Checks go both ways: it is in the valid list. */
  readonly valid: boolean;
  readonly selected: boolean;
  readonly requestsSent: number;
  readonly requestsReceived: number;
  readonly responsesSent: number;
  readonly responsesReceived: number;
  readonly consentRequestsSent: number;
  readonly totalRoundTripTime: number;
  readonly currentRoundTripTime: number | undefined;
}

/** One local candidate. */
export interface LocalCandidateStats {
  readonly candidate: Candidate;
  readonly networkType: string | undefined;
}

/** What an agent knows about itself. A snapshot. */
export interface AgentStats {
  readonly role: IceRole;
  readonly state: IceState;
  readonly localCandidates: readonly LocalCandidateStats[];
  readonly remoteCandidates: readonly Candidate[];
  readonly pairs: readonly PairStats[];
  readonly selectedPairChanges: number;
  /** Messages that were dropped, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Remote candidates that were not used, for whatever reason. */
  readonly ignoredCandidates: number;
  readonly ignoredTcpCandidates: number;
}

/** What `statsOf` looks at. */
export interface StatsSources {
  readonly role: IceRole;
  readonly state: IceState;
  readonly locals: LocalCandidates;
  readonly generation: Generation;
  readonly selected: CandidatePair | undefined;
  readonly selectedPairChanges: number;
  readonly counters: Counters;
}

/** Takes the snapshot. After a restart the pair still in use is among the pairs. */
export function statsOf(sources: StatsSources): AgentStats {
  const { generation, selected, counters } = sources;
  const pairs = [...generation.checklist.pairs];
  if (selected !== undefined && !pairs.includes(selected)) pairs.unshift(selected);
  return {
    role: sources.role,
    state: sources.state,
    localCandidates: sources.locals.all.map(({ candidate, networkType }) => ({ candidate, networkType })),
    remoteCandidates: generation.remotes.all.map(({ candidate }) => candidate),
    pairs: pairs.map((pair) => pairStats(pair, pair === selected)),
    selectedPairChanges: sources.selectedPairChanges,
    dropped: { ...counters.dropped },
    ignoredCandidates: counters.ignoredCandidates,
    ignoredTcpCandidates: counters.ignoredTcpCandidates,
  };
}

function pairStats(pair: CandidatePair, selected: boolean): PairStats {
  return {
    id: pair.id,
    local: (pair.validLocal ?? pair.local).candidate,
    remote: pair.remote.candidate,
    path: pair.path,
    state: pair.state,
    priority: pair.priority,
    nominated: pair.nominated,
    valid: pair.valid,
    selected,
    ...pair.counters,
  };
}
