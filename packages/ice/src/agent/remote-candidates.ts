import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import { isLinkLocal, isUnspecified, sameAddress } from '@kaon/wire';
import { type Candidate, candidateAddress, type TcpType } from '../candidate.ts';
import type { ResolvedOptions } from '../options.ts';
import { type LocalCandidate, withoutZone } from './local-candidates.ts';

/** A remote candidate. `candidate` changes when a peer-reflexive one turns out to be one that is signalled. */
export interface RemoteCandidate {
  candidate: Candidate;
  readonly address: TransportAddress;
  /** What the peer says that its network costs, 0 to 999. */
  networkCost?: number;
}

/** Why a remote candidate is not used. */
export type Refusal = 'tcp' | 'component' | 'name' | 'address' | 'filtered' | 'too-many' | 'duplicate' | 'stale';

/** Remote candidates of one generation. */
export class RemoteCandidates {
  readonly all: RemoteCandidate[] = [];
  readonly #options: ResolvedOptions;
  /** TCP candidates that came before there was a TCP base. */
  #parked: Candidate[] = [];
  #reflexive = 0;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /**
   * Adds a signalled candidate, or says why not. A peer-reflexive one at its address takes over what it says
   * (RFC 8838 §11.4). `tcp`: whether there is a base for TCP candidates; they are kept until there is.
   */
  add(candidate: Candidate, tcp: boolean): RemoteCandidate | Refusal {
    const address = candidateAddress(candidate);
    const refusal = this.#refusal(candidate, address, tcp);
    if (refusal !== undefined || address === undefined) return refusal ?? 'name';
    const { protocol, tcpType } = candidate;
    const known = this.at(address, protocol, tcpType);
    if (known !== undefined) {
      if (known.candidate.type !== 'prflx' || candidate.type === 'prflx') return 'duplicate';
      known.candidate = { ...candidate, address: address.address };
      known.networkCost = signalledCost(candidate) ?? known.networkCost ?? 0;
      return known;
    }
    if (this.all.length >= this.#options.maxCandidatePairs) return 'too-many';
    const remote = {
      candidate: { ...candidate, address: address.address },
      address,
      networkCost: signalledCost(candidate) ?? 0,
    };
    this.all.push(remote);
    return remote;
  }

  /** A peer-reflexive candidate, learnt from a check (RFC 8445 §7.3.1.3); undefined when there is no room or it is filtered. */
  addReflexive(
    { protocol, remote: address }: Path,
    tcpType: TcpType | undefined,
    priority: number,
    usernameFragment: string,
  ): RemoteCandidate | undefined {
    if (this.full || !this.#options.addressFilter(address, 'remote')) return undefined;
    const candidate: Candidate = {
      // Unlike any that the peer would signal (RFC 8445 §7.3.1.3): it is free to use digits, and does not know ours.
      foundation: `prflx${++this.#reflexive}`,
      component: 1,
      protocol,
      priority,
      address: withoutZone(address.address),
      port: address.port,
      type: 'prflx',
      ...(tcpType === undefined ? {} : { tcpType }),
      usernameFragment,
    };
    const remote = { candidate, address };
    this.all.push(remote);
    return remote;
  }

  get full(): boolean {
    return this.all.length >= this.#options.maxCandidatePairs;
  }

  /** TCP candidates that can be used from now on. */
  takeParked(): Candidate[] {
    const parked = this.#parked;
    this.#parked = [];
    return parked;
  }

  at(address: TransportAddress, protocol: 'udp' | 'tcp', tcpType?: TcpType): RemoteCandidate | undefined {
    return this.all.find(
      (each) =>
        each.candidate.protocol === protocol &&
        (tcpType === undefined || each.candidate.tcpType === tcpType) &&
        (sameAddress(each.address, address) ||
          (each.address.port === address.port && each.address.address === withoutZone(address.address))),
    );
  }

  remove(remote: RemoteCandidate): void {
    const at = this.all.indexOf(remote);
    if (at >= 0) this.all.splice(at, 1);
  }

  #refusal(candidate: Candidate, address: TransportAddress | undefined, tcp: boolean): Refusal | undefined {
    const { protocol, tcpType, component } = candidate;
    if (protocol !== 'udp' && tcpType === undefined) return 'tcp';
    if (protocol !== 'udp' && !tcp) {
      if (this.#parked.length < this.#options.maxCandidatePairs) this.#parked.push(candidate);
      return 'tcp';
    }
    // Data channels and bundled media have one component.
    if (component !== 1) return 'component';
    if (address === undefined) return 'name';
    // Nobody connects to an active candidate, so its port says nothing (RFC 6544 §4.5).
    if ((address.port === 0 && tcpType !== 'active') || isUnspecified(address.address) || isGroup(address)) {
      return 'address';
    }
    if (!this.#options.families.includes(address.family)) return 'filtered';
    if (!this.#options.addressFilter(address, 'remote')) return 'filtered';
    return undefined;
  }
}

/** Whether two candidates may be paired (RFC 8445 §6.1.2.2, RFC 6544 §6.2). */
export function mayPair({ base, protocol, tcpType }: LocalCandidate, { address, candidate }: RemoteCandidate): boolean {
  if (protocol !== candidate.protocol || base.family !== address.family) return false;
  if (protocol === 'tcp' && (tcpType === undefined || candidate.tcpType !== COUNTERPART[tcpType])) return false;
  return base.family === 'IPv4' || isLinkLocal(base.address) === isLinkLocal(address.address);
}

/** Whom a TCP candidate of one type talks to. */
export const COUNTERPART: { readonly [T in TcpType]: TcpType } = { active: 'passive', passive: 'active', so: 'so' };

/** `network-cost` as Chromium writes it; undefined without one, or with nonsense. */
export function signalledCost({ extensions }: Candidate): number | undefined {
  const value = extensions?.find(([name]) => name === 'network-cost')?.[1];
  return value !== undefined && /^[0-9]{1,5}$/.test(value) ? Math.min(Number(value), MAX_COST) : undefined;
}

/** Of a network (draft-thatcher-ice-network-cost §4). */
export const MAX_COST = 999;

/** Multicast and broadcast: a peer must not make us send there. */
function isGroup({ address, family }: TransportAddress): boolean {
  if (family === 'IPv6') return address.startsWith('ff');
  const first = Number.parseInt(address, 10);
  return first >= 224;
}
