import { type Connection, type PeerCertificate, verifyFingerprints } from '@kaon/dtls';
import { Agent, type AgentEvent, type Candidate, type IceCredentials } from '@kaon/ice';
import type { CodedError } from '@kaon/interface/core/v1';
import { type Driver, run } from '@kaon/runtime';
import { transportAddress } from '@kaon/wire';
import type { certificateOf } from '../certificate.ts';
import type { Configuration } from '../configuration.ts';
import { dtlsTransportInternals, type RTCDtlsTransport } from '../dtls-transport.ts';
import type { Environment } from '../environment.ts';
import { rtcError } from '../errors.ts';
import { Gatherer } from '../gathering/gatherer.ts';
import { RTCIceCandidate } from '../ice-candidate.ts';
import { iceTransportInternals, type RTCIceTransport } from '../ice-transport.ts';
import type { KaonOptions } from '../kaon-options.ts';
import { FORWARDING_HEADROOM, MediaTransport } from '../media/pipeline/media-transport.ts';
import type { StackEvent } from '../stack/events.ts';
import { DataStack, type SctpOptions } from '../stack/stack.ts';
import { FingerprintError } from './fingerprint-error.ts';
import { KnownCandidates, type MediaLine } from './known-candidates.ts';
import { LocalSockets } from './local-sockets.ts';
import { largestDatagram } from './path-limit.ts';
import { receiveWindow } from './receive-window.ts';
import { isLocalName, RemoteNames } from './remote-names.ts';

/** What the peer's description says about its side of a transport. */
export interface RemoteParameters {
  readonly credentials: IceCredentials;
  readonly lite: boolean;
  /** It follows nominations that change (draft-thatcher-ice-renomination). */
  readonly renomination: boolean;
  readonly fingerprints: readonly { readonly algorithm: string; readonly value: string }[];
  /** `candidate:...` lines. */
  readonly candidates: readonly string[];
  readonly endOfCandidates: boolean;
  /** Names the peer's DTLS association (RFC 8842 §4), if it says. */
  readonly tlsId: string | undefined;
}

/** What the peer's description says about data channels. */
export interface RemoteSctp {
  readonly sctpPort: number;
  /** Bytes; 0 means any. */
  readonly maxMessageSize: number;
}

/** What a transport tells its connection. */
export interface TransportListener {
  candidate(candidate: RTCIceCandidate, transport: PeerTransport): void;
  candidateError(event: Extract<AgentEvent, { type: 'candidate-error' }>): void;
  gatheringState(): void;
  iceState(): void;
  dtlsState(): void;
  /** Channels and SCTP. */
  data(event: StackEvent): void;
}

/** What a transport is made of. */
export interface TransportIdentity {
  /** In statistics. */
  readonly id: string;
  readonly role: 'controlling' | 'controlled';
  readonly credentials: IceCredentials;
  /** Names our DTLS association (RFC 8842 §4). */
  readonly tlsId: string;
}

/** A transport of a connection: the stack, the sockets and driver under it, and the API's objects for it. */
export class PeerTransport {
  readonly id: string;
  readonly tlsId: string;
  readonly ice: RTCIceTransport;
  readonly dtls: RTCDtlsTransport;
  readonly stack: DataStack;
  /** RTP and RTCP. */
  readonly media: MediaTransport;
  readonly #environment: Environment;
  readonly #configuration: Configuration;
  readonly #listener: TransportListener;
  readonly #driver: Driver;
  readonly #gatherer: Gatherer;
  readonly #sockets: LocalSockets;
  readonly #names: RemoteNames;
  readonly #candidates: KnownCandidates;
  /** The peer has said that there are no more candidates, while names were being looked up. */
  #remoteEnded = false;
  #fingerprints: RemoteParameters['fingerprints'] = [];
  #remoteTlsId: string | undefined = undefined;
  /** Reports about candidates that come before `surface`; undefined behind it. */
  #early: AgentEvent[] | undefined = [];
  #sctpOpen = false;
  #peerClosed = false;
  #closed = false;

