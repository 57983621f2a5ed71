export { type AddressRewrite, checkAddressRewrites } from './address-rewrite.ts';
export type { IceTraceName } from './agent/context.ts';
export type { DropReason } from './agent/counters.ts';
export type { LocalBase, StunServer } from './agent/gathering.ts';
export type { PairState } from './agent/pair.ts';
export type { AgentStats, LocalCandidateStats, PairStats } from './agent/stats.ts';
export { Agent } from './agent.ts';
export { type Candidate, type CandidateType, type RelayProtocol, sameCandidate, type TcpType } from './candidate.ts';
export { decodeCandidate, formatCandidate, parseCandidate } from './candidate-line.ts';
export { checkCredentials, generateCredentials, type IceCredentials, sameCredentials } from './credentials.ts';
export { IceError, type IceErrorCode } from './errors.ts';
export type { AgentEvent, IceGatheringState, IceRole, IceState, SelectedPair } from './events.ts';
export type { AgentOptions, NetworkType, NominationDelay } from './options.ts';
export {
  candidatePriority,
  localPreference,
  type Preference,
  pairPriority,
  RELAY_PREFERENCE,
  TCP_TYPE_PREFERENCE,
  type Transports,
  TYPE_PREFERENCE,
  tcpLocalPreference,
} from './priority.ts';
export { Deframer, frame } from './tcp-framing.ts';
