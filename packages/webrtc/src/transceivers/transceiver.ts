import type { Direction } from '@kaon/sdp';
import {
  extensionCapabilities,
  type RTCRtpCodec,
  type RTCRtpHeaderExtensionCapability,
} from '../codecs/capabilities.ts';
import { checkCodecPreferences } from '../codecs/wanted.ts';
import { Construction } from '../construction.ts';
import { closedError, domError } from '../errors.ts';
import type { ReceiveAgreement, SendAgreement } from '../media/negotiated.ts';
import { type RTCRtpReceiver, receiverInternals } from '../media/receiver.ts';
import { type RTCRtpSender, senderInternals } from '../media/sender.ts';
import type { MediaStream } from '../media/stream.ts';
import { checkHeaderExtensions, negotiatedHeaderExtensions } from './header-extensions.ts';

/** Which way media is to go (W3C WebRTC §5.4). */
export type RTCRtpTransceiverDirection = Direction | 'stopped';

/** See `TransceiverInternals`. */
export let transceiverInternals: TransceiverInternals;

/** A sender and a receiver that share a media section (W3C WebRTC §5.4). */
export class RTCRtpTransceiver {
  readonly #state: TransceiverState;

  /** Transceivers are made by their connection. */
  constructor() {
    this.#state = construction.take();
  }

  /** The name of its media section; null before there is one, and after the transceiver is gone. */
  get mid(): string | null {
    return this.#state.mid;
  }

  get sender(): RTCRtpSender {
    return this.#state.sender;
  }

  get receiver(): RTCRtpReceiver {
    return this.#state.receiver;
  }

  /** Which way media should go, as far as this side goes. */
  get direction(): RTCRtpTransceiverDirection {
    return this.#state.stopping ? 'stopped' : this.#state.direction;
  }

  /** Throws InvalidStateError once stopped, TypeError for `stopped`: see `stop`. Other words change nothing. */
  set direction(direction: RTCRtpTransceiverDirection) {
    const state = this.#state;
    const wanted = String(direction) as RTCRtpTransceiverDirection;
    if (!DIRECTIONS.includes(wanted)) return;
    this.#checkOpen();
    if (wanted === state.direction) return;
    if (wanted === 'stopped') throw new TypeError('a transceiver is stopped by stop()');
    state.direction = wanted;
    state.host.changed();
  }

  /** Which way media goes, as it was agreed on; null before. */
  get currentDirection(): RTCRtpTransceiverDirection | null {
    return this.#state.stopped ? 'stopped' : this.#state.currentDirection;
  }

  /** @deprecated Use `currentDirection`. */
  get stopped(): boolean {
    return this.#state.stopped;
  }

  /** Ends it for good: nothing is sent or received any more, and its section is refused with the next offer. */
  stop(): void {
    const state = this.#state;
    if (state.host.closed) throw closedError();
    if (state.stopping) return;
    stopMedia(state);
    state.host.changed();
  }

  /** Which codecs to offer and to take, best first; none: the default. Throws InvalidModificationError. */
  setCodecPreferences(codecs: readonly RTCRtpCodec[]): void {
    this.#state.preferences = checkCodecPreferences(this.#state.kind, [...codecs]);
  }

  /** The header extensions that are offered (WebRTC Extensions §8). */
  getHeaderExtensionsToNegotiate(): RTCRtpHeaderExtensionCapability[] {
    return this.#state.headerExtensions.map((extension) => ({ ...extension }));
  }

  /**
   * Changes the directions of `getHeaderExtensionsToNegotiate`; `stopped` ones are not offered. Throws
   * InvalidModificationError when the list is another one, or when the mid would not be sent.
   */
  setHeaderExtensionsToNegotiate(extensions: readonly RTCRtpHeaderExtensionCapability[]): void {
    const state = this.#state;
    state.headerExtensions = checkHeaderExtensions([...extensions], state.headerExtensions);
    state.headerExtensionsGiven = true;
  }

