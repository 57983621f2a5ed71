import { isRejected, type MediaDescription, readIceCredentials } from '@kaon/sdp';
import { ChannelSet } from './channel-set.ts';
import { type Configuration, changeConfiguration, parseConfiguration, type RTCConfiguration } from './configuration.ts';
import type { RTCDataChannel } from './data-channel.ts';
import { channelSettings, type RTCDataChannelInit } from './data-channel-init.ts';
import { type Environment, environmentOf } from './environment.ts';
import { closedError, domError } from './errors.ts';
import { RTCPeerConnectionIceErrorEvent, RTCPeerConnectionIceEvent } from './events/events.ts';
import type { RTCIceCandidate, RTCIceCandidateInit } from './ice-candidate.ts';
import { addLocalCandidate, addRemoteCandidate } from './jsep/candidates.ts';
import { Description, midOf } from './jsep/description.ts';
import { Negotiation } from './jsep/negotiation.ts';
import { NegotiationNeeded } from './jsep/negotiation-needed.ts';
import { roleOfAnswerer } from './jsep/offer-answer.ts';
import { OperationsChain } from './jsep/operations.ts';
import { type MediaPlan, OwnDescriptions } from './jsep/own-descriptions.ts';
import { remoteParameters, remoteSctp } from './jsep/remote-parameters.ts';
import { checkAssociations, checkLocal, checkRemote, readDescription } from './jsep/validate.ts';
import type { MediaHost } from './media/host.ts';
import type { RTCRtpReceiver } from './media/receiver.ts';
import type { RTCRtpSender } from './media/sender.ts';
import { type RTCSctpTransport, sctpTransportInternals } from './sctp-transport.ts';
import {
  type RTCLocalSessionDescriptionInit,
  type RTCSessionDescriptionInit,
  toSdpType,
} from './session-description.ts';
import type { StackEvent } from './stack/events.ts';
import { connectionState, iceConnectionState, iceGatheringState, type RTCPeerConnectionState } from './states.ts';
import { collectStats } from './stats/collect.ts';
import type { RTCRtpTransceiverInit } from './transceivers/init.ts';
import { MediaNegotiation } from './transceivers/media-negotiation.ts';
import type { RTCRtpTransceiver } from './transceivers/transceiver.ts';
import { TransceiverSet } from './transceivers/transceiver-set.ts';
import type { PeerTransport, TransportListener } from './transport/peer-transport.ts';
import { TransportSet } from './transport/transport-set.ts';

/** What a connection does behind its API: negotiation, its transports, its channels, and the states that follow from them. */
export class Session implements TransportListener {
  readonly negotiation: Negotiation = new Negotiation();
  readonly channels: ChannelSet;
  readonly environment: Environment;
  configuration: Configuration;
  readonly transports: TransportSet;
  readonly transceivers: TransceiverSet;
  sctp: RTCSctpTransport | undefined = undefined;
  iceConnectionState: 'new' | 'checking' | 'connected' | 'completed' | 'disconnected' | 'failed' | 'closed' = 'new';
  connectionState: RTCPeerConnectionState = 'new';
  iceGatheringState: 'new' | 'gathering' | 'complete' = 'new';
  closed = false;
  /** The transport of the data section. */
  #dataTransport: PeerTransport | undefined = undefined;
  readonly #dispatch: (event: Event) => void;
  readonly #chain: OperationsChain;
  readonly #media: MediaNegotiation;
  readonly #own: OwnDescriptions;
  readonly #negotiationNeeded: NegotiationNeeded;
  /** User name fragments that `restartIce` wants replaced. */
  #toReplace = new Set<string>();

