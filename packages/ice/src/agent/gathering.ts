import type { Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import { attribute, ClientTransaction, encodeMessage, formatTransactionId, METHOD, type StunMessage } from '@kaon/stun';
import { isLinkLocal, isLoopback, samePath } from '@kaon/wire';
import type { Candidate } from '../candidate.ts';
import type { IceGatheringState } from '../events.ts';
import { candidatePriority, localPreference, localPreferenceOf } from '../priority.ts';
import {
  type Base,
  checkAddress,
  costExtension,
  hiddenRelated,
  hostCandidates,
  isAt,
  type LocalBase,
  makeBase,
  mappedCandidates,
  mappingReplaced,
  preferenceOf,
  reflexiveCandidate,
} from './base.ts';
import { bindingIndication } from './consent.ts';
import { type Context, newTransactionId } from './context.ts';
import { type LocalCandidate, sameBase, withoutZone } from './local-candidates.ts';
import { signalledCost } from './remote-candidates.ts';

export type { LocalBase } from './base.ts';

/** A STUN server by address; `url` is what the application called it. */
export interface StunServer {
  readonly address: TransportAddress;
  readonly url: string;
  /** It is asked, but no error of its own is reported: a TURN server that speaks for itself. Default false. */
  readonly quiet?: boolean | undefined;
}

/** Local candidates: host ones from bases, server-reflexive ones from every server through every base (RFC 8445 §5.1.1). */
export class Gathering {
  readonly #context: Context;
  /** Told of each candidate that may be paired. */
  readonly #onLocal: (local: LocalCandidate) => void;
  #bases: Base[] = [];
  #servers: StunServer[] = [];
  #waiting: Query[] = [];
  readonly #open = new Map<string, OpenQuery>();
  readonly #bindings: Binding[] = [];
  #fragment: string;
  #ended = false;
  #refreshing = true;
  #state: IceGatheringState = 'new';
  /** URLs by what became of them, so that each is reported once. */
  readonly #answered = new Set<string>();
  readonly #reported = new Set<string>();

  constructor(context: Context, fragment: string, onLocal: (local: LocalCandidate) => void) {
    this.#context = context;
    this.#fragment = fragment;
    this.#onLocal = onLocal;
  }

  get state(): IceGatheringState {
    return this.#state;
  }

  /** Queries that wait for their turn to be sent. */
  get hasWork(): boolean {
    return this.#waiting.length > 0;
  }

  /** Throws IceError `ICE_BAD_ADDRESS`. A base that is filtered or known changes nothing. */
  addBase(local: LocalBase): void {
    const { options } = this.#context;
    const { address, protocol = 'udp' } = local;
    const { family } = address;
    const index = this.#bases.filter((each) => each.address.family === family && each.protocol === protocol).length;
    const base = makeBase(local, index, options);
    if (!options.families.includes(family)) return;
    if (options.networkTypes !== undefined && !options.networkTypes.includes(local.networkType ?? 'unknown')) return;
    if (local.networkName !== undefined && !options.interfaceFilter(local.networkName)) return;
    if (!options.addressFilter(address, 'local')) return;
    if (this.#bases.some((each) => isAt(each, address, protocol))) return;
    this.#bases.push(base);
    this.#begin();
    for (const host of hostCandidates(base, this.#context.locals, options)) this.#add(host);
    this.#addMapped(base);
    for (const server of this.#servers) this.#ask(base, server);
  }

  removeBase(address: TransportAddress, protocol: 'udp' | 'tcp' = 'udp'): void {
    const gone = (base: Base): boolean => isAt(base, address, protocol);
    this.#bases = this.#bases.filter((base) => !gone(base));
    this.#waiting = this.#waiting.filter((query) => !gone(query.base));
    for (const [id, query] of this.#open) if (gone(query.base)) this.#open.delete(id);
    for (let i = this.#bindings.length - 1; i >= 0; i--) if (gone(this.#bindings[i]!.base)) this.#bindings.splice(i, 1);
    this.#context.locals.removeBase(address, protocol);
    this.#completeIfDone();
  }

  addServer(server: StunServer): void {
    const address = checkAddress(server.address);
    const known = this.#servers.some((each) => sameBase(each.address, address) && each.url === server.url);
    if (known) return;
    const checked = { ...server, address };
    this.#servers.push(checked);
    this.#begin();
    for (const base of this.#bases) this.#ask(base, checked);
  }

  serverFailed(url: string, text: string): void {
    this.#begin();
    this.#report(url, undefined, 701, text);
    this.#completeIfDone();
  }

  /**
   * A candidate that was found elsewhere, such as a relayed one, which is reached from `via`. Priority 0 and foundation ''
   * have them computed. A related address that is hidden is hidden here too.
   */
  addCandidate(candidate: Candidate, base: TransportAddress, via?: TransportAddress): void {
    const { locals, options } = this.#context;
    const { type, protocol, tcpType, relayProtocol, relatedAddress } = candidate;
    if (!options.candidateTypes.includes(type)) return;
    this.#begin();
    const network =
      this.#bases.find((each) => isAt(each, base, protocol)) ??
      this.#bases.find((each) => each.address.address === via?.address);
    const networkCost = signalledCost(candidate) ?? network?.local.networkCost;
    const preference = this.#preferenceFor(candidate, base, networkCost, via);
    const source = `${relayProtocol ?? ''} ${candidate.url ?? ''}`;
    const complete: Candidate = {
      ...costExtension(networkCost),
      ...candidate,
      foundation: candidate.foundation || locals.foundation(type, base.address, protocol, source),
      priority: candidate.priority || candidatePriority(type, preference, 1, { protocol, relayProtocol }),
      ...(this.#bases.some((each) => each.hidden && each.text === relatedAddress)
        ? hiddenRelated(candidate.address)
        : {}),
    };
    const networkType = network?.local.networkType;
    this.#add({ candidate: complete, base, preference, protocol, tcpType, networkType, networkCost });
  }

  /** No more bases and servers: complete once the queries have ended. */
  end(): void {
    this.#ended = true;
    this.#begin();
    this.#completeIfDone();
  }

  /** More bases and servers will be added after all, until `end`: before a restart, or when the network has changed. */
  reopen(): void {
    this.#ended = false;
    if (this.#state !== 'new') this.#setState('gathering');
  }

  /** Reports everything anew under the new fragment, and asks all servers again. */
  restart(fragment: string): void {
    const { locals } = this.#context;
    this.#fragment = fragment;
    this.#refreshing = true;
    this.#answered.clear();
    this.#reported.clear();
    this.#open.clear();
    this.#waiting = [];
    this.#bindings.length = 0;
    const begun = this.#state !== 'new';
    if (begun) this.#setState('gathering');
    for (const local of [...locals.all]) {
      const { type } = local.candidate;
      if (type === 'srflx' || type === 'prflx') locals.remove(local);
      else this.#emit(locals.replace(local, { ...local.candidate, usernameFragment: fragment }));
    }
    for (const base of this.#bases) this.#addMapped(base);
    for (const server of this.#servers) for (const base of this.#bases) this.#ask(base, server);
    if (begun) this.#completeIfDone();
  }

  /** Reflexive addresses need no refreshing once a pair is selected. */
  stopRefreshing(): void {
    this.#refreshing = false;
  }

  /** Sends the next query. */
  startNext(now: Instant): void {
    const query = this.#waiting.shift();
    if (query === undefined) return;
    const { random, outbox, options } = this.#context;
    const transactionId = newTransactionId(random);
    const request = encodeMessage(
      { class: 'request', method: METHOD.Binding, transactionId, attributes: [] },
      { fingerprint: true },
    );
    const rto = Math.max(MIN_RTO, options.pacing * (this.#waiting.length + this.#open.size + 1));
    const transaction = new ClientTransaction({ request, transactionId, now, rto });
    const path: Path = { protocol: 'udp', local: query.base.address, remote: query.server.address };
    const deadline = now + options.gatheringTimeout;
    this.#open.set(formatTransactionId(transactionId), { ...query, transaction, path, deadline });
    outbox.pushTransaction(transaction, path);
  }

  handleTimeout(now: Instant): void {
    const { outbox, random, options } = this.#context;
    for (const [id, query] of this.#open) {
      const { transaction } = query;
      if (transaction.pollTimeout() <= now) {
        transaction.handleTimeout(now);
        if (transaction.state === 'pending') outbox.pushTransaction(transaction, query.path);
      }
      if (transaction.state === 'pending' && query.deadline > now) continue;
      this.#open.delete(id);
      this.#unanswered(query, 701, 'STUN server did not answer');
    }
    for (const binding of this.#refreshing ? this.#bindings : []) {
      if (binding.refreshAt > now) continue;
      binding.refreshAt = now + options.keepaliveInterval;
      outbox.push(bindingIndication(newTransactionId(random)), binding.path);
    }
  }

  pollTimeout(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { transaction, deadline } of this.#open.values()) {
      earliest = Math.min(earliest, transaction.pollTimeout(), deadline);
    }
    for (const { refreshAt } of this.#refreshing ? this.#bindings : []) earliest = Math.min(earliest, refreshAt);
    return earliest;
  }

  has(message: StunMessage): boolean {
    return this.#open.has(formatTransactionId(message.transactionId));
  }

  handleResponse(message: StunMessage, path: Path, now: Instant): void {
    const id = formatTransactionId(message.transactionId);
    const query = this.#open.get(id);
    if (query === undefined || !samePath(path, query.path)) {
      this.#context.counters.dropped.transaction++;
      return;
    }
    this.#open.delete(id);
    query.transaction.handleResponse(message, now);
    const mapped = attribute(message, 'xor-mapped-address')?.address ?? attribute(message, 'mapped-address')?.address;
    if (message.class === 'error') {
      const code = attribute(message, 'error-code');
      this.#unanswered(query, code?.code ?? 500, code?.reason ?? 'STUN server answered with an error');
    } else if (mapped === undefined || mapped.family !== query.base.address.family) {
      this.#unanswered(query, 701, 'STUN server answered without an address');
    } else {
      this.#answered.add(query.server.url);
      this.#bindings.push({
        base: query.base,
        path: query.path,
        refreshAt: now + this.#context.options.keepaliveInterval,
      });
      this.#addReflexive(query, mapped);
      this.#completeIfDone();
    }
  }

  #addReflexive({ base, server }: Query, mapped: TransportAddress): void {
    const { locals } = this.#context;
    const { address, port } = mapped;
    // Not behind a NAT: the host candidate says the same (RFC 8445 §5.1.3), unless it is kept from the peer.
    if (address === base.text && port === base.address.port && !base.hidden) return;
    // So has another server.
    if (locals.at(address, port, base.address) !== undefined) return;
    const others = locals.all.filter(
      (each) => each.candidate.type === 'srflx' && each.protocol === 'udp' && sameBase(each.base, base.address),
    );
    const local = reflexiveCandidate(base, mapped, server.address.address, others.length, locals);
    this.#add({ ...local, candidate: { ...local.candidate, url: server.url } });
  }

  #addMapped(base: Base): void {
    const { locals, options } = this.#context;
    for (const mapped of mappedCandidates(base, locals, options)) this.#add(mapped);
  }

  #preferenceFor(
    { type, priority, protocol }: Candidate,
    base: TransportAddress,
    cost: number | undefined,
    via: TransportAddress | undefined,
  ): number {
    if (priority > 0) return localPreferenceOf(priority);
    const ours = this.#bases.find((each) => isAt(each, base, protocol));
    if (ours !== undefined) return preferenceOf(ours, type);
    const { family } = base;
    const index = this.#context.locals.all.filter(
      (each) => each.candidate.type === type && each.base.family === family,
    );
    // An IPv6 relay of a host that has IPv4 alone leads to other relays only, where an IPv4 one leads to the peer itself.
    const limitedScope = via !== undefined && via.family !== family;
    return localPreference({ family, index: index.length, cost: cost ?? 0, limitedScope });
  }

  #add(found: LocalCandidate): void {
    if (!this.#context.options.candidateTypes.includes(found.candidate.type)) return;
    const local = { ...found, candidate: { ...found.candidate, usernameFragment: this.#fragment } };
    if (!this.#context.locals.add(local)) return;
    this.#emit(local);
    this.#onLocal(local);
  }

  #emit(local: LocalCandidate): void {
    const base = this.#bases.find((each) => isAt(each, local.base, local.protocol));
    if (local.candidate.type === 'host' && base?.local.signal === false) return;
    this.#context.emit({ type: 'candidate', candidate: local.candidate });
  }

  #ask(base: Base, server: StunServer): void {
    if (base.protocol !== 'udp' || base.address.family !== server.address.family) return;
    const { options } = this.#context;
    if (!options.candidateTypes.includes('srflx') || mappingReplaced(base, options)) return;
    const { address } = base.address;
    // From there only servers of the same scope can be reached.
    if (isLoopback(address) && !isLoopback(server.address.address)) return;
    if (isLinkLocal(address) && !isLinkLocal(server.address.address)) return;
    this.#waiting.push({ base, server });
  }

  #unanswered(query: Query, code: number, text: string): void {
    const { url, quiet } = query.server;
    const moreToCome = [...this.#waiting, ...this.#open.values()].some((each) => each.server.url === url);
    // 701 is for a server that cannot be reached at all, and said once.
    const tell = quiet !== true && (code !== 701 || (!moreToCome && !this.#answered.has(url)));
    if (tell) this.#report(url, query.base.address, code, text);
    this.#completeIfDone();
  }

  #report(url: string, address: TransportAddress | undefined, errorCode: number, errorText: string): void {
    const once = `${url} ${errorCode}`;
    if (this.#reported.has(once)) return;
    this.#reported.add(once);
    const where = { address: withoutZone(address?.address ?? ''), port: address?.port ?? 0 };
    this.#context.emit({ type: 'candidate-error', url, ...where, errorCode, errorText });
  }

  #begin(): void {
    if (this.#state === 'new') this.#setState('gathering');
  }

  #completeIfDone(): void {
    if (!this.#ended || this.#waiting.length > 0 || this.#open.size > 0) return;
    this.#setState('complete');
  }

  #setState(state: IceGatheringState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#context.emit({ type: 'gathering-state', state });
  }
}

interface Query {
  readonly base: Base;
  readonly server: StunServer;
}

interface OpenQuery extends Query {
  readonly transaction: ClientTransaction;
  readonly path: Path;
  readonly deadline: Instant;
}

interface Binding {
  readonly base: Base;
  readonly path: Path;
  refreshAt: Instant;
}

const MIN_RTO = 500;
