import type { TransportAddress } from '@kaon/interface/core/v1';
import { isLinkLocal, isUnspecified, sameAddress } from '@kaon/wire';
import { type Candidate, candidateAddress } from '../candidate.ts';
import type { ResolvedOptions } from '../options.ts';
import { withoutZone } from './local-candidates.ts';

/** A remote candidate. `candidate` changes when a peer-reflexive one turns out to be one that is signalled. */
export interface RemoteCandidate {
  candidate: Candidate;
  readonly address: TransportAddress;
}

/** Why a remote candidate is not used. */
export type Refusal = 'tcp' | 'component' | 'name' | 'address' | 'filtered' | 'too-many' | 'duplicate' | 'stale';

/** Remote candidates of one generation. */
export class RemoteCandidates {
  readonly all: RemoteCandidate[] = [];
  readonly #options: ResolvedOptions;
  #reflexive = 0;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /** Adds a signalled candidate, or says why not. A peer-reflexive one at its address takes over what it says (RFC 8838 §11.4). */
  add(candidate: Candidate): RemoteCandidate | Refusal {
    const address = candidateAddress(candidate);
    const refusal = this.#refusal(candidate, address);
    if (refusal !== undefined || address === undefined) return refusal ?? 'name';
    const known = this.at(address);
    if (known !== undefined) {
      if (known.candidate.type !== 'prflx' || candidate.type === 'prflx') return 'duplicate';
      known.candidate = { ...candidate, address: address.address };
      return known;
    }
    if (this.all.length >= this.#options.maxCandidatePairs) return 'too-many';
    const remote = { candidate: { ...candidate, address: address.address }, address };
    this.all.push(remote);
    return remote;
  }

  /** A peer-reflexive candidate, learnt from a check (RFC 8445 §7.3.1.3); undefined when there is no room or it is filtered. */
  addReflexive(address: TransportAddress, priority: number, usernameFragment: string): RemoteCandidate | undefined {
    if (this.all.length >= this.#options.maxCandidatePairs) return undefined;
    if (!this.#options.addressFilter(address, 'remote')) return undefined;
    const candidate: Candidate = {
      // Unlike any that the peer would signal (RFC 8445 §7.3.1.3): it is free to use digits, and does not know ours.
      foundation: `prflx${++this.#reflexive}`,
      component: 1,
      protocol: 'udp',
      priority,
      address: withoutZone(address.address),
      port: address.port,
      type: 'prflx',
      usernameFragment,
    };
    const remote = { candidate, address };
    this.all.push(remote);
    return remote;
  }

  at(address: TransportAddress): RemoteCandidate | undefined {
    return this.all.find(
      (each) =>
        sameAddress(each.address, address) ||
        (each.address.port === address.port && each.address.address === withoutZone(address.address)),
    );
  }

  remove(remote: RemoteCandidate): void {
    const at = this.all.indexOf(remote);
    if (at >= 0) this.all.splice(at, 1);
  }

  #refusal(candidate: Candidate, address: TransportAddress | undefined): Refusal | undefined {
    // TCP pairs are not checked, and data channels and bundled media have one component.
    if (candidate.protocol !== 'udp') return 'tcp';
    if (candidate.component !== 1) return 'component';
    if (address === undefined) return 'name';
    if (address.port === 0 || isUnspecified(address.address) || isGroup(address)) return 'address';
    if (!this.#options.families.includes(address.family)) return 'filtered';
    if (!this.#options.addressFilter(address, 'remote')) return 'filtered';
    return undefined;
  }
}

/** Whether two candidates may be paired (RFC 8445 §6.1.2.2). */
export function mayPair(base: TransportAddress, remote: TransportAddress): boolean {
  if (base.family !== remote.family) return false;
  return base.family === 'IPv4' || isLinkLocal(base.address) === isLinkLocal(remote.address);
}

/** Multicast and broadcast: a peer must not make us send there. */
function isGroup({ address, family }: TransportAddress): boolean {
  if (family === 'IPv6') return address.startsWith('ff');
  const first = Number.parseInt(address, 10);
  return first >= 224;
}
