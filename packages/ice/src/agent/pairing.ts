import type { Instant, Path } from '@kaon/interface/core/v1';
import type { Candidate } from '../candidate.ts';
import type { Context } from './context.ts';
import type { Generation } from './generation.ts';
import type { LocalCandidate } from './local-candidates.ts';
import { type CandidatePair, remoteOnLink } from './pair.ts';
import { COUNTERPART, type Refusal, type RemoteCandidate } from './remote-candidates.ts';
import type { AcceptedCheck } from './responder.ts';

/** Which candidates become pairs, and when (RFC 8445 §6.1.2, RFC 8838 §12, RFC 6544 §6.2). */
export class Pairing {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** A candidate of the peer: pairs it with all local ones, or says why it is not used. */
  addRemote(candidate: Candidate, generation: Generation): Refusal | undefined {
    const { counters, locals, role } = this.#context;
    const { remotes, checklist, remote } = generation;
    const fragment = candidate.usernameFragment;
    const stale = fragment !== undefined && remote !== undefined && fragment !== remote.usernameFragment;
    const tcp = locals.all.some(({ protocol }) => protocol === 'tcp');
    const added = stale ? 'stale' : remotes.add(candidate, tcp);
    if (typeof added === 'string') {
      counters.ignoredCandidates++;
      if (added === 'tcp') counters.ignoredTcpCandidates++;
      return added;
    }
    checklist.reprioritise(role.role);
    // Candidates that the peer finds once a pair is selected are its own to check (RFC 8838 §15).
    if (!checklist.concluded) for (const local of locals.all) this.#pair(local, added, generation);
    return undefined;
  }

  /**
   * A local candidate is there: pairs it with all remote ones, also when a pair is selected already, since it may be the
   * way out when that is lost. The first TCP base makes the peer's TCP candidates useful.
   */
  addLocal(local: LocalCandidate, generation: Generation): void {
    const { remotes } = generation;
    for (const remote of remotes.all) this.#pair(local, remote, generation);
    if (local.protocol === 'udp') return;
    const { counters } = this.#context;
    for (const candidate of remotes.takeParked()) {
      counters.ignoredCandidates--;
      counters.ignoredTcpCandidates--;
      this.addRemote(candidate, generation);
    }
  }

  /** Candidates that came too late to be checked are paired after all. */
  pairAll(generation: Generation): void {
    const { checklist, remotes } = generation;
    for (const local of this.#context.locals.all) {
      const { protocol, base } = local;
      for (const remote of remotes.all) {
        const path = { protocol, local: base, remote: remoteOnLink(base, remote.address) };
        if (checklist.find(path) === undefined) this.#pair(local, remote, generation);
      }
    }
  }

  /** A check from an address that nobody signalled: a peer-reflexive candidate (RFC 8445 §7.3.1.3). */
  discover(check: AcceptedCheck, path: Path): CandidatePair | undefined {
    const { locals, role } = this.#context;
    const { remotes, checklist } = check.generation;
    const local = locals.forBase(path.local, path.protocol);
    if (local === undefined) return undefined;
    const tcpType = local.tcpType === undefined ? undefined : COUNTERPART[local.tcpType];
    const known = remotes.at(path.remote, path.protocol, tcpType);
    const remote = known ?? remotes.addReflexive(path, tcpType, check.priority, check.remoteFragment);
    if (remote === undefined) return undefined;
    const pair = checklist.add(local, remote, role.role);
    if (pair === undefined && known === undefined) remotes.remove(remote);
    if (pair !== undefined) pair.localCost = this.#costOf(local);
    return pair;
  }

  /**
   * A peer whose NAT gives it new addresses by and by leaves old ones behind: the one that was silent longest goes.
   * Returns its pairs.
   */
  makeRoom({ remotes, checklist }: Generation, selected: CandidatePair | undefined, now: Instant): CandidatePair[] {
    const silentSince = now - this.#context.options.consentTimeout;
    let oldest: CandidatePair | undefined;
    for (const pair of checklist.pairs) {
      if (pair.remote.candidate.type !== 'prflx' || pair.remote === selected?.remote) continue;
      if (pair.heardAt > silentSince || pair.state === 'in-progress') continue;
      if (oldest === undefined || pair.heardAt < oldest.heardAt) oldest = pair;
    }
    if (oldest === undefined) return [];
    const { remote } = oldest;
    const gone = checklist.pairs.filter((pair) => pair.remote === remote);
    for (const pair of gone) checklist.remove(pair);
    remotes.remove(remote);
    return gone;
  }

  #pair(local: LocalCandidate, remote: RemoteCandidate, { checklist }: Generation): void {
    // Where the peer connects to us there is nothing to check until it does (RFC 6544 §6.2).
    if (local.tcpType === 'passive') return;
    const pair = checklist.add(local, remote, this.#context.role.role);
    if (pair !== undefined) pair.localCost = this.#costOf(local);
  }

  /** A relay that does not say what network it is reached through is no cheaper than the cheapest. */
  #costOf({ networkCost }: LocalCandidate): number {
    if (networkCost !== undefined) return networkCost;
    const known = this.#context.locals.all.flatMap((each) => each.networkCost ?? []);
    return known.length > 0 ? Math.min(...known) : 0;
  }
}
