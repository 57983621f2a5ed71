import { capabilities, type RTCRtpCapabilities } from '../codecs/capabilities.ts';
import { Construction } from '../construction.ts';
import type { RTCDtlsTransport } from '../dtls-transport.ts';
import { closedError, domError } from '../errors.ts';
import type { RTCStatsReport } from '../stats/report.ts';
import { dtmfInternals, type RTCDTMFSender } from './dtmf-sender.ts';
import type { SenderHost } from './host.ts';
import type { LayerParameters, SendAgreement, SentEncoding } from './negotiated.ts';
import { isSendable } from './outgoing/outgoing-stream.ts';
import { checkEncodings, checkParameters } from './parameters/check.ts';
import { extensionParameters, mediaCodecParameters } from './parameters/show.ts';
import type { RTCRtpEncodingParameters, RTCRtpSendParameters, RTCSetParameterOptions } from './parameters/types.ts';
import type { MediaTransport } from './pipeline/media-transport.ts';
import { SenderCore, type SenderCounters } from './sender-core.ts';
import type { MediaStream } from './stream.ts';
import type { MediaStreamTrack } from './track.ts';
import { encodedStreams, type RTCEncodedStreams } from './transform/encoded-streams.ts';
import type { FramePipe } from './transform/frame-pipe.ts';
import { type RTCRtpScriptTransform, scriptTransformInternals } from './transform/script-transform.ts';

/** See `SenderInternals`. */
export let senderInternals: SenderInternals;

/** Sends a track (W3C WebRTC §5.2). */
export class RTCRtpSender {
  readonly #host: SenderHost;
  readonly #kind: 'audio' | 'video';
  readonly #core: SenderCore;
  readonly #dtmf: RTCDTMFSender | null;
  #trackId: string;
  #streamIds: readonly string[];
  #dtls: RTCDtlsTransport | null = null;
  #agreement: SendAgreement | undefined = undefined;
  #lastReturned: RTCRtpSendParameters | undefined = undefined;
  #degradationPreference: RTCRtpSendParameters['degradationPreference'] = undefined;
  #transform: RTCRtpScriptTransform | null = null;
  #streams: RTCEncodedStreams | undefined = undefined;
  #stopped = false;

  /** Senders are made by `addTrack` and `addTransceiver`. */
  constructor() {
    const { host, kind, track, streamIds, sendEncodings } = construction.take();
    this.#host = host;
    this.#kind = kind;
    this.#streamIds = [...streamIds];
    this.#trackId = track?.id ?? globalThis.crypto.randomUUID();
    this.#core = new SenderCore(kind, host, checkEncodings(kind, sendEncodings));
    this.#dtmf = kind === 'video' ? null : this.#makeDtmf();
    this.#core.setTrack(track);
  }

  /** What could be sent at most, or null for what is no kind of media. */
  static getCapabilities(kind: string): RTCRtpCapabilities | null {
    return kind === 'audio' || kind === 'video' ? capabilities(kind) : null;
  }

  get track(): MediaStreamTrack | null {
    return this.#core.track;
  }

  get transport(): RTCDtlsTransport | null {
    return this.#dtls;
  }

  /** Null for video. */
  get dtmf(): RTCDTMFSender | null {
    return this.#dtmf;
  }

  /**
   * What the frames of a frame source pass before they are cut into packets (W3C WebRTC Encoded Transform §5). RTP packets, of
   * an RTP source or of a received track, are passed on as they are. Throws InvalidStateError when the transform is in use.
   */
  get transform(): RTCRtpScriptTransform | null {
    return this.#transform;
  }

