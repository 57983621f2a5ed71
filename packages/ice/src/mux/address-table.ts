import type { Instant, TransportAddress } from '@kaon/interface/core/v1';

/** What one owner has to do with one remote address. */
export interface Claim<O> {
  readonly owner: O;
  readonly address: string;
  readonly port: number;
  /** A check of the owner was answered from there: whoever is there receives what is sent there. */
  answered: boolean;
  /** The owner's agent has chosen a pair with it. */
  chosen: boolean;
  /** When the owner was last heard of from there, by a fragment or by an answer. */
  heardAt: Instant;
  /** The next claim to the same address; the first of them holds it. */
  next: Claim<O> | undefined;
}

/** Bounds and times of an `AddressTable`. */
export interface AddressTableOptions {
  readonly maxPerOwner: number;
  /** ms without STUN until a claim that was not chosen is void. */
  readonly lifetime: number;
  /** ms without STUN until a claim gives way to one that was chosen without an answer. */
  readonly silence: number;
  /** ms without STUN until a chosen claim is void. */
  readonly chosenLifetime: number;
  /** Whether an owner stands for many agents, so that one choice does not end another. */
  readonly manyChoices: boolean;
}

/**
 * Who gets what comes from an address. The one who was heard first from there holds it, until it goes, or another one
 * proves better: a request alone, whose source may be forged, moves nothing.
 *
 * A claim that was answered displaces one that was not; a chosen one displaces any when it was answered, and otherwise
 * (an ICE-lite agent asks nothing) one that was neither answered nor chosen, or that is silent.
 */
export class AddressTable<O extends object> {
  readonly #options: AddressTableOptions;
  readonly #byAddress = new Map<string, Map<number, Claim<O>>>();
  /** Of each owner, in the order in which they were last heard of. */
  readonly #byOwner = new Map<O, ClaimsOf<O>>();
  #size = 0;

  constructor(options: AddressTableOptions) {
    this.#options = options;
  }

  /** Claims held or waited for. */
  get size(): number {
    return this.#size;
  }

  /** Who gets what comes from there. Does not look at the time: a void claim that nobody disputes still serves. */
  owner(remote: TransportAddress): O | undefined {
    return this.#byAddress.get(remote.address)?.get(remote.port)?.owner;
  }

  /** A request with a fragment of the owner came from there. */
  heard(remote: TransportAddress, owner: O, now: Instant): void {
    const claim = this.#claim(remote, owner, now);
    if (claim === undefined) return;
    this.#refresh(claim, now);
    this.#contest(claim, now);
  }

  /** STUN came from there that names nobody: whoever has the address keeps it. */
  touch(remote: TransportAddress, now: Instant): O | undefined {
    const claim = this.#byAddress.get(remote.address)?.get(remote.port);
    if (claim !== undefined) this.#refresh(claim, now);
    return claim?.owner;
  }

  /** Whether a check of the owner was answered from there. */
  isAnswered(remote: TransportAddress, owner: O): boolean {
    let claim = this.#byAddress.get(remote.address)?.get(remote.port);
    while (claim !== undefined && claim.owner !== owner) claim = claim.next;
    return claim?.answered ?? false;
  }

  /** A check of the owner was answered with success from there. */
  answered(remote: TransportAddress, owner: O, now: Instant): void {
    const claim = this.#claim(remote, owner, now);
    if (claim === undefined) return;
    claim.answered = true;
    this.#refresh(claim, now);
    this.#contest(claim, now);
  }

  /** The owner's agent has chosen a pair with it; unless it stands for many, it has chosen no other any more. */
  chosen(remote: TransportAddress, owner: O, now: Instant, answered: boolean): void {
    if (!this.#options.manyChoices) this.#unchoose(owner, now);
    const claim = this.#claim(remote, owner, now);
    if (claim === undefined) return;
    claim.chosen = true;
    if (answered) claim.answered = true;
    this.#refresh(claim, now);
    this.#contest(claim, now, true);
  }

  /** Gives up all that the owner has; those who wait for it take it over. */
  removeOwner(owner: O): void {
    const claims = this.#byOwner.get(owner);
    this.#byOwner.delete(owner);
    if (claims !== undefined) for (const claim of claims.all()) this.#unlink(claim);
  }

  /** Forgets void claims. */
  expire(now: Instant): void {
    for (const claims of this.#byOwner.values()) {
      for (const claim of claims.all()) if (this.#isVoid(claim, now)) this.#remove(claim);
    }
  }

  #unchoose(owner: O, now: Instant): void {
    for (const claim of this.#byOwner.get(owner)?.all() ?? []) {
      if (!claim.chosen) continue;
      claim.chosen = false;
      this.#refresh(claim, now);
    }
  }

  #refresh(claim: Claim<O>, now: Instant): void {
    claim.heardAt = now;
    this.#byOwner.get(claim.owner)?.put(claim);
  }

  /** The owner's claim, made now where there is none and room for it. */
  #claim(remote: TransportAddress, owner: O, now: Instant): Claim<O> | undefined {
    const { address, port } = remote;
    const ports = this.#byAddress.get(address);
    const holder = ports?.get(port);
    let waiting = 0;
    for (let claim = holder; claim !== undefined; claim = claim.next) {
      if (claim.owner === owner) return claim;
      waiting++;
    }
    if (waiting >= MAX_CLAIMS && !this.#makeRoomAt(holder!)) return undefined;
    this.#makeRoomOf(owner);
    const claim: Claim<O> = { owner, address, port, answered: false, chosen: false, heardAt: now, next: undefined };
    const claims = this.#byOwner.get(owner) ?? new ClaimsOf<O>();
    this.#byOwner.set(owner, claims);
    claims.put(claim);
    this.#append(claim);
    return claim;
  }

