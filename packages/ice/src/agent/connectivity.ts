import type { Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import type { StunMessage } from '@kaon/stun';
import type { Candidate } from '../candidate.ts';
import { generateCredentials, type IceCredentials, sameCredentials } from '../credentials.ts';
import { IceError } from '../errors.ts';
import type { SelectedPair } from '../events.ts';
import { type CheckOutcome, Checks } from './checks.ts';
import { Consent } from './consent.ts';
import { type Context, trace } from './context.ts';
import { Generation } from './generation.ts';
import { type LocalCandidate, sameBase } from './local-candidates.ts';
import { follows, Nomination } from './nomination.ts';
import type { CandidatePair } from './pair.ts';
import type { RemoteCandidate } from './remote-candidates.ts';
import { type AcceptedCheck, Responder } from './responder.ts';
import { Selection } from './selection.ts';

/** From candidates to a selected pair, and keeping it: joins checks, nomination, selection, consent and restart. */
export class Connectivity {
  readonly checks: Checks;
  readonly selection: Selection = new Selection();
  readonly consent: Consent;
  /** Told when a pair is selected. */
  onSelected: (() => void) | undefined = undefined;
  readonly #context: Context;
  readonly #responder: Responder;
  readonly #nomination: Nomination;
  #generation: Generation;
  #remoteLite = false;
  #remoteRenomination = true;
  #restarted = false;
  #lost = false;
  #failure: IceError | undefined;

  constructor(context: Context, credentials: IceCredentials) {
    this.#context = context;
    this.checks = new Checks(context);
    this.consent = new Consent(context);
    this.#responder = new Responder(context);
    this.#nomination = new Nomination(context.options.nominationDelay);
    this.#generation = new Generation(credentials, context.crypto, context.options);
  }

  /** The present credentials, candidates and check list. */
  get generation(): Generation {
    return this.#generation;
  }

  get remoteLite(): boolean {
    return this.#remoteLite;
  }

  /** Whether this is not the first generation. */
  get restarted(): boolean {
    return this.#restarted;
  }

  /** Whether the selected pair of this generation broke, and no other has taken its place yet. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Why checking or consent failed; a restart forgets it. */
  get failure(): IceError | undefined {
    return this.#failure;
  }

  /** Whether the peer, should we control it, can be led to another pair. */
  setRemoteRenomination(supported: boolean): void {
    this.#remoteRenomination = supported;
  }

  /** A lite peer only answers, so we control (RFC 8445 §6.1.1). */
  setRemoteLite(lite: boolean, _now: Instant): void {
    this.#remoteLite = lite;
    if (lite) this.setRole('controlling');
  }

  setRole(role: 'controlling' | 'controlled'): void {
    if (this.#context.role.role === role) return;
    this.#context.role.role = role;
    this.#generation.checklist.reprioritise(role);
    this.#nomination.reset();
  }

  /** Throws IceError `ICE_BAD_CREDENTIALS`. Other credentials than before mean that the peer has restarted. */
  setRemoteCredentials(remote: IceCredentials, now: Instant): void {
    if (sameCredentials(this.#generation.remote, remote)) return;
    if (this.#generation.remote !== undefined) {
      const next = new Generation(this.#generation.local, this.#context.crypto, this.#context.options, true);
      next.setRemote(remote, now);
      this.#begin(next, now);
      return;
    }
    this.#generation.setRemote(remote, now);
    // Early checks under another fragment, and candidates of another generation, were not meant for this one.
    const { remotes, checklist } = this.#generation;
    for (const early of [...remotes.all]) {
      const fragment = early.candidate.usernameFragment;
      if (fragment === undefined || fragment === remote.usernameFragment) continue;
      remotes.remove(early);
      for (const pair of checklist.pairs) if (pair.remote === early) checklist.remove(pair);
    }
  }

  /**
   * Credentials anew (RFC 8445 §9). What the peer's own restart has brought already stays. The credentials of the pair
   * in use take a restart back, as when its offer was rolled back.
   */
  restart(now: Instant, credentials: IceCredentials = generateCredentials(this.#context.random)): void {
    const inUse = this.selection.generation;
    if (inUse !== undefined && inUse !== this.#generation && sameCredentials(inUse.local, credentials)) {
      this.#begin(inUse, now);
      return;
    }
    const { remote, byPeer, remotes, remoteEnded } = this.#generation;
    const next = new Generation(credentials, this.#context.crypto, this.#context.options);
    if (byPeer && remote !== undefined) {
      next.setRemote(remote, now);
      next.remoteEnded = remoteEnded;
    }
    this.#begin(next, now);
    if (byPeer) for (const { candidate } of remotes.all) this.addRemoteCandidate(candidate, now);
  }

  addRemoteCandidate(candidate: Candidate, now: Instant): void {
    const { counters } = this.#context;
    const fragment = candidate.usernameFragment;
    const known = this.#generation.remote?.usernameFragment;
    const stale = fragment !== undefined && known !== undefined && fragment !== known;
    const added = stale ? 'stale' : this.#generation.remotes.add(candidate);
    if (typeof added === 'string') {
      counters.ignoredCandidates++;
      if (added === 'tcp') counters.ignoredTcpCandidates++;
      trace(this.#context, 'ice:candidate-ignored', now, { reason: added });
      return;
    }
    this.#generation.checklist.reprioritise(this.#context.role.role);
    for (const local of this.#context.locals.all) this.#pair(local, added);
  }

  /** A local candidate is there: pair it with all remote ones. */
  addLocal(local: LocalCandidate): void {
    for (const remote of this.#generation.remotes.all) this.#pair(local, remote);
  }

  /** A base is gone, and with it all its pairs. */
  removeBase(address: TransportAddress, protocol: 'udp' | 'tcp', _now: Instant): void {
    const gone = this.#generation.checklist.removeBase(address, protocol);
    for (const pair of gone) this.#abandon(pair);
    const selected = this.selection.pair;
    if (selected !== undefined && sameBase(selected.path.local, address)) this.#loseSelected();
    this.selection.changed();
  }

  /** The way that a pair takes is closed. */
  pathFailed(path: Path, _now: Instant): void {
    const pair = this.#generation.checklist.find(path);
    if (pair === undefined) return;
    this.#abandon(pair);
    pair.fail();
    this.selection.changed();
    if (pair === this.selection.pair) this.#loseSelected();
  }

  handleRequest(message: StunMessage, bytes: Uint8Array, path: Path, now: Instant): void {
    const roleBefore = this.#context.role.role;
    const check = this.#responder.handleRequest(message, bytes, path, this.#generations(), now);
    if (this.#context.role.role !== roleBefore) this.#nomination.reset();
    if (check === undefined) return;
    if (check.generation !== this.#generation) {
      this.#countRequest(this.selection.pair, path, now);
      return;
    }
    const pair = this.#generation.checklist.find(path) ?? this.#discover(check, path);
    if (pair === undefined) {
      this.#context.counters.dropped.limit++;
      return;
    }
    this.#countRequest(pair, path, now);
    const nominated = check.useCandidate && this.#context.role.role === 'controlled';
    if (pair.state === 'succeeded') {
      if (nominated) this.#accept(pair, now);
      // The way is open: an unanswered nomination need not wait for its timer.
      else this.checks.resend(pair, now);
      return;
    }
    if (nominated) pair.nominateOnSuccess = true;
    if (pair.state === 'in-progress') this.checks.resend(pair, now);
    else this.#generation.checklist.trigger(pair);
  }

  handleResponse(message: StunMessage, bytes: Uint8Array, path: Path, now: Instant): void {
    if (this.consent.has(message)) {
      this.consent.handleResponse(message, bytes, path, now);
      return;
    }
    const outcome = this.checks.handleResponse(message, bytes, path, now);
    if (outcome !== undefined) this.#conclude(outcome, now);
  }

  handleTimeout(now: Instant): void {
    for (const outcome of this.checks.handleTimeout(now)) this.#conclude(outcome, now);
    this.selection.handleTimeout(now);
    this.consent.handleTimeout(now);
    if (this.consent.expired(now)) this.#consentExpired();
  }

  /** Whether a check could be sent if the pace allowed it. */
  get hasWork(): boolean {
    return (
      this.#failure === undefined &&
      this.#generation.remote !== undefined &&
      (this.#generation.checklist.hasTriggered || this.#generation.checklist.nextOrdinary() !== undefined)
    );
  }

  /** Sends what is due: triggered checks at once, ordinary ones at their pace, a nomination when it is time. */
  advance(now: Instant): void {
    const generation = this.#generation;
    const { checklist } = generation;
    if (this.#failure !== undefined || generation.remote === undefined) return;
    const { pacer, role } = this.#context;
    for (let pair = checklist.nextTriggered(); pair !== undefined; pair = checklist.nextTriggered()) {
      pacer.force(now);
      this.checks.start(pair, generation, false, now);
    }
    for (let pair = checklist.nextOrdinary(); pair !== undefined && pacer.take(now); pair = checklist.nextOrdinary()) {
      this.checks.start(pair, generation, false, now);
    }
    if (role.role === 'controlling' && this.selection.generation !== generation) {
      const pair = this.#nomination.next(checklist, now);
      if (pair !== undefined) {
        this.#nomination.started(pair);
        this.checks.start(pair, generation, true, now);
      }
    }
    if (this.#hopeless(now)) this.#fail('ICE_NO_VALID_PAIR', 'no candidate pair worked in time (RFC 8863 §4)');
  }

  pollTimeout(now: Instant): Instant {
    const generation = this.#generation;
    let next = Math.min(this.checks.pollTimeout(), this.consent.pollTimeout(now), this.selection.pollTimeout());
    if (this.#failure !== undefined || this.selection.generation === generation) return next;
    if (this.#context.role.role === 'controlling' && generation.remote !== undefined) {
      const nomination = this.#nomination.pollTimeout(generation.checklist);
      next = Math.min(next, nomination);
    }
    const patience = this.#patienceEnds();
    return patience > now ? Math.min(next, patience) : next;
  }

  isKnownPath(path: Path): boolean {
    return this.#failure === undefined && this.selection.isKnown(path, this.#generation);
  }

  close(): void {
    this.checks.cancelAll();
    this.consent.stop();
    this.selection.clear();
  }

  /** Generations whose credentials are answered: the present one, then those that a pair in use lives on. */
  #generations(): Generation[] {
    const generations = [this.#generation];
    const { generation, previous } = this.selection;
    if (generation !== undefined && generation !== this.#generation) generations.push(generation);
    if (previous !== undefined && previous.generation !== this.#generation) generations.push(previous.generation);
    return generations;
  }

  #begin(next: Generation, now: Instant): void {
    this.checks.cancelAll();
    this.#nomination.reset();
    this.#generation = next;
    this.#restarted = true;
    this.#lost = false;
    this.#failure = undefined;
    this.selection.changed();
    trace(this.#context, 'ice:restart', now, {});
  }

  #pair(local: LocalCandidate, remote: RemoteCandidate): void {
    const { checklist } = this.#generation;
    // Candidates that come once a pair is selected are not checked any more (RFC 8838 §15).
    if (checklist.concluded) return;
    checklist.add(local, remote, this.#context.role.role);
  }

  /** A check from an address that nobody signalled: a peer-reflexive candidate (RFC 8445 §7.3.1.3). */
  #discover(check: AcceptedCheck, path: Path): CandidatePair | undefined {
    const { remotes, checklist } = this.#generation;
    const local = this.#context.locals.forBase(path.local, path.protocol);
    if (local === undefined) return undefined;
    const known = remotes.at(path.remote);
    const remote = known ?? remotes.addReflexive(path.remote, check.priority, check.remoteFragment);
    if (remote === undefined) return undefined;
    const pair = checklist.add(local, remote, this.#context.role.role);
    if (pair === undefined && known === undefined) remotes.remove(remote);
    return pair;
  }

  #countRequest(pair: CandidatePair | undefined, path: Path, now: Instant): void {
    if (pair === undefined || pair.path.remote.port !== path.remote.port) return;
    pair.heardAt = now;
    pair.counters.requestsReceived++;
    pair.counters.responsesSent++;
  }

  #conclude({ result, pair, nominating }: CheckOutcome, now: Instant): void {
    this.selection.changed();
    if (nominating) this.#nomination.ended(pair);
    if (result !== 'succeeded') {
      if (pair.state === 'failed' && pair === this.selection.pair) this.#loseSelected();
      // The peer's checks do arrive, so the way is open and only our luck was bad.
      if (result === 'timed-out' && pair.counters.requestsReceived > 0 && pair.retries++ < MAX_RETRIES) {
        this.#generation.checklist.trigger(pair);
      }
      return;
    }
    const controlling = this.#context.role.role === 'controlling';
    if (controlling ? nominating : pair.nominateOnSuccess) this.#accept(pair, now);
  }

  /** The pair is nominated and valid. */
  #accept(pair: CandidatePair, now: Instant): void {
    pair.nominated = true;
    pair.nominateOnSuccess = false;
    const generation = this.#generation;
    const current = this.selection.generation === generation ? this.selection.pair : undefined;
    if (!follows(pair, current, this.consent.suspect(now)) || pair === current) return;
    this.#lost = false;
    const selected = this.selection.select(pair, generation, now + this.#context.options.consentTimeout);
    this.consent.start(pair, generation, now);
    for (const unwanted of generation.checklist.conclude()) this.checks.cancel(unwanted);
    trace(this.#context, 'ice:selected', now, { pair: pair.id }, pair.path.remote);
    this.#context.emit({ type: 'selected-pair', pair: selected satisfies SelectedPair });
    this.onSelected?.();
  }

  #abandon(pair: CandidatePair): void {
    this.checks.cancel(pair);
    this.#nomination.ended(pair);
  }

  /** The selected pair stopped being valid: whatever else there is has another chance. */
  #loseSelected(): void {
    this.#lost = this.selection.generation === this.#generation;
    this.consent.stop();
    this.selection.clear();
    this.#generation.checklist.reopen();
  }

  #consentExpired(): void {
    const restarting = this.selection.generation !== this.#generation;
    this.consent.stop();
    this.selection.clear();
    // While a restart is under way only the old pair has ended.
    if (!restarting) this.#fail('ICE_CONSENT_EXPIRED', 'the peer stopped answering consent checks (RFC 7675 §5.1)');
  }

  /** Patience is at its end, and nothing is left to try. Without a word from the peer, patience ends its candidates too. */
  #hopeless(now: Instant): boolean {
    if (this.selection.pair !== undefined || now < this.#patienceEnds()) return false;
    return this.#nomination.nominating === undefined && !this.#generation.checklist.pending;
  }

  /** A pair that works and only lacks its nomination is worth as long a wait again. */
  #patienceEnds(): Instant {
    let since = this.#generation.startedAt;
    for (const pair of this.#generation.checklist.pairs) if (pair.valid && pair.heardAt > since) since = pair.heardAt;
    return since + this.#context.options.patience;
  }

  #fail(code: 'ICE_NO_VALID_PAIR' | 'ICE_CONSENT_EXPIRED', message: string): void {
    this.#failure = new IceError(code, message);
    this.checks.cancelAll();
    this.consent.stop();
    this.selection.clear();
    this.#nomination.reset();
  }
}

const MAX_RETRIES = 2;
