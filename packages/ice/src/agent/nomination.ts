import type { Instant } from '@kaon/interface/core/v1';
import type { NominationDelay } from '../options.ts';
import type { Checklist } from './checklist.ts';
import type { CandidatePair } from './pair.ts';

/**
 * When the controlling side nominates (regular nomination, RFC 8445 §8.1.1): at once when no better pair is open any
 * more, else when a valid pair has waited as long as its kind is worth waiting for.
 */
export class Nomination {
  readonly #delay: NominationDelay;
  #nominating: CandidatePair | undefined;

  constructor(delay: NominationDelay) {
    this.#delay = delay;
  }

  /** The pair whose nominating check is on its way. */
  get nominating(): CandidatePair | undefined {
    return this.#nominating;
  }

  /** The pair to nominate now, or undefined. The caller sends the check and says so with `started`. */
  next(checklist: Checklist, now: Instant): CandidatePair | undefined {
    if (this.#nominating !== undefined) return undefined;
    const best = checklist.bestValid();
    if (best === undefined) return undefined;
    return !betterPending(checklist, best) || this.#deadline(checklist) <= now ? best : undefined;
  }

  /** When `next` may have an answer without anything else happening. */
  pollTimeout(checklist: Checklist): Instant {
    return this.#nominating === undefined ? this.#deadline(checklist) : Number.POSITIVE_INFINITY;
  }

  started(pair: CandidatePair): void {
    this.#nominating = pair;
  }

  /** The nominating check of a pair has ended, well or not. */
  ended(pair: CandidatePair): void {
    if (this.#nominating === pair) this.#nominating = undefined;
  }

  reset(): void {
    this.#nominating = undefined;
  }

  #deadline(checklist: Checklist): Instant {
    let deadline = Number.POSITIVE_INFINITY;
    for (const pair of checklist.pairs) {
      if (pair.valid) deadline = Math.min(deadline, pair.validAt + this.#worth(pair));
    }
    return deadline;
  }

  /** How long it waits for a better one. */
  #worth({ kind, path }: CandidatePair): number {
    return path.protocol === 'tcp' ? Math.max(this.#delay[kind], this.#delay.tcp) : this.#delay[kind];
  }
}

/**
 * Whether the controlled side follows a nomination. Of several the best counts (aggressive nomination, RFC 5245 §8.1.1.2),
 * unless the pair in use has stopped answering.
 */
export function follows(nominated: CandidatePair, selected: CandidatePair | undefined, suspect: boolean): boolean {
  return selected === undefined || nominated === selected || suspect || nominated.priority > selected.priority;
}

function betterPending(checklist: Checklist, best: CandidatePair): boolean {
  return checklist.pairs.some((pair) => pair.pending && !pair.valid && pair.isBetterThan(best));
}