  #append(claim: Claim<O>): void {
    this.#size++;
    let ports = this.#byAddress.get(claim.address);
    if (ports === undefined) {
      ports = new Map();
      this.#byAddress.set(claim.address, ports);
    }
    let last = ports.get(claim.port);
    if (last === undefined) {
      ports.set(claim.port, claim);
      return;
    }
    while (last.next !== undefined) last = last.next;
    last.next = claim;
  }

  /** Puts the claim first where it is the better one. `chosenNow`: among equals the latest choice counts. */
  #contest(claim: Claim<O>, now: Instant, chosenNow = false): void {
    const holder = this.#byAddress.get(claim.address)?.get(claim.port);
    if (holder === undefined || holder === claim || !this.#displaces(claim, holder, now, chosenNow)) return;
    this.#detach(claim);
    claim.next = this.#byAddress.get(claim.address)?.get(claim.port);
    this.#byAddress.get(claim.address)?.set(claim.port, claim);
  }

  #displaces(claim: Claim<O>, holder: Claim<O>, now: Instant, chosenNow: boolean): boolean {
    if (this.#isVoid(holder, now)) return true;
    if (claim.answered && !holder.answered && !holder.chosen) return true;
    if (!claim.chosen) return false;
    if (claim.answered) return chosenNow || !holder.chosen;
    return (!holder.answered && !holder.chosen) || now - holder.heardAt >= this.#options.silence;
  }

  #isVoid(claim: Claim<O>, now: Instant): boolean {
    return now - claim.heardAt >= (claim.chosen ? this.#options.chosenLifetime : this.#options.lifetime);
  }

  /** Drops the last claim to an address that is mere hearsay. */
  #makeRoomAt(holder: Claim<O>): boolean {
    let weakest: Claim<O> | undefined;
    for (let claim = holder.next; claim !== undefined; claim = claim.next) {
      if (!claim.chosen && (!claim.answered || weakest === undefined)) weakest = claim;
    }
    if (weakest === undefined) return false;
    this.#remove(weakest);
    return true;
  }

  #makeRoomOf(owner: O): void {
    const claims = this.#byOwner.get(owner);
    if (claims === undefined || claims.size < this.#options.maxPerOwner) return;
    const worst = claims.worst();
    if (worst !== undefined) this.#remove(worst);
  }

  #remove(claim: Claim<O>): void {
    const claims = this.#byOwner.get(claim.owner);
    if (claims !== undefined) {
      claims.delete(claim);
      if (claims.size === 0) this.#byOwner.delete(claim.owner);
    }
    this.#unlink(claim);
  }

  #unlink(claim: Claim<O>): void {
    this.#size--;
    this.#detach(claim);
  }

  /** Takes the claim out of its list; the best of those behind it moves up when it was the holder. */
  #detach(claim: Claim<O>): void {
    const ports = this.#byAddress.get(claim.address);
    const holder = ports?.get(claim.port);
    if (ports === undefined || holder === undefined) return;
    if (holder !== claim) {
      let before: Claim<O> = holder;
      while (before.next !== undefined && before.next !== claim) before = before.next;
      before.next = claim.next;
    } else if (claim.next !== undefined) {
      ports.set(claim.port, bestFirst(claim.next));
    } else {
      ports.delete(claim.port);
      if (ports.size === 0) this.#byAddress.delete(claim.address);
    }
    claim.next = undefined;
  }
}

/** The claims of one owner, each kind in the order in which they were last heard of. */
class ClaimsOf<O> {
  /** Neither answered nor chosen: the source of a request, which may be forged. */
  readonly #hearsay = new Set<Claim<O>>();
  readonly #better = new Set<Claim<O>>();

  get size(): number {
    return this.#hearsay.size + this.#better.size;
  }

  all(): readonly Claim<O>[] {
    return [...this.#hearsay, ...this.#better];
  }

  /** Adds it, or puts it behind the others as the latest. */
  put(claim: Claim<O>): void {
    this.delete(claim);
    if (strength(claim) === 0) this.#hearsay.add(claim);
    else this.#better.add(claim);
  }

  delete(claim: Claim<O>): void {
    if (!this.#hearsay.delete(claim)) this.#better.delete(claim);
  }

  /** The one that is missed least: the oldest of the least kind. */
  worst(): Claim<O> | undefined {
    for (const claim of this.#hearsay) return claim;
    let oldest: Claim<O> | undefined;
    let looked = 0;
    for (const claim of this.#better) {
      if (!claim.chosen) return claim;
      oldest ??= claim;
      if (++looked === LOOKED_AT) break;
    }
    return oldest;
  }
}

function strength<O>(claim: Claim<O>): number {
  return (claim.chosen ? 2 : 0) + (claim.answered ? 1 : 0);
}

/** The list with its strongest claim at the head, the others as they were. */
function bestFirst<O>(head: Claim<O>): Claim<O> {
  let best = head;
  for (let claim = head.next; claim !== undefined; claim = claim.next)
    if (strength(claim) > strength(best)) best = claim;
  if (best === head) return head;
  let before = head;
  while (before.next !== best) before = before.next as Claim<O>;
  before.next = best.next;
  best.next = head;
  return best;
}

/** Claims to one address: more than two are a forger's, or many connections between the same two shared ports. */
const MAX_CLAIMS = 8;
/** Claims of an owner that are compared before one is dropped. */
const LOOKED_AT = 32;
