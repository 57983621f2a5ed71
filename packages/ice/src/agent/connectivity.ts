// Long because it joins the parts of the agent: what one of them finds out, several others act on.
import type { Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import type { StunMessage } from '@kaon/stun';
import { samePath } from '@kaon/wire';
import type { Candidate } from '../candidate.ts';
import { generateCredentials, type IceCredentials, sameCredentials } from '../credentials.ts';
import { IceError } from '../errors.ts';
import type { IceRole, SelectedPair } from '../events.ts';
import { type CheckOutcome, Checks } from './checks.ts';
import { Consent } from './consent.ts';
import { type Context, trace } from './context.ts';
import { Generation } from './generation.ts';
import { type LocalCandidate, sameBase } from './local-candidates.ts';
import { follows, Nomination } from './nomination.ts';
import type { CandidatePair } from './pair.ts';
import { Pairing } from './pairing.ts';
import { Recovery } from './recovery.ts';
import { MAX_COST } from './remote-candidates.ts';
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
  readonly #recovery: Recovery;
  readonly #pairing: Pairing;
  #generation: Generation;
  #remoteLite = false;
  #remoteRenomination = true;
  /** The role that we have where the peer does not decide it. */
  #wantedRole: IceRole;
  #restarted = false;
  /** NOMINATION that was sent or followed last. */
  #nominated = 0;
  /** The selected pair is our own choice for want of the controlling peer's. */
  #provisional = false;
  #failure: IceError | undefined;

  constructor(context: Context, credentials: IceCredentials) {
    this.#context = context;
    this.checks = new Checks(context);
    this.consent = new Consent(context);
    this.#responder = new Responder(context);
    this.#nomination = new Nomination(context.options.nominationDelay);
    this.#recovery = new Recovery(context.options);
    this.#pairing = new Pairing(context);
    this.#wantedRole = context.role.role;
    if (context.options.lite) context.role.role = 'controlled';
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
    return this.#recovery.lost;
  }

  /** Whether it broke just now and others are being checked. */
  recovering(now: Instant): boolean {
    return this.#recovery.hopeful(this.#generation.checklist, now);
  }

  /** Why checking or consent failed; a restart forgets it. */
  get failure(): IceError | undefined {
    return this.#failure;
  }

  /** Whether the peer, should we control it, can be led to another pair. */
  setRemoteRenomination(supported: boolean): void {
    this.#remoteRenomination = supported;
  }

  /** A lite peer only answers, so we control; if we are lite as well, the offerer does (RFC 8445 §6.1.1). */
  setRemoteLite(lite: boolean): void {
    this.#remoteLite = lite;
    if (this.#context.options.lite) this.setRole(this.#wantedRole);
    else if (lite) this.setRole('controlling');
  }

  setRole(wanted: IceRole): void {
    this.#wantedRole = wanted;
    const role = this.#context.options.lite && !this.#remoteLite ? 'controlled' : wanted;
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
    const candidates = byPeer ? [...remotes.all.map(({ candidate }) => candidate), ...remotes.takeParked()] : [];
    const next = new Generation(credentials, this.#context.crypto, this.#context.options);
    if (byPeer && remote !== undefined) {
      next.setRemote(remote, now);
      next.remoteEnded = remoteEnded;
    }
    this.#begin(next, now);
    for (const candidate of candidates) this.addRemoteCandidate(candidate, now);
  }

  addRemoteCandidate(candidate: Candidate, now: Instant): void {
    const refusal = this.#pairing.addRemote(candidate, this.#generation);
    if (refusal !== undefined) trace(this.#context, 'ice:candidate-ignored', now, { reason: refusal });
  }

  addLocal(local: LocalCandidate): void {
    this.#pairing.addLocal(local, this.#generation);
  }

  /** A base is gone, and with it all its pairs. */
  removeBase(address: TransportAddress, protocol: 'udp' | 'tcp', now: Instant): void {
    const gone = this.#generation.checklist.removeBase(address, protocol);
    for (const pair of gone) this.#abandon(pair);
    const path = this.selection.pair?.path;
    if (path?.protocol === protocol && sameBase(path.local, address)) this.#loseSelected(now);
    this.selection.changed();
  }

  /** The way that a pair takes is closed. */
  pathFailed(path: Path, now: Instant): void {
    const { checklist, remotes } = this.#generation;
    const { selection } = this;
    const pair = checklist.find(path);
    if (pair === undefined) {
      if (selection.pair !== undefined && samePath(selection.pair.path, path)) this.#loseSelected(now);
      return;
    }
    this.#abandon(pair);
    selection.changed();
    const { tcpType } = pair.local;
    if (tcpType === 'passive') {
      // The next connection will come from another port: nothing of this one is of use any more.
      checklist.remove(pair);
      if (pair.remote.candidate.type === 'prflx') remotes.remove(pair.remote);
    } else {
      pair.fail();
      if (tcpType === 'so' && pair !== selection.pair) this.#recovery.retry(pair, now);
    }
    if (pair === selection.pair) this.#loseSelected(now, tcpType === 'passive');
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
    const pair = this.#generation.checklist.find(path) ?? this.#discover(check, path, now);
    if (pair === undefined) return;
    this.#countRequest(pair, path, now);
    if (check.networkCost !== undefined) pair.remote.networkCost = Math.min(check.networkCost, MAX_COST);
    const nominating = check.useCandidate || check.nomination !== undefined;
    const nominated = nominating && this.#context.role.role === 'controlled';
    if (this.#context.options.lite) {
      this.#heardByLite(pair, nominated ? check : undefined, now);
      return;
    }
    if (nominated && pair.valid) this.#accept(pair, now, check.nomination);
    else if (nominated) {
      pair.nominateOnSuccess = true;
      pair.nomination = check.nomination;
    }
    if (pair.state === 'succeeded') {
      if (nominated) return;
      // The way is open: an unanswered nomination need not wait for its timer.
      this.checks.resend(pair, now);
      this.#doubt(pair, now);
    } else if (pair.state === 'in-progress') this.checks.resend(pair, now);
    else this.#generation.checklist.trigger(pair);
  }

  handleResponse(message: StunMessage, bytes: Uint8Array, path: Path, now: Instant): void {
    if (this.consent.has(message)) {
      this.consent.handleResponse(message, bytes, path, now);
      if (this.consent.unansweredSince === Number.POSITIVE_INFINITY) this.#recovery.contender = undefined;
      return;
    }
    const outcome = this.checks.handleResponse(message, bytes, path, now);
    if (outcome !== undefined) this.#conclude(outcome, now);
  }

  handleTimeout(now: Instant): void {
    for (const outcome of this.checks.handleTimeout(now)) this.#conclude(outcome, now);
    this.selection.handleTimeout(now);
    this.consent.handleTimeout(now);
    if (this.consent.expired(now)) this.#consentExpired(now);
    this.#watch(now);
  }

  /** Whether a check could be sent if the pace allowed it. */
  get hasWork(): boolean {
    return (
      this.#failure === undefined &&
      !this.#context.options.lite &&
      this.#generation.remote !== undefined &&
      (this.#generation.checklist.hasTriggered || this.#generation.checklist.nextOrdinary() !== undefined)
    );
  }

  /** Sends what is due: triggered checks at once, ordinary ones at their pace, a nomination when it is time. */
  advance(now: Instant): void {
    const generation = this.#generation;
    const { checklist } = generation;
    if (this.#failure !== undefined || generation.remote === undefined) return;
    const { pacer, role, options } = this.#context;
    if (options.lite) {
      if (this.#remoteLite) this.#selectAsLite(now);
      this.#giveUpIfHopeless(now);
      return;
    }
    for (let pair = checklist.nextTriggered(); pair !== undefined; pair = checklist.nextTriggered()) {
      pacer.force(now);
      this.checks.start(pair, generation, false, now);
    }
    for (let pair = checklist.nextOrdinary(); pair !== undefined && pacer.take(now); pair = checklist.nextOrdinary()) {
      this.checks.start(pair, generation, false, now);
    }
    if (role.role === 'controlling') this.#nominate(now);
    this.#giveUpIfHopeless(now);
  }

  pollTimeout(now: Instant): Instant {
    const generation = this.#generation;
    let next = Math.min(
      this.checks.pollTimeout(),
      this.consent.pollTimeout(now),
      this.selection.pollTimeout(),
      this.#failure === undefined ? this.#recovery.pollTimeout(now) : Number.POSITIVE_INFINITY,
    );
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
    this.#recovery.reset();
    this.#nominated = 0;
    this.#provisional = false;
    if (this.#current !== undefined) this.#recovery.selected(now);
    this.#failure = undefined;
    this.selection.changed();
    trace(this.#context, 'ice:restart', now, {});
  }

  /** A pair for a check from an address that nobody signalled, in place of one that was long silent if need be. */
  #discover(check: AcceptedCheck, path: Path, now: Instant): CandidatePair | undefined {
    const generation = this.#generation;
    if (generation.remotes.full) {
      for (const old of this.#pairing.makeRoom(generation, this.selection.pair, now)) this.#abandon(old);
    }
    const pair = this.#pairing.discover(check, path);
    if (pair === undefined) this.#context.counters.dropped.limit++;
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
      if (pair.state === 'failed' && pair === this.selection.pair) this.#loseSelected(now);
      // The peer's checks do arrive, so the way is open and only our luck was bad.
      if (result === 'timed-out' && pair.counters.requestsReceived > 0 && pair.retries++ < MAX_RETRIES) {
        this.#generation.checklist.trigger(pair);
      }
      return;
    }
    if (this.#current !== undefined && pair !== this.#current) this.#recovery.hasBackup(now);
    const controlling = this.#context.role.role === 'controlling';
    if (controlling ? nominating : pair.nominateOnSuccess) this.#accept(pair, now, pair.nomination);
    else if (!controlling && this.lost) this.#switchTo(pair, now);
    else if (controlling && pair !== this.selection.pair && this.consent.suspect(now)) this.#recovery.contender = pair;
    else if (pair.counters.requestsReceived > 0) this.#doubt(pair, now);
  }

  /** The pair selected in this generation. */
  get #current(): CandidatePair | undefined {
    return this.selection.generation === this.#generation ? this.selection.pair : undefined;
  }

  #nominate(now: Instant): void {
    const pair = this.#nomination.nominating === undefined ? this.#toNominate(now) : undefined;
    if (pair === undefined) return;
    this.#nomination.started(pair);
    this.checks.start(pair, this.#generation, true, now, this.#renominates ? ++this.#nominated : undefined);
  }

  #toNominate(now: Instant): CandidatePair | undefined {
    const { checklist } = this.#generation;
    const current = this.#current;
    if (current === undefined) return this.#nomination.next(checklist, now);
    // Taken in an emergency.
    if (!current.nominated) return current;
    const { contender } = this.#recovery;
    if (contender?.valid && (this.consent.suspect(now) || this.consent.silent(now))) return contender;
    if (!this.#renominates || !this.#recovery.mayRenominate(now)) return undefined;
    const best = checklist.bestValid(current);
    return best?.isBetterThan(current) ? best : undefined;
  }

  get #renominates(): boolean {
    return this.#context.options.renomination && this.#remoteRenomination;
  }

  /** The pair is nominated and valid. */
  #accept(pair: CandidatePair, now: Instant, nomination: number | undefined): void {
    pair.nominated = true;
    pair.nominateOnSuccess = false;
    const current = this.#current;
    if (!this.#follows(pair, current, nomination, now)) return;
    this.#provisional = false;
    this.#recovery.contender = undefined;
    if (pair === current) return;
    this.#select(pair, now);
    if (this.#context.options.renomination) return;
    for (const unwanted of this.#generation.checklist.conclude(pair)) this.checks.settle(unwanted);
  }

  /** Whether a nomination is to be followed. Of several with a NOMINATION the greatest counts; the same one comes again. */
  #follows(
    pair: CandidatePair,
    current: CandidatePair | undefined,
    nomination: number | undefined,
    now: Instant,
  ): boolean {
    const { role, options } = this.#context;
    if (role.role === 'controlling') return true;
    if (nomination !== undefined) {
      const newer = nomination > this.#nominated;
      if (newer) this.#nominated = nomination;
      return newer || current === undefined || pair === current;
    }
    // Towards a lite agent nomination is always regular, so the last one counts.
    if (options.lite || this.#provisional || follows(pair, current, this.consent.suspect(now))) return true;
    // Aggressive, or a peer that has lost the better pair: that pair will tell.
    this.#recovery.contender = pair;
    this.consent.challenge(now);
    return false;
  }

  #select(pair: CandidatePair, now: Instant, answeredAt: Instant = now): void {
    const { options, emit } = this.#context;
    const asker = !options.lite ? 'us' : this.#remoteLite ? 'nobody' : 'peer';
    const selected = this.selection.select(pair, this.#generation, now + options.consentTimeout);
    this.consent.start(pair, this.#generation, now, answeredAt, asker);
    this.#recovery.selected(now);
    trace(this.#context, 'ice:selected', now, { pair: pair.id }, pair.path.remote);
    emit({ type: 'selected-pair', pair: selected satisfies SelectedPair });
    this.onSelected?.();
  }

  /** Takes a valid pair without being asked to. The controlling side says so to the peer; the other waits for its choice. */
  #switchTo(pair: CandidatePair, now: Instant): void {
    pair.nominated = false;
    this.#provisional = true;
    this.#select(pair, now, pair.heardAt);
    this.consent.challenge(now);
  }

  /** Two lite agents check nothing: the best pair of the same on both sides is used, and all are believed (RFC 8445 §8.2). */
  #selectAsLite(now: Instant): void {
    const [best, ...others] = this.#generation.checklist.pairs;
    if (best === undefined || best === this.#current) return;
    for (const pair of [best, ...others]) pair.becomeValid(pair.local, now);
    best.nominated = true;
    this.#select(best, now);
  }

  /** A lite agent believes a path once an authentic check has come by it (RFC 8445 §7.3.2). */
  #heardByLite(pair: CandidatePair, nominated: AcceptedCheck | undefined, now: Instant): void {
    if (!pair.valid) this.selection.changed();
    pair.becomeValid(pair.local, now);
    if (pair === this.selection.pair) this.consent.heard(now);
    if (nominated !== undefined) this.#accept(pair, now, nominated.nomination);
    else if (this.lost) this.#switchTo(pair, now);
  }

  /** The controlled peer checks another pair than the selected one: perhaps it has lost that. */
  #doubt(pair: CandidatePair, now: Instant): void {
    const current = this.#current;
    if (this.#context.role.role !== 'controlling' || current === undefined || pair === current) return;
    if (this.#recovery.doubt(pair, now)) this.consent.challenge(now);
  }

  /** Looks after the selected pair: a warm substitute, and a way out once it is silent. */
  #watch(now: Instant): void {
    const { checklist } = this.#generation;
    for (const pair of this.#recovery.takeRetries(now)) if (pair.state === 'failed') checklist.trigger(pair);
    const current = this.#current;
    if (this.#failure !== undefined || this.#context.options.lite) return;
    if (current === undefined) {
      if (this.lost && this.#recovery.takeRescue(now)) this.#rescue(now);
      return;
    }
    const suspect = this.consent.suspect(now);
    const backup = this.#recovery.takeBackup(checklist, current, now);
    const { contender } = this.#recovery;
    if (this.#context.role.role === 'controlled' && contender !== undefined && (suspect || this.consent.silent(now))) {
      this.#recovery.contender = undefined;
      if (contender.valid) this.#select(contender, now);
    } else if (suspect) {
      if (this.#recovery.takeRescue(now)) this.#rescue(now, current);
    } else if (backup?.state === 'succeeded') {
      this.checks.start(backup, this.#generation, false, now);
    }
  }

  /** Looks for another way among all pairs, those of candidates that came late as well. */
  #rescue(now: Instant, current?: CandidatePair): void {
    const { checklist } = this.#generation;
    this.#pairing.pairAll(this.#generation);
    const open = checklist.pairs.filter(({ state }) => state === 'in-progress');
    for (const pair of open.slice(0, this.#context.options.burst)) this.checks.resend(pair, now);
    checklist.recheck(current);
  }

  #abandon(pair: CandidatePair): void {
    this.checks.cancel(pair);
    this.#nomination.ended(pair);
    if (this.#recovery.contender === pair) this.#recovery.contender = undefined;
  }

  /** The selected pair stopped being valid: another valid one takes its place, or whatever there is has another chance. */
  #loseSelected(now: Instant, awaited = false): void {
    const { checklist } = this.#generation;
    const lost = this.#current;
    const suspect = this.consent.suspect(now);
    this.consent.stop();
    const next = lost === undefined ? undefined : this.#recovery.fallback(checklist, lost, now);
    if (next !== undefined) {
      this.#switchTo(next, now);
      return;
    }
    this.selection.clear();
    if (lost === undefined) return;
    this.#recovery.lose(now, awaited, suspect);
    // What was valid long ago has to show that it still is.
    for (const pair of checklist.pairs) if (pair.valid) pair.fail();
    checklist.reopen();
    this.#rescue(now);
  }

  #consentExpired(now: Instant): void {
    const expired = this.#current;
    const next = expired === undefined ? undefined : this.#recovery.fallback(this.#generation.checklist, expired, now);
    if (expired !== undefined && (next !== undefined || this.#provisional)) {
      // A substitute that was silent from the start is no end yet.
      expired.fail();
      this.#loseSelected(now);
      return;
    }
    this.consent.stop();
    this.selection.clear();
    // While a restart is under way only the old pair has ended.
    if (expired !== undefined)
      this.#fail('ICE_CONSENT_EXPIRED', 'the peer stopped answering consent checks (RFC 7675 §5.1)');
  }

  #giveUpIfHopeless(now: Instant): void {
    if (this.#hopeless(now)) this.#fail('ICE_NO_VALID_PAIR', 'no candidate pair worked in time (RFC 8863 §4)');
  }

  /** Patience is at its end, and nothing is left to try. Without a word from the peer, patience ends its candidates too. */
  #hopeless(now: Instant): boolean {
    if (this.selection.pair !== undefined || now < this.#patienceEnds() || this.#recovery.patient(now)) return false;
    if (this.#context.options.lite) return true;
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
    this.#recovery.reset();
  }
}

const MAX_RETRIES = 2;