  /** All header extensions, those that were not agreed on as `stopped`. */
  getNegotiatedHeaderExtensions(): RTCRtpHeaderExtensionCapability[] {
    const { headerExtensions, send, receive } = this.#state;
    return negotiatedHeaderExtensions(headerExtensions, send?.headerExtensions, receive?.headerExtensions);
  }

  #checkOpen(): void {
    if (this.#state.host.closed) throw closedError();
    if (this.#state.stopping) throw domError('InvalidStateError', 'the transceiver is stopped');
  }

  static {
    transceiverInternals = {
      create: (init) => {
        const headerExtensions = extensionCapabilities(init.kind).map((extension) => ({ ...extension }));
        return construction.make(RTCRtpTransceiver, { ...INITIAL, ...init, headerExtensions });
      },
      state: (transceiver) => transceiver.#state,
    };
  }
}

/** Sends and receives nothing from now on; the section is refused later (W3C WebRTC §5.4, "stop sending and receiving"). */
export function stopMedia(state: TransceiverState): void {
  if (state.stopping) return;
  state.stopping = true;
  state.direction = 'inactive';
  senderInternals.stop(state.sender);
  receiverInternals.stop(state.receiver);
}

/** The end of a transceiver (W3C WebRTC §5.4, "stop the RTCRtpTransceiver"). */
export function stopForGood(state: TransceiverState): void {
  stopMedia(state);
  state.stopped = true;
  state.currentDirection = null;
  state.firedDirection = null;
}

/** What a transceiver needs of its connection. */
export interface TransceiverHost {
  readonly closed: boolean;
  /** Something changed that needs an offer. */
  changed(): void;
}

/** What a transceiver is made of. */
export interface TransceiverInit {
  readonly kind: 'audio' | 'video';
  readonly sender: RTCRtpSender;
  readonly receiver: RTCRtpReceiver;
  readonly direction: Direction;
  /** It may take up a section that the peer offers (RFC 8829 §5.10). */
  readonly madeByAddTrack: boolean;
  /** It came with an offer that is not agreed on yet; cleared when it is, or when `addTrack` takes it. */
  readonly madeByOffer: boolean;
  readonly host: TransceiverHost;
}

/** What a connection knows of a transceiver; the names are those of the standard's internal slots. */
export interface TransceiverState extends Omit<TransceiverInit, 'direction' | 'madeByOffer'> {
  direction: Direction;
  madeByOffer: boolean;
  mid: string | null;
  currentDirection: Direction | null;
  /** The direction that the last `track` event, or its end, was about. */
  firedDirection: Direction | null;
  stopping: boolean;
  stopped: boolean;
  /** It was agreed once that it sends. */
  hasSent: boolean;
  preferences: readonly RTCRtpCodec[];
  headerExtensions: readonly RTCRtpHeaderExtensionCapability[];
  /** Whether `headerExtensions` were chosen by the application. */
  headerExtensionsGiven: boolean;
  /** Streams of the peer that its track is in. */
  streams: readonly MediaStream[];
  send: SendAgreement | undefined;
  receive: ReceiveAgreement | undefined;
  /** What a rollback goes back to. */
  stable: StableState;
}

/** A transceiver as it was in the last stable state. */
export interface StableState {
  readonly mid: string | null;
  readonly streams: readonly MediaStream[];
}

/** What a connection may do with its transceivers and nobody else. */
export interface TransceiverInternals {
  create(init: TransceiverInit): RTCRtpTransceiver;
  state(transceiver: RTCRtpTransceiver): TransceiverState;
}

const INITIAL = {
  mid: null,
  currentDirection: null,
  firedDirection: null,
  stopping: false,
  stopped: false,
  hasSent: false,
  preferences: [],
  headerExtensionsGiven: false,
  streams: [],
  send: undefined,
  receive: undefined,
  stable: { mid: null, streams: [] },
};

const DIRECTIONS: readonly RTCRtpTransceiverDirection[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive', 'stopped'];

const construction = new Construction<TransceiverState>();
