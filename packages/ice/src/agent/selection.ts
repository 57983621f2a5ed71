import type { Instant, Path } from '@kaon/interface/core/v1';
import { samePath } from '@kaon/wire';
import type { SelectedPair } from '../events.ts';
import type { Generation } from './generation.ts';
import type { CandidatePair } from './pair.ts';

/** The pair that data travels on, and which paths data may come from. */
export class Selection {
  #pair: CandidatePair | undefined;
  #generation: Generation | undefined;
  #selected: SelectedPair | undefined;
  /** The pair of before a restart: the peer may use it a little longer than we do. */
  #previous: Previous | undefined;
  /** Paths of valid pairs, computed when asked for after a change. */
  #known: readonly Path[] | undefined;
  #last: Path | undefined;

  get pair(): CandidatePair | undefined {
    return this.#pair;
  }

  /** The generation whose credentials the selected pair lives on. */
  get generation(): Generation | undefined {
    return this.#generation;
  }

  /** Credentials of before the last switch, while their pair is still to be answered. */
  get previous(): Readonly<Previous> | undefined {
    return this.#previous;
  }

  /** What the application sees; its path is one object while the pair is selected. */
  get selected(): SelectedPair | undefined {
    const pair = this.#pair;
    if (pair === undefined || this.#selected === undefined) return undefined;
    const local = (pair.validLocal ?? pair.local).candidate;
    const remote = pair.remote.candidate;
    // A peer-reflexive candidate may have turned out to be a signalled one since.
    if (this.#selected.local !== local || this.#selected.remote !== remote) {
      this.#selected = { local, remote, path: pair.path };
    }
    return this.#selected;
  }

  /** `until` is how long a pair of an earlier generation is still answered. */
  select(pair: CandidatePair, generation: Generation, until: Instant): SelectedPair {
    if (this.#pair !== undefined && this.#generation !== undefined && this.#generation !== generation) {
      this.#previous = { path: this.#pair.path, generation: this.#generation, until };
    }
    this.#pair = pair;
    this.#generation = generation;
    this.#selected = {
      local: (pair.validLocal ?? pair.local).candidate,
      remote: pair.remote.candidate,
      path: pair.path,
    };
    this.changed();
    return this.#selected;
  }

  /** Nothing may be sent any more. */
  clear(): void {
    this.#pair = undefined;
    this.#generation = undefined;
    this.#selected = undefined;
    this.#previous = undefined;
    this.changed();
  }

  /** Ends the time of grace of the previous pair. */
  handleTimeout(now: Instant): void {
    if (this.#previous === undefined || now < this.#previous.until) return;
    this.#previous = undefined;
    this.changed();
  }

  pollTimeout(): Instant {
    return this.#previous?.until ?? Number.POSITIVE_INFINITY;
  }

  /** Forgets what `isKnown` has computed: pairs became valid or ceased to be. */
  changed(): void {
    this.#known = undefined;
    this.#last = undefined;
  }

  /** Whether a valid pair travels this path. Asked for each datagram, so the last good answer is kept. */
  isKnown(path: Path, current: Generation): boolean {
    const last = this.#last;
    if (last !== undefined && samePath(path, last)) return true;
    this.#known ??= this.#compute(current);
    for (const known of this.#known) {
      if (!samePath(path, known)) continue;
      this.#last = known;
      return true;
    }
    return false;
  }

  #compute(current: Generation): readonly Path[] {
    const known: Path[] = [];
    if (this.#pair !== undefined) known.push(this.#pair.path);
    if (this.#previous !== undefined) known.push(this.#previous.path);
    for (const pair of current.checklist.pairs) if (pair.valid) known.push(pair.path);
    return known;
  }
}

interface Previous {
  readonly path: Path;
  readonly generation: Generation;
  readonly until: Instant;
}
