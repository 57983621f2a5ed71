import { generateCredentials, type IceCredentials } from '@kaon/ice';
import { isRejected, readIceCredentials, type SessionDescription, serializeSdp } from '@kaon/sdp';
import { certificateOf, generateCertificate, type RTCCertificate } from './certificate.ts';
import { ChannelSet } from './channel-set.ts';
import { type Configuration, changeConfiguration, parseConfiguration, type RTCConfiguration } from './configuration.ts';
import type { RTCDataChannel } from './data-channel.ts';
import { channelSettings, type RTCDataChannelInit } from './data-channel-init.ts';
import { type Environment, environmentOf } from './environment.ts';
import { closedError, domError } from './errors.ts';
import { RTCPeerConnectionIceErrorEvent, RTCPeerConnectionIceEvent } from './events/events.ts';
import type { RTCIceCandidate, RTCIceCandidateInit } from './ice-candidate.ts';
import { addLocalCandidate, addRemoteCandidate, defaultAddress } from './jsep/candidates.ts';
import { Description } from './jsep/description.ts';
import { Negotiation } from './jsep/negotiation.ts';
import { type LocalParameters, makeAnswer, makeOffer, roleOfAnswerer } from './jsep/offer-answer.ts';
import { OperationsChain } from './jsep/operations.ts';
import { remoteParameters } from './jsep/remote-parameters.ts';
import { checkLocal, checkRemote, readDescription } from './jsep/validate.ts';
import { type RTCSctpTransport, sctpTransportInternals } from './sctp-transport.ts';
import {
  type RTCLocalSessionDescriptionInit,
  type RTCSessionDescriptionInit,
  toSdpType,
} from './session-description.ts';
import type { StackEvent } from './stack/events.ts';
import { connectionState, type RTCPeerConnectionState } from './states.ts';
import {
  DEFAULT_MAX_MESSAGE_SIZE,
  PeerTransport,
  SCTP_PORT,
  type TransportListener,
} from './transport/peer-transport.ts';

/** A description of ours as it was created. */
interface Made {
  readonly text: string;
  readonly session: SessionDescription;
}

/** What a connection does behind its API: negotiation, its transport, its channels, and the states that follow from them. */
export class Session implements TransportListener {
  readonly negotiation: Negotiation = new Negotiation();
  readonly channels: ChannelSet;
  readonly environment: Environment;
  configuration: Configuration;
  transport: PeerTransport | undefined = undefined;
  sctp: RTCSctpTransport | undefined = undefined;
  iceConnectionState: 'new' | 'checking' | 'connected' | 'completed' | 'disconnected' | 'failed' | 'closed' = 'new';
  connectionState: RTCPeerConnectionState = 'new';
  iceGatheringState: 'new' | 'gathering' | 'complete' = 'new';
  closed = false;
  readonly #dispatch: (event: Event) => void;
  readonly #chain: OperationsChain;
  readonly #sessionId: string;
  readonly #tlsId: string;
  #sessionVersion = 0;
  #certificate: RTCCertificate | undefined;
  #certificatePromise: Promise<RTCCertificate> | undefined = undefined;
  /** Of the transport to come. */
  #credentials: IceCredentials | undefined = undefined;
  #lastOffer: Made | undefined = undefined;
  #lastAnswer: Made | undefined = undefined;
  /** User name fragments that `restartIce` wants replaced. */
  #toReplace = new Set<string>();
  #negotiationNeeded = false;
  #checkOnEmptyChain = false;

  constructor(configuration: RTCConfiguration | undefined | null, dispatch: (event: Event) => void) {
    this.configuration = parseConfiguration(configuration);
    this.environment = environmentOf(this.configuration.kaon);
    this.#dispatch = dispatch;
    this.#certificate = this.configuration.certificates[0];
    const random = new Uint8Array(24);
    this.environment.crypto.random(random);
    this.#sessionId = (new DataView(random.buffer).getBigUint64(0) >> 1n).toString();
    this.#tlsId = Array.from(random.subarray(8), (byte) => byte.toString(16).padStart(2, '0')).join('');
    this.#chain = new OperationsChain(
      () => this.closed,
      () => {
        if (!this.#checkOnEmptyChain) return;
        this.#checkOnEmptyChain = false;
        this.#updateNegotiationNeeded();
      },
    );
    const session = this;
    this.channels = new ChannelSet({
      get maxMessageSize() {
        return session.sctp?.maxMessageSize ?? 65536;
      },
      now: () => this.environment.clock.now(),
      wake: () => this.transport?.wake(),
      defer: (task) =>
        this.environment.clock.defer(() => {
          if (!this.closed) task();
        }),
      dispatch: (event) => this.#fire(event),
    });
    this.#fillPool();
  }