  constructor(
    environment: Environment,
    configuration: Configuration,
    init: TransportIdentity,
    listener: TransportListener,
  ) {
    const { kaon } = configuration;
    this.id = init.id;
    this.tlsId = init.tlsId;
    this.#environment = environment;
    this.#configuration = configuration;
    this.#listener = listener;
    const agent = new Agent({
      role: init.role,
      localCredentials: init.credentials,
      random: environment.crypto.random,
      crypto: environment.crypto,
      trace: kaon.trace,
      candidateTypes: configuration.iceTransportPolicy === 'relay' ? ['relay'] : kaon.candidateTypes,
      lite: kaon.iceLite,
      renomination: kaon.renomination,
      addressRewrites: kaon.addressRewrites,
      families: kaon.families,
      addressFilter: ({ address }, side) => side === 'local' || (kaon.remoteAddressFilter?.(address) ?? true),
      pacing: kaon.checkInterval,
      patience: kaon.patience,
      disconnectedTimeout: kaon.disconnectedTimeout,
      consentTimeout: kaon.failedTimeout,
      consentInterval: Math.min(5000, (kaon.disconnectedTimeout ?? 5000) as number, (kaon.failedTimeout ?? 30_000) / 3),
    });
    this.#candidates = new KnownCandidates(agent);
    this.media = new MediaTransport({
      crypto: environment.crypto,
      random: environment.crypto.random,
      wallClock: () => environment.clock.wallClock(),
      mtu: kaon.mtu,
      cname: environment.cname,
      media: kaon.media,
    });
    this.media.onwake = () => this.#driver.wake();
    this.stack = new DataStack(agent, this.media);
    this.ice = iceTransportInternals.create({
      role: () => agent.role,
      localCandidates: () => this.#candidates.local,
      remoteCandidates: () => this.#candidates.remote,
      selectedPair: () => this.#candidates.selectedPair(),
      localParameters: () => ({ ...agent.localCredentials }),
      remoteParameters: () => (agent.remoteCredentials === undefined ? null : { ...agent.remoteCredentials }),
    });
    this.dtls = dtlsTransportInternals.create({
      iceTransport: this.ice,
      remoteCertificates: () => this.stack.dtls?.peerCertificate?.chain ?? [],
    });
    this.#driver = run(this.stack, {
      clock: environment.clock,
      slotSize: Math.max((kaon.mtu ?? DEFAULT_MTU) + FORWARDING_HEADROOM, searchesPathMtu(kaon) ? LARGEST_RECORD : 0),
      onEvent: (event) => this.#onEvent(event),
      onSocketError: (socket) => this.#sockets.remove(socket),
    });
    this.#sockets = new LocalSockets({
      agent,
      driver: this.#driver,
      // Who relays everything does not want to show where it is.
      hidesMapped: configuration.iceTransportPolicy === 'relay',
      now: () => this.#now,
    });
    this.#names = new RemoteNames(
      environment,
      (candidate) => this.#takeRemote(candidate),
      () => {
        if (this.#remoteEnded) this.endOfRemoteCandidates();
      },
    );
    this.#gatherer = new Gatherer(environment, configuration, init.credentials.usernameFragment, {
      socket: (socket, base) => this.#sockets.add(socket, base),
      relayed: (socket, about) => this.#sockets.addRelayed(socket, about),
      gone: (socket) => this.#sockets.remove(socket),
      pathFailed: (local, remote) => {
        agent.pathFailed({ protocol: 'tcp', local, remote }, this.#now);
        this.#driver.wake();
      },
      stunServer: ({ url, address, port, quiet }) => {
        agent.addStunServer({ url, address: transportAddress(address, port), quiet }, this.#now);
        this.#driver.wake();
      },
      serverFailed: (url, why) => {
        agent.stunServerFailed(url, why, this.#now);
        this.#driver.wake();
      },
      relayFailed: ({ address, port, ...failure }) =>
        this.#onIce({ type: 'candidate-error', ...failure, address: address ?? '', port: port ?? 0 }),
      begun: () => agent.reopenLocalCandidates(this.#now),
      finished: () => {
        agent.endOfLocalCandidates(this.#now);
        this.#driver.wake();
      },
    });
  }

  get agent(): Agent {
    return this.stack.agent;
  }

  /** Where its candidates belong; undefined before the first description. */
  get line(): MediaLine | undefined {
    return this.#candidates.line;
  }

  set line(line: MediaLine | undefined) {
    this.#candidates.line = line;
  }

  /** Candidates of this generation that were found so far. */
  get localCandidates(): readonly RTCIceCandidate[] {
    return this.#candidates.local;
  }

  /** Whether the peer ended the DTLS connection. */
  get peerClosed(): boolean {
    return this.#peerClosed;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The name of the peer's DTLS association, if it gave one. */
  get remoteTlsId(): string | undefined {
    return this.#remoteTlsId;
  }

  get connection(): Connection | undefined {
    return this.stack.dtls;
  }

  /** Begins to look for candidates. */
  gather(): void {
    void this.#gatherer.start(this.#configuration.servers);
  }

  /**
   * A description of ours has been applied: candidates are reported, those found before first. Not before the next turn of
   * the event loop, so that the application has sent the description by then.
   */
  surface(line: MediaLine): void {
    this.line = line;
    this.#early ??= [];
    this.#environment.clock.defer(() => {
      if (this.#closed) return;
      const early = this.#early;
      this.#early = undefined;
      if (early !== undefined) for (const event of early) this.#onIce(event);
    });
    this.gather();
  }

  /** New credentials and candidates; data goes on over the old pair until a new one is found (RFC 8445 §9). */
  restart(credentials: IceCredentials, servers: Configuration['servers']): void {
    this.#candidates.forgetLocal();
    this.#gatherer.restart(credentials.usernameFragment, servers);
    this.agent.restart(this.#now, credentials);
    this.#driver.wake();
  }

  setRole(role: 'controlling' | 'controlled'): void {
    this.agent.setRole(role, this.#now);
  }

  /** Takes over what the peer's description says, which has been checked. */
  setRemote(parameters: RemoteParameters): void {
    const { credentials, lite, renomination } = parameters;
    const before = this.agent.remoteCredentials;
    const changed =
      before?.usernameFragment !== credentials.usernameFragment || before.password !== credentials.password;
    this.agent.setRemoteLite(lite, this.#now);
    this.agent.setRemoteRenomination(renomination, this.#now);
    if (changed) {
      this.agent.setRemoteCredentials(credentials, this.#now);
      this.#candidates.forgetRemote();
      this.#sockets.expectNobody();
      this.#names.forget();
      this.#remoteEnded = false;
    }
    this.#fingerprints = parameters.fingerprints;
    this.#remoteTlsId ??= parameters.tlsId;
    for (const line of parameters.candidates) this.addRemoteCandidate(line, credentials.usernameFragment);
    if (parameters.endOfCandidates) this.endOfRemoteCandidates();
    this.#driver.wake();
  }

  /** A candidate of the peer as it was signalled; what cannot be used is ignored. */
  addRemoteCandidate(line: string, usernameFragment: string): void {
    const candidate = this.#candidates.addRemote(line, usernameFragment);
    if (candidate === undefined) return;
    if (isLocalName(candidate) && this.#configuration.kaon.mdns !== 'off') void this.#names.resolve(candidate);
    else this.#takeRemote(candidate);
  }

  endOfRemoteCandidates(): void {
    this.#remoteEnded = true;
    if (!this.#names.pending) this.agent.endOfRemoteCandidates(this.#now);
    this.#driver.wake();
  }

  /** Sets DTLS up, and SCTP with it where there is a data section. Later calls change nothing but what SCTP needs. */
  establish(role: 'client' | 'server', certificate: ReturnType<typeof certificateOf>, data?: RemoteSctp): void {
    const { kaon } = this.#configuration;
    const { crypto, network } = this.#environment;
    const { mtu = DEFAULT_MTU } = kaon;
    if (this.stack.dtls !== undefined) {
      if (data !== undefined) this.#openChannels(data);
      return;
    }
    this.stack.establish(
      {
        role,
        certificate: { chain: certificate.chain, signer: certificate.signer(crypto) },
        verifyPeer: (peer) => this.#verify(peer),
        crypto,
        ...(data === undefined ? {} : this.#sctpOptions(data)),
        mtu,
        ...(searchesPathMtu(kaon) ? { pathMtu: (pair) => largestDatagram(pair, network, mtu) } : {}),
        keyLog: kaon.keyLog,
        trace: kaon.trace,
      },
      this.#now,
    );
    this.#sctpOpen = data !== undefined;
    this.#driver.wake();
  }

  /** Ends data channels and nothing else. */
  closeChannels(): void {
    if (!this.#sctpOpen) return;
    this.#sctpOpen = false;
    this.stack.closeChannels(this.#now);
    this.#driver.wake();
  }

  #openChannels(data: RemoteSctp): void {
    if (this.#sctpOpen) this.stack.channels?.setMaxMessageSize(data.maxMessageSize);
    else this.stack.openChannels(this.#sctpOptions(data), this.#now);
    this.#sctpOpen = true;
    this.#driver.wake();
  }

  #sctpOptions(data: RemoteSctp): SctpOptions {
    const { kaon } = this.#configuration;
    return {
      localSctpPort: SCTP_PORT,
      remoteSctpPort: data.sctpPort,
      sendMessageSize: data.maxMessageSize,
      receiveMessageSize: kaon.maxMessageSize ?? DEFAULT_MAX_MESSAGE_SIZE,
      sendBufferSize: kaon.sendBufferSize,
      receiveBufferSize: kaon.receiveBufferSize ?? receiveWindow(this.#sockets),
    };
  }

  /** After a command to the stack. */
  wake(): void {
    this.#driver.wake();
  }

  /** Ends at once, without an event; an SCTP ABORT and close_notify leave before the sockets close. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#names.forget();
    this.stack.close(this.#now);
    this.#driver.stop();
    // Relays carry the last words: they end behind the stack.
    this.#gatherer.close();
    this.#sockets.close();
    iceTransportInternals.setState(this.ice, 'closed', true);
    dtlsTransportInternals.setState(this.dtls, 'closed', true);
  }

  get #now(): number {
    return this.#environment.clock.now();
  }

  #takeRemote(candidate: Candidate): void {
    this.agent.addRemoteCandidate(candidate, this.#now);
    if (this.#configuration.kaon.remoteAddressFilter?.(candidate.address) ?? true) this.#sockets.expect(candidate);
    this.#driver.wake();
  }

  #verify(peer: PeerCertificate): CodedError | undefined {
    if (this.#configuration.kaon.verifyFingerprints === false) return undefined;
    const leaf = peer.chain[0];
    return leaf !== undefined && verifyFingerprints(leaf, this.#fingerprints) ? undefined : new FingerprintError();
  }

  #onEvent(event: StackEvent): void {
    if (this.#closed) return;
    if (event.type === 'message') this.#listener.data(event);
    else if (event.type === 'ice') this.#onIce(event.event);
    else if (event.type === 'dtls') this.#onDtls(event);
    else this.#listener.data(event);
  }

  #onIce(event: AgentEvent): void {
    switch (event.type) {
      case 'candidate':
      case 'candidate-error':
      case 'gathering-state':
        if (this.#early !== undefined) this.#early.push(event);
        else this.#onGathering(event);
        return;
      case 'state':
        iceTransportInternals.setState(this.ice, event.state);
        this.#listener.iceState();
        return;
      case 'selected-pair':
        this.#sockets.prefer(event.pair.path);
        iceTransportInternals.pairChanged(this.ice);
        return;
      default:
    }
  }

  #onGathering(event: Extract<AgentEvent, { type: 'candidate' | 'candidate-error' | 'gathering-state' }>): void {
    const { line } = this;
    if (line === undefined) return;
    if (event.type === 'candidate-error') this.#listener.candidateError(event);
    else if (event.type === 'candidate') this.#listener.candidate(this.#candidates.addLocal(event.candidate), this);
    else {
      if (event.state === 'complete') {
        // The end of this generation's candidates (W3C WebRTC §4.4.1.4), ahead of the null that ends all gathering.
        const { usernameFragment } = this.agent.localCredentials;
        const init = { candidate: '', sdpMid: line.mid, sdpMLineIndex: line.index, usernameFragment };
        this.#listener.candidate(new RTCIceCandidate(init), this);
      }
      if (this.#closed) return;
      iceTransportInternals.setGatheringState(this.ice, event.state);
      this.#listener.gatheringState();
    }
  }

  #onDtls(event: Extract<StackEvent, { type: 'dtls' }>): void {
    if (event.state === 'failed' && event.error !== undefined) {
      const detail = event.error.code === 'WEBRTC_FINGERPRINT_MISMATCH' ? 'fingerprint-failure' : 'dtls-failure';
      dtlsTransportInternals.setState(this.dtls, 'failed');
      dtlsTransportInternals.error(this.dtls, rtcError(detail, event.error, event));
    } else {
      if (event.state === 'closed') this.#peerClosed = true;
      dtlsTransportInternals.setState(this.dtls, event.state);
    }
    if (!this.#closed) this.#listener.dtlsState();
  }
}

/** Port of SCTP inside DTLS, announced as `a=sctp-port`. */
export const SCTP_PORT = 5000;
/** Bytes, announced as `a=max-message-size`. */
export const DEFAULT_MAX_MESSAGE_SIZE = 262144;
/** Largest UDP payload in bytes that fits every path (RFC 8831 §5). */
const DEFAULT_MTU = 1200;
/** Bytes of a full DTLS record, with room for what any cipher suite puts around it (RFC 6347 §4.1). */
const LARGEST_RECORD = 16_384 + 64;

/** Whoever sets a size means it. */
function searchesPathMtu({ mtu, pathMtu = mtu === undefined ? 'auto' : 'fixed' }: KaonOptions): boolean {
  return pathMtu === 'auto';
}
