import { generateCertificate, type KeygenAlgorithm, type RTCCertificate } from './certificate.ts';
import { type RTCConfiguration, showConfiguration } from './configuration.ts';
import type { RTCDataChannel } from './data-channel.ts';
import type { RTCDataChannelInit } from './data-channel-init.ts';
import { closedError, domError } from './errors.ts';
import type { AnyEventHandler, EventHandler } from './events/event-target.ts';
import { TypedEventTarget } from './events/event-target.ts';
import type {
  RTCDataChannelEvent,
  RTCPeerConnectionIceErrorEvent,
  RTCPeerConnectionIceEvent,
} from './events/events.ts';
import type { RTCIceCandidateInit } from './ice-candidate.ts';
import type { RTCSignalingState } from './jsep/negotiation.ts';
import { canTrickle } from './jsep/remote-parameters.ts';
import type { RTCSctpTransport } from './sctp-transport.ts';
import { Session } from './session.ts';
import type {
  RTCLocalSessionDescriptionInit,
  RTCSessionDescription,
  RTCSessionDescriptionInit,
} from './session-description.ts';
import type { RTCPeerConnectionState } from './states.ts';
import { collectStats } from './stats/collect.ts';
import type { RTCStatsReport } from './stats/report.ts';

/** Events of a connection. */
export interface RTCPeerConnectionEventMap {
  connectionstatechange: Event;
  datachannel: RTCDataChannelEvent;
  icecandidate: RTCPeerConnectionIceEvent;
  icecandidateerror: RTCPeerConnectionIceErrorEvent;
  iceconnectionstatechange: Event;
  icegatheringstatechange: Event;
  negotiationneeded: Event;
  signalingstatechange: Event;
  track: Event;
}

/** First argument of `createOffer`. */
export interface RTCOfferOptions {
  iceRestart?: boolean;
  /** Media is not supported: true is refused with NotSupportedError. */
  offerToReceiveAudio?: boolean;
  offerToReceiveVideo?: boolean;
}

/** A connection to one peer (W3C WebRTC §4.4), with data channels. Media is not supported yet and says so. */
export class RTCPeerConnection extends TypedEventTarget<RTCPeerConnectionEventMap> {
  readonly #session: Session;

  /** Throws TypeError, SyntaxError or InvalidAccessError on a configuration that cannot be. */
  constructor(configuration: RTCConfiguration | null = {}) {
    super();
    this.#session = new Session(configuration, (event) => void this.dispatchEvent(event));
  }

  /** A certificate for `RTCConfiguration.certificates`. Rejects with NotSupportedError on algorithms that are not supported. */
  static generateCertificate(keygenAlgorithm: KeygenAlgorithm): Promise<RTCCertificate> {
    return generateCertificate(keygenAlgorithm);
  }

  get signalingState(): RTCSignalingState {
    return this.#session.negotiation.state;
  }

  get iceGatheringState(): 'new' | 'gathering' | 'complete' {
    return this.#session.iceGatheringState;
  }

  get iceConnectionState(): Session['iceConnectionState'] {
    return this.#session.iceConnectionState;
  }

  get connectionState(): RTCPeerConnectionState {
    return this.#session.connectionState;
  }

  get localDescription(): RTCSessionDescription | null {
    return this.#session.negotiation.local?.api ?? null;
  }

  get currentLocalDescription(): RTCSessionDescription | null {
    return this.#session.negotiation.currentLocal?.api ?? null;
  }

  get pendingLocalDescription(): RTCSessionDescription | null {
    return this.#session.negotiation.pendingLocal?.api ?? null;
  }

  get remoteDescription(): RTCSessionDescription | null {
    return this.#session.negotiation.remote?.api ?? null;
  }

  get currentRemoteDescription(): RTCSessionDescription | null {
    return this.#session.negotiation.currentRemote?.api ?? null;
  }

  get pendingRemoteDescription(): RTCSessionDescription | null {
    return this.#session.negotiation.pendingRemote?.api ?? null;
  }