  // --- commands of the API

  createDataChannel(label: unknown, init: RTCDataChannelInit | null | undefined): RTCDataChannel {
    if (this.closed) throw closedError();
    const first = !this.channels.wanted;
    const channel = this.channels.create(channelSettings(label, init));
    if (first) {
      void this.#prepareCertificate();
      this.#updateNegotiationNeeded();
    }
    return channel;
  }

  createOffer(iceRestart: boolean): Promise<RTCSessionDescriptionInit> {
    return this.#operation(async () => {
      const { text } = await this.#makeOffer(iceRestart);
      return { type: 'offer' as const, sdp: text };
    });
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return this.#operation(async () => {
      const { text } = await this.#makeAnswer();
      return { type: 'answer' as const, sdp: text };
    });
  }

  setLocalDescription(init: RTCLocalSessionDescriptionInit): Promise<void> {
    return this.#operation(() => this.#setLocal(init));
  }

  setRemoteDescription(init: RTCSessionDescriptionInit): Promise<void> {
    return this.#operation(() => this.#setRemote(init));
  }

  addIceCandidate(init: RTCIceCandidateInit): Promise<void> {
    return this.#operation(async () => addRemoteCandidate(this.negotiation, this.transport, init));
  }

  restartIce(): void {
    if (this.closed) return;
    this.#toReplace = new Set(this.#localFragments());
    this.#updateNegotiationNeeded();
  }

  setConfiguration(input: RTCConfiguration | undefined): void {
    if (this.closed) throw closedError();
    this.configuration = changeConfiguration(this.configuration, input, this.negotiation.local !== undefined);
    this.#fillPool();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.negotiation.close();
    this.channels.abandon();
    this.transport?.close();
    if (this.sctp !== undefined) sctpTransportInternals.closed(this.sctp, true);
    this.iceConnectionState = 'closed';
    this.connectionState = 'closed';
  }

  /** Our certificate in DER, leaf first; empty before there is one. */
  get certificateChain(): readonly Uint8Array[] {
    return this.#certificate === undefined ? [] : certificateOf(this.#certificate).chain;
  }

  // --- reports of the transport

  candidate(candidate: RTCIceCandidate): void {
    addLocalCandidate(this.negotiation, candidate, this.transport?.localCandidates ?? []);
    this.#fire(new RTCPeerConnectionIceEvent('icecandidate', { candidate, url: candidate.url }));
  }

  candidateError(event: Parameters<TransportListener['candidateError']>[0]): void {
    const { url, errorCode, errorText } = event;
    const address = event.address === '' ? null : event.address;
    const port = address === null ? null : event.port;
    this.#fire(new RTCPeerConnectionIceErrorEvent('icecandidateerror', { url, errorCode, errorText, address, port }));
  }

  gatheringState(state: 'new' | 'gathering' | 'complete'): void {
    if (this.closed || this.iceGatheringState === state) return;
    this.iceGatheringState = state;
    this.#fire(new Event('icegatheringstatechange'));
    if (state === 'complete') this.#fire(new RTCPeerConnectionIceEvent('icecandidate', { candidate: null }));
  }

  iceState(): void {
    this.#updateStates();
  }

  dtlsState(): void {
    this.#updateStates();
  }

  data(event: StackEvent): void {
    if (event.type !== 'sctp') this.channels.handle(event);
    else if (this.sctp !== undefined) {
      if (event.state === 'connected') sctpTransportInternals.connected(this.sctp, event.maxChannels ?? 65535);
      else sctpTransportInternals.closed(this.sctp);
    }
  }

  // --- creating descriptions

  async #makeOffer(iceRestart: boolean): Promise<Made> {
    const { state } = this.negotiation;
    if (state !== 'stable' && state !== 'have-local-offer')
      throw domError('InvalidStateError', `no offer can be made in ${state}`);
    await this.#prepareCertificate();
    const { transport } = this;
    const current = transport?.agent.localCredentials;
    const restart =
      transport?.line !== undefined && (iceRestart || this.#toReplace.has(current?.usernameFragment ?? ''));
    const local = this.#localParameters(restart);
    const data = this.channels.wanted || this.negotiation.currentLocal?.data !== undefined;
    const session = makeOffer(local, this.negotiation.currentLocal?.session, data);
    this.#lastOffer = { session, text: serializeSdp(session) };
    return this.#lastOffer;
  }

  async #makeAnswer(): Promise<Made> {
    const { state, pendingRemote } = this.negotiation;
    if ((state !== 'have-remote-offer' && state !== 'have-local-pranswer') || pendingRemote === undefined)
      throw domError('InvalidStateError', `no answer can be made in ${state}`);
    await this.#prepareCertificate();
    const { transport } = this;
    const offered = remoteParameters(pendingRemote)?.credentials;
    const known = transport?.agent.remoteCredentials;
    // New credentials of the peer are a restart, to be answered with new ones (RFC 8445 §9).
    const restart =
      known !== undefined &&
      offered !== undefined &&
      (known.usernameFragment !== offered.usernameFragment || known.password !== offered.password);
    const session = makeAnswer(this.#localParameters(restart), pendingRemote.session, transport?.connection?.role);
    this.#lastAnswer = { session, text: serializeSdp(session) };
    return this.#lastAnswer;
  }

  #localParameters(restart: boolean): LocalParameters {
    const { transport } = this;
    const { kaon } = this.configuration;
    this.#credentials ??= generateCredentials(this.environment.crypto.random);
    const credentials = restart
      ? generateCredentials(this.environment.crypto.random)
      : (transport?.agent.localCredentials ?? this.#credentials);
    const candidates = restart || transport?.line === undefined ? [] : transport.localCandidates;
    return {
      sessionId: this.#sessionId,
      sessionVersion: ++this.#sessionVersion,
      credentials,
      fingerprints: certificateOf(this.#certificate as RTCCertificate).fingerprints(),
      tlsId: this.#tlsId,
      candidates: candidates.map(({ candidate }) => candidate),
      endOfCandidates: candidates.length > 0 && transport?.agent.gatheringState === 'complete',
      defaultAddress: defaultAddress(candidates),
      sctpPort: SCTP_PORT,
      maxMessageSize: kaon.maxMessageSize ?? DEFAULT_MAX_MESSAGE_SIZE,
    };
  }

  // --- applying descriptions

  async #setLocal(init: RTCLocalSessionDescriptionInit): Promise<void> {
    const { negotiation } = this;
    const { state } = negotiation;
    const implicit =
      state === 'stable' || state === 'have-local-offer' || state === 'have-remote-pranswer' ? 'offer' : 'answer';
    const type = init.type === undefined ? implicit : toSdpType(init.type);
    if (type === 'rollback') {
      this.#rollback();
      return;
    }
    if (!negotiation.accepts('local', type))
      throw domError('InvalidStateError', `a local ${type} cannot be set in ${state}`);
    const text = String(init.sdp ?? '');
    let made = type === 'offer' ? this.#lastOffer : this.#lastAnswer;
    if (text === '') made = type === 'offer' ? await this.#makeOffer(false) : await this.#makeAnswer();
    if (made === undefined) throw domError('InvalidModificationError', `no ${type} was created`);
    let description = new Description(type, made.session, made.text);
    if (text !== '' && text !== made.text) {
      const session = readDescription(text);
      checkLocal(session, made.session);
      description = new Description(type, session, text);
    }
    this.#apply('local', description);
  }

  async #setRemote(init: RTCSessionDescriptionInit): Promise<void> {
    const type = toSdpType(init.type);
    const { negotiation } = this;
    if (type === 'rollback') {
      this.#rollback();
      return;
    }
    const mustRollBack = type === 'offer' && negotiation.state === 'have-local-offer';
    if (!mustRollBack && !negotiation.accepts('remote', type))
      throw domError('InvalidStateError', `a remote ${type} cannot be set in ${negotiation.state}`);
    const session = readDescription(String(init.sdp ?? ''));
    checkRemote(session, type, negotiation.offerFor('remote'), negotiation.currentRemote);
    if (mustRollBack) this.#rollback();
    if (this.closed) return;
    // Before the answer is made, and while the user decides on it.
    void this.#prepareCertificate();
    this.#apply('remote', new Description(type, session, String(init.sdp)));
  }

  #apply(side: 'local' | 'remote', description: Description): void {
    const { negotiation } = this;
    const before = negotiation.state;
    negotiation.apply(side, description);
    if (negotiation.state === 'stable') {
      this.#lastOffer = undefined;
      this.#lastAnswer = undefined;
    }
    this.#syncTransport();
    this.#signalingChanged(before);
  }

  /** Back to the last stable state, transport included (RFC 8829 §4.1.10.2). */
  #rollback(): void {
    const { negotiation } = this;
    const before = negotiation.state;
    negotiation.rollback();
    this.#lastOffer = undefined;
    this.#lastAnswer = undefined;
    const { transport } = this;
    const agreed = negotiation.currentLocal;
    if (transport !== undefined && agreed?.data === undefined) this.#dropTransport();
    else if (transport !== undefined && agreed?.data !== undefined) {
      const credentials = readIceCredentials(agreed.session, agreed.data.media);
      const { usernameFragment, password } = transport.agent.localCredentials;
      if (
        credentials !== undefined &&
        (credentials.usernameFragment !== usernameFragment || credentials.password !== password)
      ) {
        transport.restart(credentials);
        const remote =
          negotiation.currentRemote === undefined ? undefined : remoteParameters(negotiation.currentRemote);
        if (remote !== undefined) transport.setRemote(remote);
      }
    }
    this.#signalingChanged(before);
    this.#updateStates();
  }

  #signalingChanged(before: string): void {
    const { state } = this.negotiation;
    if (state === 'stable') {
      const fragments = this.#localFragments();
      if ([...this.#toReplace].every((fragment) => !fragments.includes(fragment))) this.#toReplace.clear();
      this.#negotiationNeeded = false;
      this.#updateNegotiationNeeded();
    }
    if (state !== before) this.#fire(new Event('signalingstatechange'));
  }

  /** Makes the transport what the descriptions say. */
  #syncTransport(): void {
    const { negotiation } = this;
    const { local, remote, state } = negotiation;
    const answered = state === 'stable' || state === 'have-local-pranswer' || state === 'have-remote-pranswer';
    if (answered && (local?.data === undefined || remote?.data === undefined)) {
      if (this.transport !== undefined) this.#dropTransport();
      return;
    }
    const data = local?.data;
    if (local === undefined || data === undefined || isRejected(data.media)) return;
    const credentials = readIceCredentials(local.session, data.media);
    if (credentials === undefined) return;
    const offers = local.type === 'offer';
    const { transport: existing } = this;
    const transport = existing ?? this.#createTransport(offers ? 'controlling' : 'controlled', credentials);
    if (existing !== undefined) {
      if (transport.line === undefined) transport.setRole(offers ? 'controlling' : 'controlled');
      const { usernameFragment, password } = transport.agent.localCredentials;
      if (usernameFragment !== credentials.usernameFragment || password !== credentials.password)
        transport.restart(credentials);
    }
    transport.surface({ mid: data.mid, index: data.index });
    const parameters = answered && remote !== undefined ? remoteParameters(remote) : undefined;
    if (parameters === undefined || remote?.data === undefined) return;
    transport.setRemote(parameters);
    const answererRole = offers
      ? roleOfAnswerer(remote.session, remote.data.media)
      : roleOfAnswerer(local.session, data.media);
    const role = offers === (answererRole === 'client') ? 'server' : 'client';
    this.#establish(transport, role, parameters);
  }

  #establish(
    transport: PeerTransport,
    role: 'client' | 'server',
    parameters: NonNullable<ReturnType<typeof remoteParameters>>,
  ): void {
    const certificate = certificateOf(this.#certificate as RTCCertificate);
    const maxMessageSize = parameters.maxMessageSize === 0 ? Number.POSITIVE_INFINITY : parameters.maxMessageSize;
    if (this.sctp === undefined) {
      this.sctp = sctpTransportInternals.create({ transport: transport.dtls, maxMessageSize });
      transport.establish(role, certificate, parameters);
    } else sctpTransportInternals.setMaxMessageSize(this.sctp, maxMessageSize);
    if (transport.stack.channels !== undefined) this.channels.attach(transport.stack.channels);
    transport.wake();
  }

  #createTransport(role: 'controlling' | 'controlled', credentials: IceCredentials): PeerTransport {
    this.transport = new PeerTransport(this.environment, this.configuration, { role, credentials }, this);
    return this.transport;
  }

  #dropTransport(): void {
    this.transport?.close();
    if (this.sctp !== undefined) sctpTransportInternals.closed(this.sctp);
    this.transport = undefined;
    this.sctp = undefined;
    this.#credentials = undefined;
    this.channels.detach();
    this.gatheringState('new');
    this.#updateStates();
  }

  #fillPool(): void {
    if (this.configuration.iceCandidatePoolSize === 0 || this.transport !== undefined) return;
    this.#credentials ??= generateCredentials(this.environment.crypto.random);
    this.#createTransport('controlling', this.#credentials).gather();
  }

  // --- states and events

  #updateStates(): void {
    if (this.closed) return;
    const { transport } = this;
    const ice = transport?.line === undefined ? 'new' : transport.ice.state;
    const connection = connectionState(
      transport?.line === undefined ? undefined : { ice, dtls: transport.dtls.state, peerClosed: transport.peerClosed },
    );
    const iceChanged = this.iceConnectionState !== ice;
    const connectionChanged = this.connectionState !== connection;
    this.iceConnectionState = ice;
    this.connectionState = connection;
    if (iceChanged) this.#fire(new Event('iceconnectionstatechange'));
    if (connectionChanged) this.#fire(new Event('connectionstatechange'));
  }

  /** W3C WebRTC §4.7.3. */
  #updateNegotiationNeeded(): void {
    if (!this.#chain.isEmpty) {
      this.#checkOnEmptyChain = true;
      return;
    }
    this.environment.clock.defer(() => {
      if (this.closed) return;
      if (!this.#chain.isEmpty) {
        this.#checkOnEmptyChain = true;
        return;
      }
      if (this.negotiation.state !== 'stable') return;
      const needed =
        this.#toReplace.size > 0 || (this.channels.wanted && this.negotiation.currentLocal?.data === undefined);
      if (!needed) this.#negotiationNeeded = false;
      else if (!this.#negotiationNeeded) {
        this.#negotiationNeeded = true;
        this.#fire(new Event('negotiationneeded'));
      }
    });
  }

  #fire(event: Event): void {
    if (!this.closed) this.#dispatch(event);
  }

  // --- helpers

  #operation<T>(run: () => Promise<T>): Promise<T> {
    return this.closed ? Promise.reject(closedError()) : this.#chain.chain(run);
  }

  /** Makes the certificate, once. The promise may be left alone: whoever needs the certificate gets the error. */
  #prepareCertificate(): Promise<RTCCertificate> {
    if (this.#certificatePromise === undefined) {
      this.#certificatePromise =
        this.#certificate === undefined
          ? generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' })
          : Promise.resolve(this.#certificate);
      this.#certificatePromise.then(
        (certificate) => {
          this.#certificate = certificate;
        },
        () => {
          // Told to whoever awaits it.
        },
      );
    }
    return this.#certificatePromise;
  }

  #localFragments(): string[] {
    return [this.negotiation.currentLocal, this.negotiation.pendingLocal].flatMap((description) => {
      if (description?.data === undefined) return [];
      return readIceCredentials(description.session, description.data.media)?.usernameFragment ?? [];
    });
  }
}
