import type { Instant } from '@kaon/interface/core/v1';
import type { ResolvedOptions } from '../options.ts';
import type { Checklist } from './checklist.ts';
import { sameBase } from './local-candidates.ts';
import type { CandidatePair } from './pair.ts';

/**
 * What there is to fall back on while a pair is selected, and how long a loss may last. RFC 8445 knows only a restart; a
 * network that changes leaves other valid pairs behind, and those are used.
 */
export class Recovery {
  /** A pair that the peer seems to prefer; it is taken if the selected one is silent. */
  contender: CandidatePair | undefined;
  readonly #options: ResolvedOptions;
  #selectedAt: Instant = Number.NEGATIVE_INFINITY;
  #lostAt: Instant | undefined;
  #graceEnds: Instant = Number.NEGATIVE_INFINITY;
  /** The peer has to open the next connection. */
  #awaited = false;
  #backupAt: Instant = Number.POSITIVE_INFINITY;
  #rescueAt: Instant = Number.NEGATIVE_INFINITY;
  #doubtedAt: Instant = Number.NEGATIVE_INFINITY;
  #retries: { readonly pair: CandidatePair; readonly at: Instant }[] = [];

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /** Whether a pair of this generation was selected and none is now. */
  get lost(): boolean {
    return this.#lostAt !== undefined;
  }

  reset(): void {
    this.contender = undefined;
    this.#lostAt = undefined;
    this.#awaited = false;
    this.#backupAt = Number.POSITIVE_INFINITY;
    this.#rescueAt = Number.NEGATIVE_INFINITY;
    this.#retries = [];
  }

  selected(now: Instant): void {
    this.contender = undefined;
    this.#lostAt = undefined;
    this.#awaited = false;
    this.#selectedAt = now;
    this.#backupAt = this.#options.lite ? Number.POSITIVE_INFINITY : now + this.#options.backupInterval;
    this.#rescueAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * The selected pair is gone and nothing stands in for it. `awaited`: only the peer can open the way again. `suspect`: it
   * was silent before.
   */
  lose(now: Instant, awaited: boolean, suspect: boolean): void {
    this.contender = undefined;
    this.#lostAt = now;
    this.#graceEnds = suspect ? now : now + this.#options.disconnectedTimeout;
    this.#awaited = awaited;
    this.#rescueAt = now + RESCUE_PAUSE;
    this.#backupAt = Number.POSITIVE_INFINITY;
  }

  /** Whether it is too early to call the connection lost. */
  hopeful(checklist: Checklist, now: Instant): boolean {
    if (!this.lost || now >= this.#graceEnds) return false;
    return this.#awaited || checklist.pending || checklist.bestValid() !== undefined;
  }

  /** Whether it is too early to call the connection failed. */
  patient(now: Instant): boolean {
    return this.#lostAt !== undefined && now < this.#lostAt + this.#options.consentTimeout;
  }

  /** Whether another pair may be nominated for being better: peers need not follow each whim of a network. */
  mayRenominate(now: Instant): boolean {
    return now >= this.#selectedAt + RENOMINATION_PAUSE;
  }

  /** Whether it is time to check all pairs, because the selected one is gone or does not answer: now and then. */
  takeRescue(now: Instant): boolean {
    if (now < this.#rescueAt) return false;
    this.#rescueAt = now + RESCUE_PAUSE;
    return true;
  }

  /** Whether a check of the peer on another pair is reason to ask about the selected one. */
  doubt(pair: CandidatePair, now: Instant): boolean {
    if (now < this.#doubtedAt + DOUBT_PAUSE) return false;
    this.#doubtedAt = now;
    this.contender = pair;
    return true;
  }

  /** A simultaneous open that came too early or too late is tried again, a few times. */
  retry(pair: CandidatePair, now: Instant): void {
    if (pair.retries >= MAX_OPENS || this.#retries.some((each) => each.pair === pair)) return;
    this.#retries.push({ pair, at: now + FIRST_RETRY * 2 ** pair.retries++ });
  }

  /** Pairs whose time to be tried again has come. */
  takeRetries(now: Instant): CandidatePair[] {
    const due = this.#retries.filter(({ at }) => at <= now);
    if (due.length > 0) this.#retries = this.#retries.filter(({ at }) => at > now);
    return due.map(({ pair }) => pair);
  }

  /** The pair to keep warm, when it is time for that: one from another base if there is any. */
  takeBackup(checklist: Checklist, selected: CandidatePair, now: Instant): CandidatePair | undefined {
    if (now < this.#backupAt) return undefined;
    let best: CandidatePair | undefined;
    for (const pair of checklist.pairs) {
      if (!pair.valid || pair === selected) continue;
      if (best === undefined || apart(pair, selected) > apart(best, selected)) best = pair;
      else if (apart(pair, selected) === apart(best, selected) && pair.isBetterThan(best)) best = pair;
    }
    this.#backupAt = best === undefined ? Number.POSITIVE_INFINITY : now + this.#options.backupInterval;
    return best;
  }

  /** Another pair than the selected one is valid now: there is something to keep warm. */
  hasBackup(now: Instant): void {
    if (this.#backupAt === Number.POSITIVE_INFINITY) this.#backupAt = now + this.#options.backupInterval;
  }

  /** The pair to use without asking first: consent given on it is still good (RFC 7675 §5.1), and will be for a while. */
  fallback(checklist: Checklist, except: CandidatePair | undefined, now: Instant): CandidatePair | undefined {
    let best: CandidatePair | undefined;
    for (const pair of checklist.pairs) {
      if (!pair.valid || pair === except || now >= pair.heardAt + this.#options.consentTimeout - TIME_TO_ASK) continue;
      if (best === undefined || pair.isBetterThan(best)) best = pair;
    }
    return best;
  }

  pollTimeout(now: Instant): Instant {
    let next = Math.min(this.#backupAt, ahead(this.#rescueAt, now));
    for (const { at } of this.#retries) next = Math.min(next, at);
    if (this.#options.renomination) next = Math.min(next, ahead(this.#selectedAt + RENOMINATION_PAUSE, now));
    if (this.#lostAt === undefined) return next;
    return Math.min(next, ahead(this.#graceEnds, now), ahead(this.#lostAt + this.#options.consentTimeout, now));
  }
}

function ahead(at: Instant, now: Instant): Instant {
  return at > now ? at : Number.POSITIVE_INFINITY;
}

/** How little two pairs have in common: 1 for different bases. */
function apart({ path: a }: CandidatePair, { path: b }: CandidatePair): number {
  return a.protocol === b.protocol && sameBase(a.local, b.local) ? 0 : 1;
}

/** Less than this before consent ends there is no time to have it renewed. */
const TIME_TO_ASK = 2500;
const RENOMINATION_PAUSE = 1000;
/** Retransmissions become rare; on a network that just came back the next one should not be waited for. */
const RESCUE_PAUSE = 5000;
const DOUBT_PAUSE = 1000;
const FIRST_RETRY = 500;
const MAX_OPENS = 4;
