import type { IceCredentials } from '@kaon/ice';
import { isRejected, readIceCredentials } from '@kaon/sdp';
import { ChannelSet } from './channel-set.ts';
import { type Configuration, changeConfiguration, parseConfiguration, type RTCConfiguration } from './configuration.ts';
import type { RTCDataChannel } from './data-channel.ts';
import { channelSettings, type RTCDataChannelInit } from './data-channel-init.ts';
import { type Environment, environmentOf } from './environment.ts';
import { closedError, domError } from './errors.ts';
import { RTCPeerConnectionIceErrorEvent, RTCPeerConnectionIceEvent } from './events/events.ts';
import type { RTCIceCandidate, RTCIceCandidateInit } from './ice-candidate.ts';
import { addLocalCandidate, addRemoteCandidate } from './jsep/candidates.ts';
import { Description } from './jsep/description.ts';
import { Negotiation } from './jsep/negotiation.ts';
import { NegotiationNeeded } from './jsep/negotiation-needed.ts';
import { roleOfAnswerer } from './jsep/offer-answer.ts';
import { OperationsChain } from './jsep/operations.ts';
import { OwnDescriptions } from './jsep/own-descriptions.ts';
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
import { PeerTransport, type TransportListener } from './transport/peer-transport.ts';

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
  readonly #own: OwnDescriptions;
  readonly #negotiationNeeded: NegotiationNeeded;
  /** User name fragments that `restartIce` wants replaced. */
  #toReplace = new Set<string>();

  constructor(configuration: RTCConfiguration | undefined | null, dispatch: (event: Event) => void) {
    this.configuration = parseConfiguration(configuration);
    this.environment = environmentOf(this.configuration.kaon);
    this.#dispatch = dispatch;
    this.#own = new OwnDescriptions(
      this.environment,
      this.negotiation,
      this.configuration.certificates[0],
      this.configuration.kaon.maxMessageSize,
    );
    const session = this;
    this.#chain = new OperationsChain(
      () => this.closed,
      () => this.#negotiationNeeded.chainEmptied(),
    );
    this.#negotiationNeeded = new NegotiationNeeded({
      clock: this.environment.clock,
      get closed() {
        return session.closed;
      },
      get stable() {
        return session.negotiation.state === 'stable';
      },
      get chainIsEmpty() {
        return session.#chain.isEmpty;
      },
      get needed() {
        const missing = session.channels.wanted && session.negotiation.currentLocal?.data === undefined;
        return missing || session.#toReplace.size > 0;
      },
      fire: () => this.#fire(new Event('negotiationneeded')),
    });
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
    if (first) this.#negotiationNeeded.update();
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
      const { text } = await this.#own.makeAnswer(() => this.transport);
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
    this.#negotiationNeeded.update();
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
    return this.#own.certificate?.chain ?? [];
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
    let made = type === 'offer' ? this.#own.lastOffer : this.#own.lastAnswer;
    if (text === '')
      made = type === 'offer' ? await this.#makeOffer(false) : await this.#own.makeAnswer(() => this.transport);
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
    this.#apply('remote', new Description(type, session, String(init.sdp)));
  }

  #apply(side: 'local' | 'remote', description: Description): void {
    const { negotiation } = this;
    const before = negotiation.state;
    negotiation.apply(side, description);
    if (negotiation.state === 'stable') {
      this.#own.settle();
    }
    this.#syncTransport();
    this.#signalingChanged(before);
  }

  /** Back to the last stable state, transport included (RFC 8829 §4.1.10.2). */
  #rollback(): void {
    const { negotiation } = this;
    const before = negotiation.state;
    negotiation.rollback();
    this.#own.settle();
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
      this.#negotiationNeeded.settled();
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
    const { certificate } = this.#own;
    if (certificate === undefined) return;
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
    this.#own.forgetCredentials();
    this.channels.detach();
    this.gatheringState('new');
    this.#updateStates();
  }

  #fillPool(): void {
    if (this.configuration.iceCandidatePoolSize === 0 || this.transport !== undefined) return;
    this.#createTransport('controlling', this.#own.nextCredentials).gather();
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

  #fire(event: Event): void {
    if (!this.closed) this.#dispatch(event);
  }

  // --- helpers

  #operation<T>(run: () => Promise<T>): Promise<T> {
    return this.closed ? Promise.reject(closedError()) : this.#chain.chain(run);
  }

  #makeOffer(iceRestart: boolean): ReturnType<OwnDescriptions['makeOffer']> {
    return this.#own.makeOffer(() => {
      const { transport } = this;
      const fragment = transport?.agent.localCredentials.usernameFragment ?? '';
      return { transport, data: this.channels.wanted, restart: iceRestart || this.#toReplace.has(fragment) };
    });
  }

  #localFragments(): string[] {
    return [this.negotiation.currentLocal, this.negotiation.pendingLocal].flatMap((description) => {
      if (description?.data === undefined) return [];
      return readIceCredentials(description.session, description.data.media)?.usernameFragment ?? [];
    });
  }
}