  set transform(transform: RTCRtpScriptTransform | null) {
    if (transform === this.#transform) return;
    if (this.#streams !== undefined) throw domError('InvalidStateError', 'createEncodedStreams was called');
    const pipe: FramePipe | undefined =
      transform === null
        ? undefined
        : scriptTransformInternals.take(transform, {
            kind: this.#kind,
            generateKeyFrame: (rid) => this.#core.keyFrameOf(rid),
            sendKeyFrameRequest: undefined,
          });
    if (this.#transform !== null) scriptTransformInternals.release(this.#transform);
    this.#transform = transform;
    this.#core.setPipe(pipe);
  }

  /** The same as streams, in the older shape. Throws InvalidStateError the second time, and when there is a transform. */
  createEncodedStreams(): RTCEncodedStreams {
    if (this.#streams !== undefined || this.#transform !== null)
      throw domError('InvalidStateError', 'this sender has a transform already');
    const { streams, pipe } = encodedStreams();
    this.#streams = streams;
    this.#core.setPipe(pipe);
    return streams;
  }

  /** Not to be changed unless by way of `setParameters`, in the same turn of the event loop. */
  getParameters(): RTCRtpSendParameters {
    const last = this.#lastReturned ?? this.#currentParameters();
    if (this.#lastReturned === undefined) {
      this.#lastReturned = last;
      this.#host.defer(() => {
        if (this.#lastReturned === last) this.#lastReturned = undefined;
      });
    }
    return structuredClone(last);
  }

  /** Changes encodings. Rejects with the standard's errors for anything else that differs from what `getParameters` returned. */
  async setParameters(parameters: RTCRtpSendParameters, options: RTCSetParameterOptions = {}): Promise<void> {
    if (this.#stopped) throw domError('InvalidStateError', 'the transceiver is stopped');
    const codecs = (this.#agreement?.codecs ?? []).filter(isSendable);
    const encodings = checkParameters(this.#kind, this.#lastReturned, parameters, codecs);
    const { encodingOptions = [] } = options;
    if (encodingOptions.length > 0 && encodingOptions.length !== encodings.length)
      throw domError('InvalidModificationError', 'encodingOptions need one member for each encoding');
    this.#lastReturned = undefined;
    this.#degradationPreference = parameters.degradationPreference;
    this.#core.setEncodings(encodings);
    for (const [index, { keyFrame }] of encodingOptions.entries())
      if (keyFrame) this.#core.requestKeyFrame(encodings[index]?.rid);
  }

  /** Sends another track, or nothing for null, without negotiation. Rejects with TypeError when it is of the other kind. */
  async replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    if (track !== null && track.kind !== this.#kind) throw new TypeError(`the track is not one of ${this.#kind}`);
    if (this.#host.closed) throw closedError();
    if (this.#stopped) throw domError('InvalidStateError', 'the transceiver is stopped');
    this.#core.setTrack(track);
  }

  /** Which streams the track belongs to, for the peer. Throws InvalidStateError when the connection is closed. */
  setStreams(...streams: readonly MediaStream[]): void {
    if (this.#host.closed) throw closedError();
    const ids = [...new Set(streams.map(({ id }) => id))];
    if (ids.length === this.#streamIds.length && ids.every((id) => this.#streamIds.includes(id))) return;
    this.#streamIds = ids;
    this.#host.updateNegotiationNeeded();
  }

  getStats(): Promise<RTCStatsReport> {
    return this.#host.getStats(this);
  }

  /**
   * Kaon's addition. Asks the source for a key frame, of the layers named or of all. Throws NotFoundError for rids that this
   * sender does not have.
   */
  generateKeyFrame(rids?: readonly string[]): void {
    for (const rid of rids ?? [undefined]) this.#core.keyFrameOf(rid);
  }

  /**
   * Kaon's addition, for tracks whose source has layers (simulcast received or made) sent on without simulcast: which layer to
   * send. The layer changes at its next key frame, which is asked for. Null: the best layer that the bandwidth allows.
   */
  selectLayer(rid: string | null): void {
    this.#core.selectLayer(rid);
  }

  /** Kaon's addition. The layer that is being sent; null without layers. */
  get activeLayer(): string | null {
    return this.#core.activeLayer;
  }

  /** Kaon's addition: what was sent and what was not. */
  get counters(): SenderCounters {
    return this.#core.counters;
  }

  #currentParameters(): RTCRtpSendParameters {
    const agreement = this.#agreement;
    const parameters: RTCRtpSendParameters = {
      transactionId: globalThis.crypto.randomUUID(),
      encodings: this.#core.parameters.map((encoding) => ({ ...encoding })),
      codecs: mediaCodecParameters(agreement?.codecs ?? []),
      headerExtensions: extensionParameters(agreement?.headerExtensions ?? []),
      rtcp: { cname: this.#host.cname, reducedSize: agreement?.reducedSize ?? false },
    };
    if (this.#degradationPreference !== undefined) parameters.degradationPreference = this.#degradationPreference;
    return parameters;
  }

  #makeDtmf(): RTCDTMFSender {
    const host = this.#host;
    return dtmfInternals.create({
      canInsert: () => !host.closed && this.#core.canSendTones,
      isStopped: () => this.#stopped,
      play: (event, duration) => this.#core.playTone(event, duration),
      now: () => host.now(),
      defer: (task) => host.defer(task),
      timer: (callback) => host.timer(callback),
    });
  }

  static {
    senderInternals = {
      create: (init) => construction.make(RTCRtpSender, init),
      facts: (sender) => ({
        kind: sender.#kind,
        track: sender.#core.track,
        trackId: sender.#trackId,
        streamIds: sender.#streamIds,
        cname: sender.#host.cname,
        encodings: sender.#core.sentEncodings,
      }),
      setTrack: (sender, track) => {
        sender.#core.setTrack(track);
        if (track !== null) sender.#trackId = track.id;
      },
      setStreams: (sender, ids) => {
        sender.#streamIds = [...ids];
      },
      setLayers: (sender, layers) => sender.#core.setLayers(layers),
      agree: (sender, agreement, transport, dtls) => {
        if (sender.#stopped) return;
        sender.#agreement = agreement;
        sender.#dtls = dtls;
        sender.#lastReturned = undefined;
        sender.#core.agree(agreement, transport);
      },
      stop: (sender) => {
        if (sender.#stopped) return;
        sender.#stopped = true;
        if (sender.#dtmf !== null) dtmfInternals.stop(sender.#dtmf);
        sender.#core.stop();
      },
      core: (sender) => sender.#core,
    };
  }
}

/** What a sender is as descriptions show it. */
export interface SenderFacts {
  readonly kind: 'audio' | 'video';
  readonly track: MediaStreamTrack | null;
  /** Of the track it was made with, or of its own. */
  readonly trackId: string;
  readonly streamIds: readonly string[];
  readonly cname: string;
  readonly encodings: readonly SentEncoding[];
}

/** What a connection makes a sender of. */
export interface SenderInit {
  readonly kind: 'audio' | 'video';
  readonly track: MediaStreamTrack | null;
  readonly streamIds: readonly string[];
  /** As `addTransceiver` was given them; empty: one encoding. */
  readonly sendEncodings: readonly RTCRtpEncodingParameters[];
  readonly host: SenderHost;
}

/** What a connection may do with its senders and nobody else. */
export interface SenderInternals {
  /** Throws what `addTransceiver` throws for bad encodings. */
  create(init: SenderInit): RTCRtpSender;
  facts(sender: RTCRtpSender): SenderFacts;
  /** For `addTrack` that takes a sender again, and `removeTrack`. */
  setTrack(sender: RTCRtpSender, track: MediaStreamTrack | null): void;
  setStreams(sender: RTCRtpSender, ids: readonly string[]): void;
  /** The layers that the peer accepted; encodings of others are gone for good. Empty: no simulcast, one encoding is left. */
  setLayers(sender: RTCRtpSender, layers: readonly LayerParameters[]): void;
  /** What may be sent from now on and through what; undefined: nothing. */
  agree(
    sender: RTCRtpSender,
    agreement: SendAgreement | undefined,
    transport: MediaTransport | undefined,
    dtls: RTCDtlsTransport | null,
  ): void;
  /** The transceiver was stopped or the connection closed. */
  stop(sender: RTCRtpSender): void;
  core(sender: RTCRtpSender): SenderCore;
}

const construction = new Construction<SenderInit>();
