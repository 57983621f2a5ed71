import { generateCertificate, type KeygenAlgorithm, type RTCCertificate } from './certificate.ts';
import { type RTCConfiguration, showConfiguration } from './configuration.ts';
import type { RTCDataChannel } from './data-channel.ts';
import type { RTCDataChannelInit } from './data-channel-init.ts';
import type { AnyEventHandler, EventHandler } from './events/event-target.ts';
import { TypedEventTarget } from './events/event-target.ts';
import type {
  RTCDataChannelEvent,
  RTCPeerConnectionIceErrorEvent,
  RTCPeerConnectionIceEvent,
} from './events/events.ts';
import type { RTCTrackEvent } from './events/track-event.ts';
import type { RTCIceCandidateInit } from './ice-candidate.ts';
import type { RTCSignalingState } from './jsep/negotiation.ts';
import { canTrickle } from './jsep/remote-parameters.ts';
import type { RTCRtpReceiver } from './media/receiver.ts';
import type { RTCRtpSender } from './media/sender.ts';
import type { MediaStream } from './media/stream.ts';
import type { MediaStreamTrack } from './media/track.ts';
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
import type { RTCRtpTransceiverInit } from './transceivers/init.ts';
import type { RTCRtpTransceiver } from './transceivers/transceiver.ts';

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
  track: RTCTrackEvent;
}

/** First argument of `createOffer`. */
export interface RTCOfferOptions {
  iceRestart?: boolean;
  /** @deprecated Use `addTransceiver`. True makes a transceiver that receives, unless there is one; false stops receiving. */
  offerToReceiveAudio?: boolean;
  /** @deprecated Use `addTransceiver`. */
  offerToReceiveVideo?: boolean;
}

/** A connection to one peer (W3C WebRTC §4.4). */
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
    const { iceRestart, offerToReceiveAudio: audio, offerToReceiveVideo: video } = (options ?? {}) as RTCOfferOptions;
    if (!this.#session.closed) {
      if (audio !== undefined) this.#session.transceivers.offerToReceive('audio', Boolean(audio));
      if (video !== undefined) this.#session.transceivers.offerToReceive('video', Boolean(video));
    }
    const offer = this.#session.createOffer(Boolean(iceRestart));
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

  /** Statistics, of all or of one track. Rejects with InvalidAccessError when not exactly one sender or receiver has the track. */
  getStats(...[selector]: [selector?: MediaStreamTrack | null]): Promise<RTCStatsReport> {
    if (selector === undefined || selector === null) return Promise.resolve(collectStats(this.#session));
    try {
      return this.#session.selected(selector).getStats();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The senders of transceivers that are not stopped. */
  getSenders(): RTCRtpSender[] {
    return this.#session.transceivers.senders;
  }

  /** The receivers of transceivers that are not stopped. */
  getReceivers(): RTCRtpReceiver[] {
    return this.#session.transceivers.receivers;
  }

  /** All transceivers, in the order they were made in; stopped ones until that is agreed on. */
  getTransceivers(): RTCRtpTransceiver[] {
    return [...this.#session.transceivers.all];
  }

  /**
   * Sends a track, by a transceiver that has not sent yet or by a new one. Throws InvalidStateError when closed,
   * InvalidAccessError when the track is being sent already.
   */
  addTrack(track: MediaStreamTrack, ...streams: readonly MediaStream[]): RTCRtpSender {
    return this.#session.addTrack(track, streams);
  }

  /** Ends sending a track. Throws InvalidStateError when closed, InvalidAccessError for the sender of another connection. */
  removeTrack(sender: RTCRtpSender): void {
    this.#session.removeTrack(sender);
  }

  /** A new transceiver, for a track or for a kind of media. Throws InvalidStateError, TypeError and OperationError. */
  addTransceiver(trackOrKind: MediaStreamTrack | string, init?: RTCRtpTransceiverInit): RTCRtpTransceiver;
  addTransceiver(trackOrKind: unknown, ...[init]: [init?: RTCRtpTransceiverInit]): RTCRtpTransceiver {
    return this.#session.addTransceiver(trackOrKind, init);
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
  get ontrack(): AnyEventHandler {
    return this.handler('track');
  }
  set ontrack(handler: EventHandler<this, RTCTrackEvent>) {
    this.setHandler('track', handler);
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
