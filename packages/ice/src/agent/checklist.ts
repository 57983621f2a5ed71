import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import { Deque } from '@kaon/wire';
import type { IceRole } from '../events.ts';
import { type LocalCandidate, sameBase } from './local-candidates.ts';
import { CandidatePair, remoteOnLink } from './pair.ts';
import { mayPair, type RemoteCandidate } from './remote-candidates.ts';

/** The pairs of one generation, their states, and which is checked next (RFC 8445 §6.1.2, §6.1.4). */
export class Checklist {
  readonly #limit: number;
  readonly #byPath = new Map<string, CandidatePair>();
  readonly #triggered = new Deque<CandidatePair>();
  #pairs: CandidatePair[] = [];
  #nextId = 1;
  #concluded = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** All pairs, best first. */
  get pairs(): readonly CandidatePair[] {
    return this.#pairs;
  }

  /** A pair is selected: no more ordinary checks (RFC 8445 §8.1.2). */
  get concluded(): boolean {
    return this.#concluded;
  }

  find(path: Path): CandidatePair | undefined {
    return this.#byPath.get(key(path));
  }

  /**
   * Forms a pair, unless it may not be or is redundant: of several that travel one path only the best stays
   * (RFC 8445 §6.1.2.4). Above the limit the worst pair that nothing is known of yet goes. Undefined: not added.
   */
  add(local: LocalCandidate, remote: RemoteCandidate, role: IceRole): CandidatePair | undefined {
    if (!mayPair(local, remote)) return undefined;
    const { base, protocol } = local;
    const path = key({ protocol, local: base, remote: remoteOnLink(base, remote.address) });
    const twin = this.#byPath.get(path);
    if (twin !== undefined) {
      if (local.candidate.priority > twin.local.candidate.priority) twin.local = local;
      twin.priority = twin.priorityAs(role);
      this.#sort();
      return undefined;
    }
    const pair = new CandidatePair(this.#nextId, local, remote, role);
    if (this.#pairs.length >= this.#limit && !this.#makeRoom(pair)) return undefined;
    this.#nextId++;
    pair.state = this.#firstState(pair);
    pair.late = this.#concluded;
    this.#pairs.push(pair);
    this.#byPath.set(path, pair);
    this.#sort();
    return pair;
  }

  remove(pair: CandidatePair): void {
    this.#pairs = this.#pairs.filter((each) => each !== pair);
    this.#byPath.delete(key(pair.path));
    pair.fail();
  }

  /** Removes and returns the pairs of a base. */
  removeBase(base: TransportAddress, protocol: 'udp' | 'tcp'): CandidatePair[] {
    const gone = this.#pairs.filter(({ path }) => path.protocol === protocol && sameBase(path.local, base));
    for (const pair of gone) this.remove(pair);
    return gone;
  }

  /** Computes all priorities anew, after the role or a candidate changed (RFC 8445 §7.3.1.1). */
  reprioritise(role: IceRole): void {
    for (const pair of this.#pairs) pair.priority = pair.priorityAs(role);
    this.#sort();
  }

  /** Puts a pair into the triggered-check queue (RFC 8445 §7.3.1.4). */
  trigger(pair: CandidatePair): void {
    pair.state = 'waiting';
    if (pair.triggered) return;
    pair.triggered = true;
    this.#triggered.push(pair);
  }

  nextTriggered(): CandidatePair | undefined {
    for (let pair = this.#triggered.shift(); pair !== undefined; pair = this.#triggered.shift()) {
      pair.triggered = false;
      if (pair.state === 'waiting') return pair;
    }
    return undefined;
  }

  get hasTriggered(): boolean {
    return this.#triggered.length > 0;
  }

  /** The next ordinary check: the best waiting pair, else a frozen one whose foundation is idle (RFC 8445 §6.1.4.2). */
  nextOrdinary(): CandidatePair | undefined {
    return (
      this.#pairs.find((pair) => pair.state === 'waiting' && !pair.triggered && this.#open(pair)) ?? this.#thawable()
    );
  }

  /** How many pairs wait or are being checked: what the retransmission timeout grows with. */
  get active(): number {
    let active = 0;
    for (const pair of this.#pairs) if (pair.state === 'waiting' || pair.state === 'in-progress') active++;
    return active;
  }

  /** Whether any pair is still to be checked or being checked. A concluded list only minds what is on its way. */
  get pending(): boolean {
    return this.#pairs.some((pair) =>
      this.#open(pair) ? pair.pending : pair.triggered || pair.state === 'in-progress',
    );
  }

  /** A pair works: frozen ones that share its foundation are worth a check (RFC 8445 §7.2.5.3.3). */
  unfreeze(foundation: string): void {
    for (const pair of this.#pairs) {
      if (pair.state === 'frozen' && pair.foundation === foundation) pair.state = 'waiting';
    }
  }

  /** The valid pair to use, or the one besides `except`. */
  bestValid(except?: CandidatePair): CandidatePair | undefined {
    let best: CandidatePair | undefined;
    for (const pair of this.#pairs) {
      if (pair.valid && pair !== except && (best === undefined || pair.isBetterThan(best))) best = pair;
    }
    return best;
  }

  /**
   * Ends ordinary checks. Returns the pairs whose check in flight is no longer wanted: not those that are better than the
   * selected one.
   */
  conclude(selected: CandidatePair): CandidatePair[] {
    this.#concluded = true;
    const unwanted: CandidatePair[] = [];
    for (const pair of this.#pairs) {
      if (pair.state !== 'in-progress' || pair.nominateOnSuccess || pair.late) continue;
      if (pair.isBetterThan(selected)) continue;
      pair.state = 'waiting';
      unwanted.push(pair);
    }
    return unwanted;
  }

  /** The selected pair is gone: check the rest after all. */
  reopen(): void {
    this.#concluded = false;
    this.recheck();
  }

  /** Every pair but one is to be checked again, at the pace of ordinary checks. */
  recheck(except?: CandidatePair): void {
    for (const pair of this.#pairs) {
      if (pair === except || pair.state === 'in-progress') continue;
      pair.state = 'waiting';
      pair.late = true;
    }
  }

  /** Whether ordinary checks of a pair go on. */
  #open(pair: CandidatePair): boolean {
    return !this.#concluded || pair.late;
  }

  #thawable(): CandidatePair | undefined {
    for (const pair of this.#pairs) {
      if (pair.state !== 'frozen' || !this.#open(pair)) continue;
      const { foundation } = pair;
      const busy = this.#pairs.some(
        (other) =>
          (other.state === 'in-progress' || (other.state === 'waiting' && this.#open(other))) &&
          other.foundation === foundation,
      );
      if (!busy) return pair;
    }
    return undefined;
  }

  /** RFC 8838 §12: waiting when nothing is known of the foundation, or when it has worked; else frozen. */
  #firstState(pair: CandidatePair): 'waiting' | 'frozen' {
    let known = false;
    const { foundation } = pair;
    for (const other of this.#pairs) {
      if (other.foundation !== foundation) continue;
      if (other.state === 'succeeded') return 'waiting';
      known = true;
    }
    return known ? 'frozen' : 'waiting';
  }

  #makeRoom(pair: CandidatePair): boolean {
    for (let i = this.#pairs.length - 1; i >= 0; i--) {
      const worst = this.#pairs[i]!;
      if (worst.state === 'succeeded' || worst.state === 'in-progress' || worst.nominated) continue;
      // What failed or was never tried gives way to what is better.
      if (worst.state !== 'failed' && worst.priority >= pair.priority) return false;
      this.remove(worst);
      return true;
    }
    return false;
  }

  #sort(): void {
    this.#pairs.sort((a, b) => (a.priority === b.priority ? a.id - b.id : a.priority > b.priority ? -1 : 1));
  }
}

function key({ protocol, local, remote }: Path): string {
  return `${protocol} ${local.address} ${local.port} ${remote.address} ${remote.port}`;
}
