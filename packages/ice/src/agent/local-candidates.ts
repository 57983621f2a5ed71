import type { TransportAddress } from '@kaon/interface/core/v1';
import type { Candidate, CandidateType, TcpType } from '../candidate.ts';
import { sameCandidate } from '../candidate.ts';

/** A local candidate and the socket it is reached through. */
export interface LocalCandidate {
  readonly candidate: Candidate;
  /** What the agent sends from: the local address of the path. */
  readonly base: TransportAddress;
  /** Local preference (RFC 8445 §5.1.2), also of peer-reflexive candidates found from here. */
  readonly preference: number;
  /** Protocol of the socket, and so of its paths. */
  readonly protocol: 'udp' | 'tcp';
  /** Who opens connections; only of TCP. */
  readonly tcpType?: TcpType | undefined;
  readonly networkType?: string | undefined;
  /** Of the base, 0 to 999; undefined for one that nothing is known of. */
  readonly networkCost?: number | undefined;
}

/** All local candidates, and their foundations. */
export class LocalCandidates {
  readonly #all: LocalCandidate[] = [];
  readonly #foundations = new Map<string, string>();

  get all(): readonly LocalCandidate[] {
    return this.#all;
  }

  /** Adds a candidate unless the same is there already for the same base. */
  add(local: LocalCandidate): boolean {
    const known = this.#all.some(
      (each) =>
        each.protocol === local.protocol &&
        sameBase(each.base, local.base) &&
        sameCandidate(each.candidate, local.candidate),
    );
    if (!known) this.#all.push(local);
    return !known;
  }

  /** Puts `candidate` in the place of one with the same identity, as when credentials change. */
  replace(local: LocalCandidate, candidate: Candidate): LocalCandidate {
    const replaced = { ...local, candidate };
    this.#all[this.#all.indexOf(local)] = replaced;
    return replaced;
  }

  remove(local: LocalCandidate): void {
    const at = this.#all.indexOf(local);
    if (at >= 0) this.#all.splice(at, 1);
  }

  /** Forgets every candidate of a base. */
  removeBase(base: TransportAddress, protocol: 'udp' | 'tcp' = 'udp'): void {
    for (let i = this.#all.length - 1; i >= 0; i--) {
      const each = this.#all[i]!;
      if (each.protocol === protocol && sameBase(each.base, base)) this.#all.splice(i, 1);
    }
  }

  /** The best candidate that is sent from this base, or undefined. */
  forBase(base: TransportAddress, protocol: 'udp' | 'tcp' = 'udp'): LocalCandidate | undefined {
    let best: LocalCandidate | undefined;
    for (const each of this.#all) {
      if (each.protocol !== protocol || !sameBase(each.base, base)) continue;
      if (best === undefined || each.candidate.priority > best.candidate.priority) best = each;
    }
    return best;
  }

  /** The candidate of a base that the world sees at this address. */
  at(
    address: string,
    port: number,
    base: TransportAddress,
    protocol: 'udp' | 'tcp' = 'udp',
  ): LocalCandidate | undefined {
    return this.#all.find(
      (each) =>
        each.protocol === protocol &&
        sameBase(each.base, base) &&
        each.candidate.address === address &&
        each.candidate.port === port,
    );
  }

  /**
   * RFC 8445 §5.1.1.3: the same for candidates of one type, from bases with one address, over one protocol and from
   * one server.
   */
  foundation(type: CandidateType, baseAddress: string, protocol: 'udp' | 'tcp', server: string): string {
    const key = `${type} ${baseAddress} ${protocol} ${server}`;
    const known = this.#foundations.get(key);
    if (known !== undefined) return known;
    const foundation = String(this.#foundations.size + 1);
    this.#foundations.set(key, foundation);
    return foundation;
  }
}

/** Whether two bases of one protocol are one socket. */
export function sameBase(a: TransportAddress, b: TransportAddress): boolean {
  return a.port === b.port && a.address === b.address;
}

/** The address without its zone, as it is signalled. */
export function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}
