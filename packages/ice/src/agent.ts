import type { DatagramCore, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import { decodeMessage, defaultCrypto, METHOD } from '@kaon/stun';
import { Deque, isMalformed } from '@kaon/wire';
import { stateOf } from './agent/connection-state.ts';
import { Connectivity } from './agent/connectivity.ts';
import { type Context, trace } from './agent/context.ts';
import { Counters } from './agent/counters.ts';
import { Gathering, type LocalBase, type StunServer } from './agent/gathering.ts';
import { LocalCandidates } from './agent/local-candidates.ts';
import { Outbox } from './agent/outbox.ts';
import { Pacer } from './agent/pacer.ts';
import { RoleKeeper } from './agent/role.ts';
import { type AgentStats, statsOf } from './agent/stats.ts';
import type { Candidate } from './candidate.ts';
import { checkCredentials, generateCredentials, type IceCredentials } from './credentials.ts';
import type { AgentEvent, IceGatheringState, IceRole, IceState, SelectedPair } from './events.ts';
import { type AgentOptions, resolveOptions } from './options.ts';

/**
 * A full ICE agent (RFC 8445) for one component, without I/O: trickle (RFC 8838), consent (RFC 7675), patience (RFC 8863).
 *
 * - *handle*: `handleDatagram`, `handleTimeout`. Only STUN goes in; what `isKnownPath` says decides about the rest.
 * - *poll*: `pollTransmit`, `pollEvent`, `pollTimeout`. Commands take effect with the next `pollTransmit` or `handleTimeout`.
 * - *commands*: `addLocalBase` … `close`. They throw `IceError` on misuse and are no-ops once closed.
 * - *properties*: `state`, `gatheringState`, `role`, `selectedPair` and the credentials.
 *
 * The state `failed` is not the end: `restart` begins anew.
 */
export class Agent implements DatagramCore<AgentEvent> {
  readonly #context: Context;
  readonly #gathering: Gathering;
  readonly #connectivity: Connectivity;
  readonly #events = new Deque<AgentEvent>();
  #now: Instant = Number.NEGATIVE_INFINITY;
  #state: IceState = 'new';
  #closed = false;
  #dirty = false;
  #selectedPairChanges = 0;

  /** Throws IceError `ICE_BAD_OPTION` or `ICE_BAD_CREDENTIALS`. */
  constructor(options: AgentOptions) {
    const resolved = resolveOptions(options);
    const { random } = options;
    this.#context = {
      options: resolved,
      random,
      crypto: options.crypto ?? defaultCrypto,
      trace: options.trace,
      outbox: new Outbox(),
      pacer: new Pacer(resolved.pacing, resolved.burst),
      role: new RoleKeeper(options.role, random, options.tieBreaker),
      locals: new LocalCandidates(),
      counters: new Counters(),
      emit: (event) => this.#emit(event),
    };
    const credentials = options.localCredentials ?? generateCredentials(random);
    this.#connectivity = new Connectivity(this.#context, credentials);
    this.#connectivity.onSelected = () => {
      this.#selectedPairChanges++;
      this.#gathering.stopRefreshing();
    };
    this.#gathering = new Gathering(this.#context, credentials.usernameFragment, (local) =>
      this.#connectivity.addLocal(local),
    );
  }

  /** Of the present generation. */
  get localCredentials(): IceCredentials {
    return this.#connectivity.generation.local;
  }

  get remoteCredentials(): IceCredentials | undefined {
    return this.#connectivity.generation.remote;
  }

  get role(): IceRole {
    return this.#context.role.role;
  }

  get state(): IceState {
    return this.#state;
  }

  get gatheringState(): IceGatheringState {
    return this.#gathering.state;
  }

  /** The pair to send on; undefined until one is selected and once consent has expired. Its `path` is one stable object. */
  get selectedPair(): SelectedPair | undefined {
    return this.#connectivity.selection.selected;
  }

  setRole(role: IceRole, now: Instant): void {
    if (this.#begin(now)) this.#connectivity.setRole(role);
    this.#settle();
  }

  /**
   * The peer's credentials, from its description. Other ones than before are the peer's restart; call `restart` as well
   * to answer it (before or after). Throws IceError `ICE_BAD_CREDENTIALS`.
   */
  setRemoteCredentials(credentials: IceCredentials, now: Instant): void {
    if (this.#begin(now)) this.#connectivity.setRemoteCredentials(credentials, this.#now);
    this.#settle();
  }

  /** Whether the peer is an ICE-lite agent (`a=ice-lite`): it only answers, and we control. */
  setRemoteLite(lite: boolean, now: Instant): void {
    if (this.#begin(now)) this.#connectivity.setRemoteLite(lite);
    this.#settle();
  }

  /**
   * Whether the peer understands renomination (`a=ice-options:renomination`); without a word from the caller it is taken
   * to. Only of use with the option `renomination`.
   */
  setRemoteRenomination(supported: boolean, now: Instant): void {
    if (this.#begin(now)) this.#connectivity.setRemoteRenomination(supported);
    this.#settle();
  }

  /** A socket that the driver has bound becomes a host candidate, unless it is filtered. Throws IceError `ICE_BAD_ADDRESS`. */
  addLocalBase(base: LocalBase, now: Instant): void {
    if (this.#begin(now)) this.#gathering.addBase(base);
    this.#settle();
  }

  /**
   * A socket is gone, or an allocation (`address` is the relayed one then): its candidates and pairs go with it. If the
   * selected pair was one of them, another valid one takes its place at once, or the rest is checked again.
   */
  removeLocalBase(address: TransportAddress, now: Instant, protocol: 'udp' | 'tcp' = 'udp'): void {
    if (this.#begin(now)) {
      this.#gathering.removeBase(address, protocol);
      this.#connectivity.removeBase(address, protocol, this.#now);
    }
    this.#settle();
  }

  /**
   * Nothing can be sent on this path any more: a TCP connection could not be opened, or broke. Its pair has failed; an
   * active or simultaneous-open one that was in use is opened anew.
   */
  pathFailed(path: Path, now: Instant): void {
    if (this.#begin(now)) this.#connectivity.pathFailed(path, this.#now);
    this.#settle();
  }

  /** Asks this server through every base of its family. Throws IceError `ICE_BAD_ADDRESS`. */
  addStunServer(server: StunServer, now: Instant): void {
    if (this.#begin(now)) this.#gathering.addServer(server);
    this.#settle();
  }

  /** A server's name could not be resolved: `candidate-error` 701 with `text`. */
  stunServerFailed(url: string, text: string, now: Instant): void {
    if (this.#begin(now)) this.#gathering.serverFailed(url, text);
    this.#settle();
  }

  /**
   * A candidate from elsewhere, such as a relayed one; `base` is the local address of its paths. Priority 0 has it computed.
   * `via` is the local address that a relay is reached from: it costs what that network costs, and one of the other family
   * is the last choice.
   */
  addLocalCandidate(candidate: Candidate, base: TransportAddress, now: Instant, via?: TransportAddress): void {
    if (this.#begin(now)) this.#gathering.addCandidate(candidate, base, via);
    this.#settle();
  }

  /** No more bases and servers will be added; gathering completes when all have answered or failed. */
  endOfLocalCandidates(now: Instant): void {
    if (this.#begin(now)) this.#gathering.end();
    this.#settle();
  }

  /**
   * There will be more bases and servers after all, until `endOfLocalCandidates`: to be called ahead of a `restart` that
   * looks around anew, or when the network has changed.
   */
  reopenLocalCandidates(now: Instant): void {
    if (this.#begin(now)) this.#gathering.reopen();
    this.#settle();
  }

  /** One of the peer's candidates. What cannot be used (TCP, a name, filtered, stale, too many) is counted and ignored. */
  addRemoteCandidate(candidate: Candidate, now: Instant): void {
    if (this.#begin(now)) this.#connectivity.addRemoteCandidate(candidate, this.#now);
    this.#settle();
  }

  /** The peer has no more candidates (`end-of-candidates`, RFC 8838 §14). */
  endOfRemoteCandidates(now: Instant): void {
    if (this.#begin(now)) this.#connectivity.generation.remoteEnded = true;
    this.#settle();
  }

  /**
   * New credentials, candidates reported anew, checks from the start (RFC 8445 §9). The selected pair stays in use until
   * there is a new one. Throws IceError `ICE_BAD_CREDENTIALS`.
   */
  restart(now: Instant, credentials?: IceCredentials): void {
    if (credentials !== undefined) checkCredentials(credentials);
    if (this.#begin(now)) {
      this.#connectivity.restart(this.#now, credentials);
      this.#gathering.restart(this.localCredentials.usernameFragment);
    }
    this.#settle();
  }

  /** Whether data from this path may be believed to come from the peer: a valid pair has it. Cheap. */
  isKnownPath(path: Path): boolean {
    return !this.#closed && this.#connectivity.isKnownPath(path);
  }

  /** Something was sent on the selected pair, which saves a keepalive (RFC 8445 §11). Optional. */
  sentData(now: Instant): void {
    this.#connectivity.consent.sent(now);
  }

  /** STUN only; anything else is dropped and counted. */
  handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
    if (!this.#begin(now)) return;
    const { dropped } = this.#context.counters;
    const message = decodeMessage(bytes);
    if (isMalformed(message)) dropped.malformed++;
    else if (message.method !== METHOD.Binding) dropped.unexpected++;
    else if (message.class === 'success' || message.class === 'error') {
      if (this.#gathering.has(message)) this.#gathering.handleResponse(message, path, this.#now);
      else this.#connectivity.handleResponse(message, bytes, path, this.#now);
    } else if (this.#connectivity.failure !== undefined) dropped.ended++;
    else if (message.class === 'request') this.#connectivity.handleRequest(message, bytes, path, this.#now);
    this.#advance();
  }

  handleTimeout(now: Instant): void {
    if (!this.#begin(now)) return;
    this.#gathering.handleTimeout(this.#now);
    this.#connectivity.handleTimeout(this.#now);
    this.#advance();
  }

  pollTimeout(): Instant {
    if (this.#closed) return Number.POSITIVE_INFINITY;
    let next = Math.min(this.#gathering.pollTimeout(), this.#connectivity.pollTimeout(this.#now));
    if (this.#connectivity.hasWork || this.#gathering.hasWork) next = Math.min(next, this.#context.pacer.next());
    return this.#dirty ? Math.min(next, this.#now) : next;
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    if (this.#dirty && this.#begin(now)) this.#advance();
    return this.#context.outbox.length > 0 && this.#context.outbox.poll(slot, this.#now);
  }

  pollEvent(): AgentEvent | undefined {
    return this.#events.shift();
  }

  /** Everything known, for `getStats`. */
  stats(): AgentStats {
    return statsOf({
      role: this.role,
      state: this.#state,
      locals: this.#context.locals,
      generation: this.#connectivity.generation,
      selected: this.#connectivity.selection.pair,
      selectedPairChanges: this.#selectedPairChanges,
      counters: this.#context.counters,
    });
  }

  /** Ends at once; `state` closed and `closed` follow. Idempotent. */
  close(now: Instant): void {
    if (!this.#begin(now)) return;
    this.#closed = true;
    this.#connectivity.close();
    this.#context.outbox.clear();
    this.#dirty = false;
    this.#updateState();
    this.#emit({ type: 'closed' });
  }

  /** Takes the time, which never goes back; false once closed. */
  #begin(now: Instant): boolean {
    if (now > this.#now) this.#now = now;
    return !this.#closed;
  }

  /** After a command: what follows from it happens when the driver next asks, so that many commands make one step. */
  #settle(): void {
    if (this.#closed) return;
    this.#dirty = true;
    this.#updateState();
  }

  #advance(): void {
    this.#dirty = false;
    this.#connectivity.advance(this.#now);
    while (this.#gathering.hasWork && this.#context.pacer.take(this.#now)) this.#gathering.startNext(this.#now);
    this.#updateState();
  }

  #updateState(): void {
    const { selection, consent, generation, failure, restarted, lost } = this.#connectivity;
    const recovering = this.#connectivity.recovering(this.#now);
    const state = stateOf({
      closed: this.#closed,
      failed: failure !== undefined,
      selected: selection.pair !== undefined,
      suspect: consent.suspect(this.#now),
      lost,
      recovering,
      restarting: selection.generation !== generation && !lost,
      restarted,
      hasRemoteCandidates: generation.remotes.all.length > 0,
      gatheringComplete: this.#gathering.state === 'complete',
      remoteEnded: generation.remoteEnded,
    });
    if (state === this.#state) return;
    this.#state = state;
    trace(this.#context, 'ice:state', this.#now, { state });
    this.#emit(
      state === 'failed' && failure !== undefined ? { type: 'state', state, error: failure } : { type: 'state', state },
    );
  }

  #emit(event: AgentEvent): void {
    // Nobody polls: the oldest news is the least useful.
    if (this.#events.length >= MAX_EVENTS) this.#events.shift();
    this.#events.push(event);
  }
}

const MAX_EVENTS = 1024;
