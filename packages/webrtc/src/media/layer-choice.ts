import type { Instant } from '@kaon/interface/core/v1';

/**
 * Which layer of a simulcast a sender without simulcast passes on: the one that was selected, else the largest one that fits
 * the bit rate, by what the layers have been seen to use.
 */
export class LayerChoice {
  readonly #usage = new Map<string, Usage>();
  #selected: string | undefined = undefined;
  #wanted: string | undefined = undefined;
  #active: string | undefined = undefined;
  #changedAt: Instant = 0;

  /** The layer that is being passed on. */
  get active(): string | undefined {
    return this.#active;
  }

  /** The layer that is passed on from its next key frame. */
  get wanted(): string | undefined {
    return this.#selected ?? this.#wanted;
  }

  /** Undefined: by bit rate. */
  select(rid: string | undefined): void {
    this.#selected = rid;
  }

  joined(rid: string | undefined): void {
    this.#active = rid;
  }

  /** Another source. */
  reset(): void {
    this.#usage.clear();
    this.#wanted = undefined;
    this.#active = undefined;
  }

  /** A layer brought `bytes`; `bitrate` is what may be used. `rids` are all layers. */
  note(rid: string, bytes: number, rids: readonly string[], bitrate: number, now: Instant): void {
    let usage = this.#usage.get(rid);
    if (usage === undefined) {
      usage = { since: now, bytes: 0, bitrate: 0, lastAt: now };
      this.#usage.set(rid, usage);
      // Until it is known better, the first that comes.
      if (this.#wanted === undefined) {
        this.#wanted = rid;
        this.#changedAt = now;
      }
    }
    usage.bytes += bytes;
    usage.lastAt = now;
    const elapsed = now - usage.since;
    if (elapsed < WINDOW) return;
    usage.bitrate = (usage.bytes * 8000) / elapsed;
    usage.bytes = 0;
    usage.since = now;
    this.#choose(rids, bitrate, now);
  }

  #choose(rids: readonly string[], bitrate: number, now: Instant): void {
    let best: string | undefined;
    let bestRate = 0;
    let least: string | undefined;
    let leastRate = Number.POSITIVE_INFINITY;
    for (const rid of rids) {
      const usage = this.#usage.get(rid);
      // A layer that its sender has paused is no choice.
      if (usage === undefined || usage.bitrate === 0 || now - usage.lastAt > 2 * WINDOW) continue;
      // A layer above the present one has to fit with something to spare, so that the choice does not swing.
      const margin = rid === this.#active ? 1 : 1.1;
      if (usage.bitrate * margin <= bitrate && usage.bitrate > bestRate) {
        best = rid;
        bestRate = usage.bitrate;
      }
      if (usage.bitrate < leastRate) {
        least = rid;
        leastRate = usage.bitrate;
      }
    }
    const next = best ?? least;
    if (next === undefined || next === this.#wanted) return;
    // An estimate that still moves is followed down at once, and up after a while: each change costs a key frame.
    const present = this.#wanted === undefined ? undefined : this.#usage.get(this.#wanted);
    const isAlive = present !== undefined && now - present.lastAt <= 2 * WINDOW;
    if (isAlive && bestRate > present.bitrate && now - this.#changedAt < HOLD) return;
    this.#wanted = next;
    this.#changedAt = now;
  }
}

interface Usage {
  since: Instant;
  bytes: number;
  bitrate: number;
  lastAt: Instant;
}

/** Milliseconds over which a layer's rate is measured. */
const WINDOW = 1000;
/** Milliseconds after a change in which no better layer is chosen. */
const HOLD = 2000;
