import type { Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import { attribute, ClientTransaction, encodeMessage, formatTransactionId, METHOD, type StunMessage } from '@kaon/stun';
import {
  addressFamily,
  canonicalAddress,
  formatAddress,
  isLinkLocal,
  isLoopback,
  isUnspecified,
  samePath,
} from '@kaon/wire';
import type { Candidate, TcpType } from '../candidate.ts';
import { IceError } from '../errors.ts';
import type { IceGatheringState } from '../events.ts';
import type { NetworkType } from '../options.ts';
import { candidatePriority, localPreference, localPreferenceOf } from '../priority.ts';
import { bindingIndication } from './consent.ts';
import { type Context, newTransactionId } from './context.ts';
import { type LocalCandidate, sameBase, withoutZone } from './local-candidates.ts';

/** A bound socket of the driver. */
export interface LocalBase {
  /** Where it is bound: numeric and not the unspecified address; IPv6 link-local with its zone. An active TCP base has port 9. */
  readonly address: TransportAddress;
  /** Default udp. */
  readonly protocol?: 'udp' | 'tcp' | undefined;
  /** Who opens connections (RFC 6544 §4.5); of TCP alone, and needed there. */
  readonly tcpType?: TcpType | undefined;
  /** An mDNS name that stands for the address wherever that would be signalled (draft-ietf-mmusic-mdns-ice-candidates §3.1). */
  readonly name?: string | undefined;
  /** Interface, for `interfaceFilter`. */
  readonly networkName?: string | undefined;
  readonly networkType?: NetworkType | undefined;
  /** 0 to 999; dearer networks get lower priority and say so in `network-cost`. */
  readonly networkCost?: number | undefined;
  /** False: the host candidate is used but not reported, and its address is not named in others. Default true. */
  readonly signal?: boolean | undefined;
}

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
    checkAddress(local.address);
    // As it was given: paths lead back to the driver's socket by it.
    const { address } = local;
    const { options } = this.#context;
    if (!options.families.includes(address.family)) return;
    if (options.networkTypes !== undefined && !options.networkTypes.includes(local.networkType ?? 'unknown')) return;
    if (local.networkName !== undefined && !options.interfaceFilter(local.networkName)) return;
    if (!options.addressFilter(address, 'local')) return;
    if (this.#bases.some((base) => sameBase(base.address, address))) return;
    const index = this.#bases.filter((base) => base.address.family === address.family).length;
    const limitedScope = isLoopback(address.address) || isLinkLocal(address.address);
    const cost = local.networkCost ?? 0;
    const preference = localPreference({ family: address.family, index, cost, limitedScope });
    const text = withoutZone(canonicalAddress(address.address) ?? address.address);
    const base: Base = { address, text, preference, local };
    this.#bases.push(base);
    this.#begin();
    this.#addHost(base);
    for (const server of this.#servers) this.#ask(base, server);
  }

  removeBase(address: TransportAddress): void {
    this.#bases = this.#bases.filter((base) => !sameBase(base.address, address));
    this.#waiting = this.#waiting.filter((query) => !sameBase(query.base.address, address));
    for (const [id, query] of this.#open) if (sameBase(query.base.address, address)) this.#open.delete(id);
    for (let i = this.#bindings.length - 1; i >= 0; i--) {
      if (sameBase(this.#bindings[i]!.path.local, address)) this.#bindings.splice(i, 1);
    }
    this.#context.locals.removeBase(address);
    this.#completeIfDone();
  }

  addServer(server: StunServer): void {
    const address = checkAddress(server.address);
    const known = this.#servers.some((each) => sameBase(each.address, address) && each.url === server.url);
    if (known) return;
    const checked = { address, url: server.url };
    this.#servers.push(checked);
    this.#begin();
    for (const base of this.#bases) this.#ask(base, checked);
  }

  serverFailed(url: string, text: string): void {
    this.#begin();
    this.#report(url, undefined, 701, text);
    this.#completeIfDone();
  }

  /** A candidate that was found elsewhere, such as a relayed one. Priority 0 has it computed. */
  addCandidate(candidate: Candidate, base: TransportAddress): void {
    const { locals, options } = this.#context;
    if (!options.candidateTypes.includes(candidate.type)) return;
    this.#begin();
    const ours = this.#bases.find((each) => sameBase(each.address, base));
    const preference =
      candidate.priority > 0
        ? localPreferenceOf(candidate.priority)
        : (ours?.preference ?? localPreference({ family: base.family, index: locals.all.length }));
    const priority = candidate.priority > 0 ? candidate.priority : candidatePriority(candidate.type, preference);
    this.#add(
      {
        candidate: { ...candidate, priority, usernameFragment: this.#fragment },
        base,
        preference,
        protocol: candidate.protocol,
      },
      true,
    );
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
      this.#bindings.push({ path: query.path, refreshAt: now + this.#context.options.keepaliveInterval });
      this.#addReflexive(query, mapped);
      this.#completeIfDone();
    }
  }

  #addHost(base: Base): void {
    const { locals } = this.#context;
    const { address, local } = base;
    const cost = local.networkCost ?? 0;
    const candidate: Candidate = {
      foundation: locals.foundation('host', address.address, 'udp', ''),
      component: 1,
      protocol: 'udp',
      priority: candidatePriority('host', base.preference),
      address: base.text,
      port: address.port,
      type: 'host',
      usernameFragment: this.#fragment,
      ...(cost > 0 ? { extensions: [['network-cost', String(cost)] as const] } : {}),
    };
    this.#add(
      { candidate, base: address, preference: base.preference, protocol: 'udp', networkType: local.networkType },
      true,
    );
  }

  #addReflexive({ base, server }: Query, mapped: TransportAddress): void {
    const { locals } = this.#context;
    const address = mapped.address;
    // Not behind a NAT, or another server has seen the same: redundant (RFC 8445 §5.1.3).
    if (address === base.text && mapped.port === base.address.port) return;
    if (locals.at(address, mapped.port, base.address) !== undefined) return;
    const others = locals.all.filter((each) => each.candidate.type === 'srflx' && sameBase(each.base, base.address));
    const hidden = base.local.signal === false || !this.#context.options.candidateTypes.includes('host');
    const preference = Math.max(0, base.preference - others.length);
    const candidate: Candidate = {
      foundation: locals.foundation('srflx', base.address.address, 'udp', server.address.address),
      component: 1,
      protocol: 'udp',
      priority: candidatePriority('srflx', preference),
      address,
      port: mapped.port,
      type: 'srflx',
      // RFC 8839 §5.1: what policy hides is written as unspecified, port 9.
      relatedAddress: hidden ? (mapped.family === 'IPv4' ? '0.0.0.0' : '::') : base.text,
      relatedPort: hidden ? 9 : base.address.port,
      usernameFragment: this.#fragment,
      url: server.url,
    };
    this.#add(
      { candidate, base: base.address, preference, protocol: 'udp', networkType: base.local.networkType },
      true,
    );
  }

  #add(local: LocalCandidate, report: boolean): void {
    if (!this.#context.options.candidateTypes.includes(local.candidate.type)) return;
    if (!this.#context.locals.add(local)) return;
    if (report) this.#emit(local);
    this.#onLocal(local);
  }

  #emit(local: LocalCandidate): void {
    const base = this.#bases.find((each) => sameBase(each.address, local.base));
    if (local.candidate.type === 'host' && base?.local.signal === false) return;
    this.#context.emit({ type: 'candidate', candidate: local.candidate });
  }

  #ask(base: Base, server: StunServer): void {
    if (base.address.family !== server.address.family) return;
    if (!this.#context.options.candidateTypes.includes('srflx')) return;
    const { address } = base.address;
    // From there only servers of the same scope can be reached.
    if (isLoopback(address) && !isLoopback(server.address.address)) return;
    if (isLinkLocal(address) && !isLinkLocal(server.address.address)) return;
    this.#waiting.push({ base, server });
  }

  #unanswered(query: Query, code: number, text: string): void {
    const { url } = query.server;
    const moreToCome = [...this.#waiting, ...this.#open.values()].some((each) => each.server.url === url);
    // 701 is for a server that cannot be reached at all, and said once.
    if (code !== 701 || (!moreToCome && !this.#answered.has(url))) this.#report(url, query.base.address, code, text);
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

interface Base {
  readonly address: TransportAddress;
  /** Its address as it is signalled: canonical, without a zone. */
  readonly text: string;
  readonly preference: number;
  readonly local: LocalBase;
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
  readonly path: Path;
  refreshAt: Instant;
}

const MIN_RTO = 500;

/** The address in canonical text. Throws IceError `ICE_BAD_ADDRESS`. */
function checkAddress(address: TransportAddress): TransportAddress {
  const canonical = canonicalAddress(address.address);
  const { family, port } = address;
  if (canonical === undefined || addressFamily(canonical) !== family || isUnspecified(canonical)) {
    throw new IceError('ICE_BAD_ADDRESS', `${formatAddress(address)} is not the ${family} address of one interface`);
  }
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new IceError('ICE_BAD_ADDRESS', `${port} is no port`);
  return canonical === address.address ? address : { address: canonical, family, port };
}