  constructor(configuration: RTCConfiguration | undefined | null, dispatch: (event: Event) => void) {
    this.configuration = parseConfiguration(configuration);
    this.environment = environmentOf(this.configuration.kaon);
    this.#dispatch = dispatch;
    this.transports = new TransportSet(this.environment, () => this.configuration, this);
    this.transceivers = new TransceiverSet(this.#mediaHost());
    this.#media = new MediaNegotiation(
      this.negotiation,
      this.transceivers,
      this.transports,
      this.configuration.kaon.media,
    );
    this.#own = new OwnDescriptions(
      this.environment,
      () => this.configuration,
      this.negotiation,
      this.transports,
      this.#media,
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
        return missing || session.#toReplace.size > 0 || session.transceivers.needsNegotiation(session.negotiation);
      },
      fire: () => this.#fire(new Event('negotiationneeded')),
    });
    this.channels = new ChannelSet({
      get maxMessageSize() {
        return session.sctp?.maxMessageSize ?? 65536;
      },
      now: () => this.environment.clock.now(),
      wake: () => this.#dataTransport?.wake(),
      defer: (task) =>
        this.environment.clock.defer(() => {
          if (!this.closed) task();
        }),
      dispatch: (event) => this.#fire(event),
    });
    this.transports.fillPool();
  }

  // --- commands of the API

  createDataChannel(label: unknown, init: RTCDataChannelInit | null | undefined): RTCDataChannel {
    if (this.closed) throw closedError();
    const first = !this.channels.wanted;
    const channel = this.channels.create(channelSettings(label, init));
    if (first) this.#negotiationNeeded.update();
    return channel;
  }

  addTransceiver(trackOrKind: unknown, init: RTCRtpTransceiverInit | null | undefined): RTCRtpTransceiver {
    if (this.closed) throw closedError();
    return this.transceivers.addTransceiver(trackOrKind, init);
  }

  addTrack(track: unknown, streams: readonly unknown[]): RTCRtpSender {
    if (this.closed) throw closedError();
    return this.transceivers.addTrack(track, streams);
  }

  removeTrack(sender: unknown): void {
    if (this.closed) throw closedError();
    this.transceivers.removeTrack(sender);
  }

  /** The sender or receiver of a track. Throws InvalidAccessError unless there is exactly one. */
  selected(track: unknown): RTCRtpSender | RTCRtpReceiver {
    const all = [...this.transceivers.senders, ...this.transceivers.receivers].filter((one) => one.track === track);
    if (all.length !== 1 || all[0] === undefined)
      throw domError(
        'InvalidAccessError',
        `the connection has ${all.length === 0 ? 'no such track' : 'the track twice'}`,
      );
    return all[0];
  }

  createOffer(iceRestart: boolean): Promise<RTCSessionDescriptionInit> {
    return this.#operation(async () => {
      const { text } = await this.#makeOffer(iceRestart);
      return { type: 'offer' as const, sdp: text };
    });
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return this.#operation(async () => {
      const { text } = await this.#own.makeAnswer();
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
    return this.#operation(async () => addRemoteCandidate(this.negotiation, this.transports, init));
  }

  restartIce(): void {
    if (this.closed) return;
    this.#toReplace = new Set(this.#localFragments());
    this.#negotiationNeeded.update();
  }

  setConfiguration(input: RTCConfiguration | undefined): void {
    if (this.closed) throw closedError();
    this.configuration = changeConfiguration(this.configuration, input, this.negotiation.local !== undefined);
    if (this.negotiation.local === undefined) this.transports.fillPool();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.negotiation.close();
    this.transceivers.close();
    this.channels.abandon();
    this.transports.close();
    if (this.sctp !== undefined) sctpTransportInternals.closed(this.sctp, true);
    this.iceConnectionState = 'closed';
    this.connectionState = 'closed';
  }

  /** Our certificate in DER, leaf first; empty before there is one. */
  get certificateChain(): readonly Uint8Array[] {
    return this.#own.certificate?.chain ?? [];
  }

  // --- reports of the transports

  candidate(candidate: RTCIceCandidate, transport: PeerTransport): void {
    addLocalCandidate(this.negotiation, candidate, transport.localCandidates);
    this.#fire(new RTCPeerConnectionIceEvent('icecandidate', { candidate, url: candidate.url }));
  }

  candidateError(event: Parameters<TransportListener['candidateError']>[0]): void {
    const { url, errorCode, errorText } = event;
    const address = event.address === '' ? null : event.address;
    const port = address === null ? null : event.port;
    this.#fire(new RTCPeerConnectionIceErrorEvent('icecandidateerror', { url, errorCode, errorText, address, port }));
  }

  gatheringState(): void {
    const state = iceGatheringState(this.#inUse.map(({ ice }) => ice.gatheringState));
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
    if (text === '') made = type === 'offer' ? await this.#makeOffer(false) : await this.#own.makeAnswer();
    if (made === undefined) throw domError('InvalidModificationError', `no ${type} was created`);
    let description = new Description(type, made.session, made.text);
    if (text !== '' && text !== made.text) {
      const session = readDescription(text);
      checkLocal(session, made.session, (mid) => this.transports.of(mid) !== undefined);
      description = new Description(type, session, text);
    }
    this.#apply('local', description, made.media);
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
    checkAssociations(session, (mid) => this.transports.stableOf(mid)?.remoteTlsId);
    if (mustRollBack) this.#rollback();
    if (this.closed) return;
    this.#apply('remote', new Description(type, session, String(init.sdp)));
  }

  #apply(side: 'local' | 'remote', description: Description, plan: MediaPlan = NO_SECTIONS): void {
    const { negotiation } = this;
    const before = negotiation.state;
    negotiation.apply(side, description);
    if (negotiation.state === 'stable') this.#own.settle();
    if (side === 'local') this.transports.applyLocal(description);
    const changes = side === 'local' ? this.#media.applyLocal(description, plan) : this.#media.applyRemote(description);
    if (description.type !== 'offer') {
      this.#connect(description);
      this.#media.connect();
    } else if (side === 'local') this.#media.attach();
    if (negotiation.state === 'stable') this.#media.settle();
    this.#signalingChanged(before);
    changes.dispatch((event) => this.#fire(event));
    this.gatheringState();
    this.#updateStates();
  }

  /** Back to the last stable state, transports included (RFC 8829 §4.1.10.2). */
  #rollback(): void {
    const { negotiation } = this;
    const before = negotiation.state;
    negotiation.rollback();
    this.#own.settle();
    const { currentLocal, currentRemote } = negotiation;
    for (const { transport, index } of this.transports.rollback(currentLocal)) {
      const remote = currentRemote === undefined ? undefined : remoteParameters(currentRemote, index);
      if (remote !== undefined) transport.setRemote(remote);
    }
    const changes = this.#media.rollback();
    this.#signalingChanged(before);
    changes.dispatch((event) => this.#fire(event));
    this.gatheringState();
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

  /** Offer and answer are known: makes the transports what they say, and starts them. */
  #connect(answer: Description): void {
    const { local, remote, state } = this.negotiation;
    const { certificate } = this.#own;
    if (local === undefined || remote === undefined || certificate === undefined) return;
    const tagged = this.transports.applyAnswer(answer.session);
    if (state === 'stable') this.transports.settle();
    const data = local.data === undefined || remote.data === undefined ? undefined : local.data;
    const dataTransport = this.transports.of(data?.mid);
    if (dataTransport !== this.#dataTransport) this.#endData();
    for (const [transport, index] of tagged) {
      const parameters = remoteParameters(remote, index);
      if (parameters === undefined) continue;
      // Candidates to come belong to the section that carries the bundle.
      transport.line = { mid: midOf(local.session.media[index] as MediaDescription, index), index };
      transport.setRemote(parameters);
      const role = dtlsRole(answer, local, index);
      const sctp = transport === dataTransport ? remoteSctp(remote) : undefined;
      transport.establish(role, certificate, sctp);
      if (sctp !== undefined) this.#startData(transport, sctp.maxMessageSize);
      transport.wake();
    }
  }

  #startData(transport: PeerTransport, limit: number): void {
    const maxMessageSize = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    this.#dataTransport = transport;
    if (this.sctp === undefined)
      this.sctp = sctpTransportInternals.create({ transport: transport.dtls, maxMessageSize });
    else sctpTransportInternals.setMaxMessageSize(this.sctp, maxMessageSize);
    if (transport.stack.channels !== undefined) this.channels.attach(transport.stack.channels);
  }

  #endData(): void {
    if (this.#dataTransport === undefined) return;
    this.#dataTransport.closeChannels();
    this.#dataTransport = undefined;
    if (this.sctp !== undefined) sctpTransportInternals.closed(this.sctp);
    this.sctp = undefined;
    this.channels.detach();
  }

  // --- states and events

  #updateStates(): void {
    if (this.closed) return;
    const states = this.#inUse.map(({ ice, dtls, peerClosed }) => ({ ice: ice.state, dtls: dtls.state, peerClosed }));
    const ice = iceConnectionState(states.map((one) => one.ice));
    const connection = connectionState(states);
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
    return this.#own.makeOffer(() => ({
      data: this.channels.wanted,
      restarts: (fragment) => iceRestart || this.#toReplace.has(fragment),
    }));
  }

  #mediaHost(): MediaHost {
    const { clock, crypto } = this.environment;
    const session = this;
    return {
      random: crypto.random,
      cname: this.environment.cname,
      get closed() {
        return session.closed;
      },
      now: () => clock.now(),
      wallClock: () => clock.wallClock(),
      defer: (task) =>
        clock.defer(() => {
          if (!session.closed) task();
        }),
      timer: (callback) => clock.timer(callback),
      updateNegotiationNeeded: () => session.#negotiationNeeded.update(),
      getStats: (selected) => Promise.resolve(collectStats(session, selected)),
    };
  }

  /** Transports that a description of ours has shown. */
  get #inUse(): readonly PeerTransport[] {
    return this.transports.all.filter(({ line }) => line !== undefined);
  }

  #localFragments(): string[] {
    return [this.negotiation.currentLocal, this.negotiation.pendingLocal].flatMap((description) => {
      if (description === undefined) return [];
      const { session } = description;
      return session.media.flatMap((media) =>
        isRejected(media) ? [] : (readIceCredentials(session, media)?.usernameFragment ?? []),
      );
    });
  }
}

const NO_SECTIONS: MediaPlan = { sections: [] };

/** Our role in the DTLS handshake of a section's transport. */
function dtlsRole(answer: Description, local: Description, index: number): 'client' | 'server' {
  const section = answer.session.media[index] as MediaDescription;
  const isClient = roleOfAnswerer(answer.session, section) === 'client';
  return isClient === (answer === local) ? 'client' : 'server';
}