  /** Whether the peer takes candidates one by one; null before its first description. */
  get canTrickleIceCandidates(): boolean | null {
    return canTrickle(this.#session.negotiation.remote);
  }

  /** Null until data channels are agreed on. */
  get sctp(): RTCSctpTransport | null {
    return this.#session.sctp ?? null;
  }

  /** An offer, as a plain object that may be edited. */
  createOffer(options?: RTCOfferOptions): Promise<RTCSessionDescriptionInit>;
  /** @deprecated Use the promise. */
  createOffer(
    success: (description: RTCSessionDescriptionInit) => void,
    failure: (error: DOMException) => void,
    options?: RTCOfferOptions,
  ): Promise<void>;
  createOffer(...args: unknown[]): Promise<unknown> {
    const [options, legacy] = typeof args[0] === 'function' ? [args[2], args] : [args[0], undefined];
    const { iceRestart, offerToReceiveAudio, offerToReceiveVideo } = (options ?? {}) as RTCOfferOptions;
    const offer =
      offerToReceiveAudio || offerToReceiveVideo
        ? Promise.reject(domError('NotSupportedError', 'media is not supported yet'))
        : this.#session.createOffer(Boolean(iceRestart));
    return legacy === undefined ? offer : callBack(offer, legacy);
  }

  /** An answer, as a plain object that may be edited. */
  createAnswer(options?: object): Promise<RTCSessionDescriptionInit>;
  /** @deprecated Use the promise. */
  createAnswer(
    success: (description: RTCSessionDescriptionInit) => void,
    failure: (error: DOMException) => void,
  ): Promise<void>;
  createAnswer(...args: unknown[]): Promise<unknown> {
    const answer = this.#session.createAnswer();
    return typeof args[0] === 'function' ? callBack(answer, args) : answer;
  }

  /** Applies a description of ours; without one it is created as the state asks for. */
  setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void>;
  /** @deprecated Use the promise. */
  setLocalDescription(
    description: RTCLocalSessionDescriptionInit,
    success: () => void,
    failure: (error: DOMException) => void,
  ): Promise<void>;
  setLocalDescription(...args: unknown[]): Promise<void> {
    const done = this.#session.setLocalDescription((args[0] ?? {}) as RTCLocalSessionDescriptionInit);
    return typeof args[1] === 'function' ? callBack(done, args.slice(1)) : done;
  }

  /** Applies a description of the peer. An offer rolls an offer of ours back. */
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  /** @deprecated Use the promise. */
  setRemoteDescription(
    description: RTCSessionDescriptionInit,
    success: () => void,
    failure: (error: DOMException) => void,
  ): Promise<void>;
  setRemoteDescription(description: unknown, ...callbacks: unknown[]): Promise<void> {
    const done =
      typeof description === 'object' && description !== null
        ? this.#session.setRemoteDescription(description as RTCSessionDescriptionInit)
        : Promise.reject(new TypeError('the description is not an object'));
    return typeof callbacks[0] === 'function' ? callBack(done, callbacks) : done;
  }

  /** Adds a candidate of the peer; null, nothing or an empty one says that no more follow. */
  addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void>;
  /** @deprecated Use the promise. */
  addIceCandidate(
    candidate: RTCIceCandidateInit | null,
    success: () => void,
    failure: (error: DOMException) => void,
  ): Promise<void>;
  addIceCandidate(...args: unknown[]): Promise<void> {
    const candidate = (args[0] ?? {}) as RTCIceCandidateInit;
    const named = (candidate.sdpMid ?? null) !== null || (candidate.sdpMLineIndex ?? null) !== null;
    const done =
      !named && (candidate.candidate ?? '') !== ''
        ? Promise.reject(new TypeError('sdpMid and sdpMLineIndex are both null'))
        : this.#session.addIceCandidate(candidate);
    return typeof args[1] === 'function' ? callBack(done, args.slice(1)) : done;
  }

  /** Asks for new ICE credentials with the next offer; `negotiationneeded` follows. */
  restartIce(): void {
    this.#session.restartIce();
  }

  /** A copy of the configuration in force. */
  getConfiguration(): RTCConfiguration {
    return showConfiguration(this.#session.configuration);
  }

  /** Throws InvalidStateError when closed, InvalidModificationError on what cannot be changed. */
  setConfiguration(configuration: RTCConfiguration = {}): void {
    this.#session.setConfiguration(configuration);
  }

  /** Opens a channel. Throws InvalidStateError, TypeError and OperationError as the standard has it. */
  createDataChannel(label: string, dataChannelDict?: RTCDataChannelInit): RTCDataChannel;
  createDataChannel(label: unknown, ...rest: unknown[]): RTCDataChannel {
    return this.#session.createDataChannel(label, rest[0] as RTCDataChannelInit | undefined);
  }

  /** Ends the connection at once and tells the peer. No event follows. Idempotent. */
  close(): void {
    this.#session.close();
  }

  /** Statistics. `selector` is a track; there is none, so any but null is refused with InvalidAccessError. */
  getStats(...[selector]: [selector?: unknown]): Promise<RTCStatsReport> {
    if (selector !== undefined && selector !== null)
      return Promise.reject(domError('InvalidAccessError', 'the connection has no such track'));
    return Promise.resolve(collectStats(this.#session));
  }

  /** Media is not supported yet: none. */
  getSenders(): never[] {
    return [];
  }

  /** Media is not supported yet: none. */
  getReceivers(): never[] {
    return [];
  }

  /** Media is not supported yet: none. */
  getTransceivers(): never[] {
    return [];
  }

  /** Throws NotSupportedError: media is not supported yet. */
  addTrack(..._args: unknown[]): never {
    throw this.#noMedia();
  }

  /** Throws InvalidAccessError: there is no sender that could be given. */
  removeTrack(_sender: unknown): void {
    if (this.#session.closed) throw closedError();
    throw domError('InvalidAccessError', 'the sender is not one of this connection');
  }

  /** Throws NotSupportedError: media is not supported yet. */
  addTransceiver(..._args: unknown[]): never {
    throw this.#noMedia();
  }

  get onconnectionstatechange(): AnyEventHandler {
    return this.handler('connectionstatechange');
  }
  set onconnectionstatechange(handler: EventHandler<this, Event>) {
    this.setHandler('connectionstatechange', handler);
  }
  get ondatachannel(): AnyEventHandler {
    return this.handler('datachannel');
  }
  set ondatachannel(handler: EventHandler<this, RTCDataChannelEvent>) {
    this.setHandler('datachannel', handler);
  }
  get onicecandidate(): AnyEventHandler {
    return this.handler('icecandidate');
  }
  set onicecandidate(handler: EventHandler<this, RTCPeerConnectionIceEvent>) {
    this.setHandler('icecandidate', handler);
  }
  get onicecandidateerror(): AnyEventHandler {
    return this.handler('icecandidateerror');
  }
  set onicecandidateerror(handler: EventHandler<this, RTCPeerConnectionIceErrorEvent>) {
    this.setHandler('icecandidateerror', handler);
  }
  get oniceconnectionstatechange(): AnyEventHandler {
    return this.handler('iceconnectionstatechange');
  }
  set oniceconnectionstatechange(handler: EventHandler<this, Event>) {
    this.setHandler('iceconnectionstatechange', handler);
  }
  get onicegatheringstatechange(): AnyEventHandler {
    return this.handler('icegatheringstatechange');
  }
  set onicegatheringstatechange(handler: EventHandler<this, Event>) {
    this.setHandler('icegatheringstatechange', handler);
  }
  get onnegotiationneeded(): AnyEventHandler {
    return this.handler('negotiationneeded');
  }
  set onnegotiationneeded(handler: EventHandler<this, Event>) {
    this.setHandler('negotiationneeded', handler);
  }
  get onsignalingstatechange(): AnyEventHandler {
    return this.handler('signalingstatechange');
  }
  set onsignalingstatechange(handler: EventHandler<this, Event>) {
    this.setHandler('signalingstatechange', handler);
  }
  /** Never fires: media is not supported yet. */
  get ontrack(): AnyEventHandler {
    return this.handler('track');
  }
  set ontrack(handler: EventHandler<this, Event>) {
    this.setHandler('track', handler);
  }

  #noMedia(): DOMException {
    return this.#session.closed ? closedError() : domError('NotSupportedError', 'media is not supported yet');
  }
}

/** The deprecated callbacks (W3C WebRTC §4.4.3): the promise itself always resolves. */
function callBack(promise: Promise<unknown>, [success, failure]: readonly unknown[]): Promise<void> {
  return promise.then(
    (value) => void (success as (value: unknown) => void)(value),
    (error: unknown) => {
      if (typeof failure === 'function') failure(error);
    },
  );
}
