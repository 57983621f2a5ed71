import type { IceCredentials } from '@kaon/ice';
import { isRejected, readGroups, readIceCredentials, readTlsId, type SessionDescription } from '@kaon/sdp';
import type { Configuration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import { type Description, midOf, transportName } from '../jsep/description.ts';
import { newCredentials } from './credentials.ts';
import { PeerTransport, type TransportListener } from './peer-transport.ts';

/** What a transport that does not exist yet will show in descriptions. */
export interface TransportSlot {
  readonly credentials: IceCredentials;
  readonly tlsId: string;
}

/** The transports of a connection, and which section of the descriptions goes over which (RFC 9143). */
export class TransportSet {
  readonly #environment: Environment;
  readonly #configuration: () => Configuration;
  readonly #listener: TransportListener;
  readonly #live = new Set<PeerTransport>();
  readonly #pool: PeerTransport[] = [];
  /** By mid: what the newest description says. */
  #assigned: ReadonlyMap<string, PeerTransport> = new Map();
  /** By mid: as each section had its own when it was offered, before an answer bundled it. */
  #offered: ReadonlyMap<string, PeerTransport> = new Map();
  /** By mid: what was agreed on last. */
  #stable: ReadonlyMap<string, PeerTransport> = new Map();
  /** The section that carries each transport. */
  #tagged: ReadonlyMap<PeerTransport, string> = new Map();
  /** By the mid that a transport will be made for: what descriptions in the making say of it. */
  readonly #slots = new Map<string, TransportSlot>();
  /** Of all transports that are new in one offer. */
  #credentials: IceCredentials | undefined = undefined;
  #made = 0;

  constructor(environment: Environment, configuration: () => Configuration, listener: TransportListener) {
    this.#environment = environment;
    this.#configuration = configuration;
    this.#listener = listener;
  }

  /** Those in use, in the order they were made in. */
  get all(): readonly PeerTransport[] {
    const used = new Set(this.#assigned.values());
    return [...this.#live].filter((transport) => used.has(transport));
  }

  /** The transport of a section; undefined when it has none. */
  of(mid: string | undefined): PeerTransport | undefined {
    return mid === undefined ? undefined : this.#assigned.get(mid);
  }

  /** The transport of a section as of the last stable state. */
  stableOf(mid: string): PeerTransport | undefined {
    return this.#stable.get(mid);
  }

  /**
   * Whether a transport ends because another section comes to carry it: the first one was refused, or its bundle has a new
   * first one. RFC 9143 would have it go on, but browsers begin a new one under that section. Peers that name their DTLS
   * association (RFC 8842 §4) say for themselves that it goes on.
   */
  endsUnder(transport: PeerTransport, first: string): boolean {
    return this.#tagged.has(transport) && this.#tagged.get(transport) !== first && isBoundToSection(transport);
  }

  /** Whether any transport would end if a section came to stand before those that carry bundles. */
  get areBoundToSections(): boolean {
    return [...this.#live].some(isBoundToSection);
  }

  /** Makes transports ahead, as many as `iceCandidatePoolSize` asks for, and lets them gather. */
  fillPool(): void {
    const { iceCandidatePoolSize } = this.#configuration();
    while (this.#pool.length > iceCandidatePoolSize) this.#pool.pop()?.close();
    while (this.#pool.length + this.#live.size < iceCandidatePoolSize) {
      const transport = this.#make('controlling', this.#newSlot());
      this.#pool.push(transport);
      transport.gather();
    }
  }

  /**
   * What the transport of a new section shows, the same until `settle`. Those of the pool come first. One that follows another
   * takes its credentials over: for ICE nothing has changed. All that are new have the same credentials: Firefox, which bundles
   * them, takes it for half an ICE restart when a later offer shows those of one of them in all sections.
   */
  slot(mid: string, before?: PeerTransport): TransportSlot {
    let slot = this.#slots.get(mid);
    if (slot === undefined && before !== undefined)
      slot = { credentials: before.agent.localCredentials, tlsId: this.#newTlsId() };
    if (slot === undefined) {
      const taken = new Set(Array.from(this.#slots.values(), ({ tlsId }) => tlsId));
      const pooled = this.#pool.find(({ tlsId }) => !taken.has(tlsId));
      slot =
        pooled === undefined ? this.#newSlot() : { credentials: pooled.agent.localCredentials, tlsId: pooled.tlsId };
    }
    this.#slots.set(mid, slot);
    return slot;
  }

  /** A description of ours was applied: there is a transport for each DTLS association in it, and it gathers. */
  applyLocal({ session, type }: Description): void {
    const assigned = new Map<string, PeerTransport>();
    // Who controls is settled once for a session, as browsers have it: not by who makes a later offer.
    const [settled] = this.#stable.values();
    const role = settled?.agent.role ?? (type === 'offer' ? 'controlling' : 'controlled');
    for (const [line, credentials] of transportLines(session).values()) {
      const transport = this.#transportFor(line, credentials, role, readTlsId(session, line[0].media));
      for (const { mid } of line) assigned.set(mid, transport);
      transport.surface({ mid: line[0].mid, index: line[0].index });
    }
    this.#assigned = assigned;
    this.#offered = assigned;
  }

  /**
   * Offer and answer are known: bundled sections go over the transport of the first of them. Gives, for each transport in
   * use, the section that its parameters stand in.
   */
  applyAnswer(answer: SessionDescription): ReadonlyMap<PeerTransport, number> {
    const groups = readGroups(answer, 'BUNDLE');
    const mids = answer.media.map((media, index) => midOf(media, index));
    const isUsed = (mid: string): boolean => {
      const media = answer.media[mids.indexOf(mid)];
      return media !== undefined && !isRejected(media);
    };
    const assigned = new Map<string, PeerTransport>();
    const tagged = new Map<PeerTransport, number>();
    const successors = new Map<PeerTransport, PeerTransport>();
    for (const mid of mids) {
      if (!isUsed(mid)) continue;
      const first = groups.find((group) => group.mids.includes(mid))?.mids.find(isUsed) ?? mid;
      const index = mids.indexOf(first);
      const before = this.#offered.get(first);
      if (before === undefined) continue;
      const transport = successors.get(before) ?? this.#successorOf(before, first, index);
      if (transport !== before) successors.set(before, transport);
      assigned.set(mid, transport);
      if (!tagged.has(transport)) tagged.set(transport, index);
    }
    this.#offered = new Map(Array.from(this.#offered, ([mid, one]) => [mid, successors.get(one) ?? one]));
    this.#assigned = assigned;
    this.#tagged = new Map(Array.from(tagged, ([transport, index]) => [transport, mids[index] as string]));
    return tagged;
  }

  /** Offer and answer are through: transports without a section end. */
  settle(): void {
    this.#stable = this.#assigned;
    this.#offered = this.#assigned;
    this.#forgetSlots();
    this.#dropUnused();
  }

  /** Back to what was agreed on last. `agreed` is our description of then. Gives the transports whose restart was undone. */
  rollback(agreed: Description | undefined): readonly { readonly transport: PeerTransport; readonly index: number }[] {
    this.#assigned = this.#stable;
    this.#offered = this.#stable;
    this.#forgetSlots();
    this.#dropUnused();
    if (agreed === undefined) return [];
    const restarted: { readonly transport: PeerTransport; readonly index: number }[] = [];
    for (const [line, credentials] of transportLines(agreed.session).values()) {
      const transport = this.#stable.get(line[0].mid);
      if (transport === undefined) continue;
      transport.line = line[0];
      if (isKnownBy(transport, credentials)) continue;
      transport.restart(credentials, this.#configuration().servers);
      restarted.push({ transport, index: line[0].index });
    }
    return restarted;
  }

  /** Ends all of them. */
  close(): void {
    for (const transport of [...this.#live, ...this.#pool]) transport.close();
  }

  /** The transport itself, or one in its place when the answer refused the section that carries it. */
  #successorOf(before: PeerTransport, mid: string, index: number): PeerTransport {
    if (!this.endsUnder(before, mid)) return before;
    const made = this.#make(before.agent.role, this.slot(mid, before));
    this.#live.add(made);
    made.surface({ mid, index });
    return made;
  }

  #transportFor(
    line: Line,
    credentials: IceCredentials,
    role: 'controlling' | 'controlled',
    tlsId: string | undefined,
  ): PeerTransport {
    const isIt = (one: PeerTransport): boolean =>
      isKnownBy(one, credentials) && (tlsId === undefined || one.tlsId === tlsId);
    const known = [...this.#live].find(isIt) ?? this.#takeFromPool(isIt);
    const isNew = Array.from(this.#slots.values()).some((slot) => slot.tlsId === tlsId);
    const before =
      known ?? (isNew ? undefined : line.map(({ mid }) => this.#assigned.get(mid)).find((one) => one !== undefined));
    if (before === undefined) {
      const made = this.#make(role, { credentials, tlsId: tlsId ?? this.#newTlsId() });
      this.#live.add(made);
      return made;
    }
    if (before.line === undefined) before.setRole(role);
    if (known === undefined) before.restart(credentials, this.#configuration().servers);
    return before;
  }

  #takeFromPool(isIt: (one: PeerTransport) => boolean): PeerTransport | undefined {
    const index = this.#pool.findIndex(isIt);
    if (index < 0) return undefined;
    const [transport] = this.#pool.splice(index, 1) as [PeerTransport];
    this.#live.add(transport);
    return transport;
  }

  #dropUnused(): void {
    const used = new Set(this.#assigned.values());
    for (const transport of this.#live) {
      if (used.has(transport)) continue;
      this.#live.delete(transport);
      transport.close();
    }
  }

  #make(role: 'controlling' | 'controlled', { credentials, tlsId }: TransportSlot): PeerTransport {
    const init = { id: `T${this.#made++}`, role, credentials, tlsId };
    return new PeerTransport(this.#environment, this.#configuration(), init, this.#listener);
  }

  #newSlot(): TransportSlot {
    const configuration = this.#configuration();
    const fresh = (): IceCredentials => newCredentials(this.#environment, configuration);
    // On a shared port the fragment is what tells transports apart.
    if (configuration.kaon.udpMux !== undefined || configuration.kaon.tcpMux !== undefined)
      return { credentials: fresh(), tlsId: this.#newTlsId() };
    this.#credentials ??= fresh();
    return { credentials: this.#credentials, tlsId: this.#newTlsId() };
  }

  #forgetSlots(): void {
    this.#slots.clear();
    // What the pool has made ahead goes on with them.
    if (this.#pool.length === 0) this.#credentials = undefined;
  }

  #newTlsId(): string {
    const random = new Uint8Array(16);
    this.#environment.crypto.random(random);
    return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

/** Sections that share a transport, first one first. */
type Line = [Place, ...Place[]];

interface Place {
  readonly mid: string;
  readonly index: number;
  readonly media: SessionDescription['media'][number];
}

/** The sections in use of a description of ours by their transport: each has its own `a=tls-id`, if not user name fragment. */
function transportLines(session: SessionDescription): Map<string, [Line, IceCredentials]> {
  const lines = new Map<string, [Line, IceCredentials]>();
  for (const [index, media] of session.media.entries()) {
    if (isRejected(media)) continue;
    const credentials = readIceCredentials(session, media);
    if (credentials === undefined) continue;
    const place: Place = { mid: midOf(media, index), index, media };
    const key = transportName(session, media) ?? '';
    const known = lines.get(key);
    if (known === undefined) lines.set(key, [[place], credentials]);
    else known[0].push(place);
  }
  return lines;
}

function isBoundToSection(transport: PeerTransport): boolean {
  return transport.connection !== undefined && transport.remoteTlsId === undefined;
}

function isKnownBy(transport: PeerTransport, credentials: IceCredentials): boolean {
  return isSame(transport.agent.localCredentials, credentials);
}

function isSame(one: IceCredentials, other: IceCredentials): boolean {
  return one.usernameFragment === other.usernameFragment && one.password === other.password;
}
