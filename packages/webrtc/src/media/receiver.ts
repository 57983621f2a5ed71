import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { capabilities, type RTCRtpCapabilities } from '../codecs/capabilities.ts';
import { Construction } from '../construction.ts';
import type { RTCDtlsTransport } from '../dtls-transport.ts';
import { domError } from '../errors.ts';
import type { RTCStatsReport } from '../stats/report.ts';
import { FrameQueue } from './frame-queue.ts';
import type { ReceiverHost } from './host.ts';
import type { ReceiveAgreement } from './negotiated.ts';
import { extensionParameters, mediaCodecParameters } from './parameters/show.ts';
import type { RTCRtpReceiveParameters } from './parameters/types.ts';
import type { MediaTransport } from './pipeline/media-transport.ts';
import { type ReceivedFrame, type ReceivedPacketInfo, ReceiverCore, type ReceiverCounters } from './receiver-core.ts';
import type { RTCRtpContributingSource, RTCRtpSynchronizationSource } from './sources-seen.ts';
import { type MediaStreamTrack, trackInternals } from './track.ts';
import { encodedStreams, type RTCEncodedStreams } from './transform/encoded-streams.ts';
import type { FramePipe } from './transform/frame-pipe.ts';
import { type RTCRtpScriptTransform, scriptTransformInternals } from './transform/script-transform.ts';

/** See `ReceiverInternals`. */
export let receiverInternals: ReceiverInternals;

/** Receives a track (W3C WebRTC §5.3). */
export class RTCRtpReceiver {
  readonly #host: ReceiverHost;
  readonly #kind: 'audio' | 'video';
  readonly #core: ReceiverCore;
  readonly #track: MediaStreamTrack;
  #dtls: RTCDtlsTransport | null = null;
  #agreement: ReceiveAgreement | undefined = undefined;
  #jitterBufferTarget: number | null = null;
  #transform: RTCRtpScriptTransform | null = null;
  #streams: RTCEncodedStreams | undefined = undefined;
  #stopped = false;

  /** Receivers are made by their connection. */
  constructor() {
    const { host, kind, trackId } = construction.take();
    this.#host = host;
    this.#kind = kind;
    this.#core = new ReceiverCore(kind, host);
    this.#track = trackInternals.create({
      kind,
      id: trackId,
      label: `remote ${kind}`,
      muted: true,
      feed: this.#core.feed,
    });
  }

  /** What could be received at most, or null for what is no kind of media. */
  static getCapabilities(kind: string): RTCRtpCapabilities | null {
    return kind === 'audio' || kind === 'video' ? capabilities(kind) : null;
  }

  /** Always there; muted until packets come. */
  get track(): MediaStreamTrack {
    return this.#track;
  }

  get transport(): RTCDtlsTransport | null {
    return this.#dtls;
  }

  /**
   * Kaon's addition: called with each RTP packet of this receiver, in order if the jitter buffer is on. A plain callback, not
   * an event: packets are many. The bytes are only lent; what is kept has to be copied.
   */
  get onrtp(): ((packet: RtpPacketView, info: ReceivedPacketInfo) => void) | null {
    return this.#core.onrtp;
  }

  set onrtp(callback: ((packet: RtpPacketView, info: ReceivedPacketInfo) => void) | null) {
    this.#core.onrtp = typeof callback === 'function' ? callback : null;
  }

  /**
   * Kaon's addition: called with each whole frame, after the transform. A plain callback, not an event. The bytes are the
   * callee's. Video frames that need one that was lost are left out, and a key frame is asked for.
   */
  get onframe(): ((frame: ReceivedFrame) => void) | null {
    return this.#core.onframe;
  }

  set onframe(callback: ((frame: ReceivedFrame) => void) | null) {
    this.#core.onframe = typeof callback === 'function' ? callback : null;
    this.#core.framesWanted();
  }

  /**
   * Kaon's addition: the frames as an async iterable, until the track ends. When more than `limit` wait, the oldest are
   * dropped. Takes the place of `onframe`.
   */
  frames(limit = 128): AsyncIterableIterator<ReceivedFrame> {
    const queue = new FrameQueue<ReceivedFrame>(limit, () => {
      if (this.onframe === push) this.onframe = null;
    });
    const push = (frame: ReceivedFrame): void => queue.push(frame);
    if (this.#track.readyState === 'ended') queue.end();
    else {
      this.onframe = push;
      this.#core.onstop(() => queue.end());
    }
    return queue;
  }

  /** Kaon's addition: asks the peer for a key frame, of a layer or of all streams. At most once in a while, however often called. */
  requestKeyFrame(rid?: string): void {
    this.#core.requestKeyFrame(rid);
  }

  /**
   * Milliseconds that packets are held back at least, so that more of them come in time; null: as the network asks for. Throws
   * RangeError outside 0 to 4000.
   */
  get jitterBufferTarget(): number | null {
    return this.#jitterBufferTarget;
  }

  set jitterBufferTarget(target: number | null) {
    const milliseconds = target === null ? null : Number(target);
    if (milliseconds !== null && !(milliseconds >= 0 && milliseconds <= 4000))
      throw new RangeError('jitterBufferTarget has to be from 0 to 4000 ms');
    this.#jitterBufferTarget = milliseconds;
    this.#core.setJitterBufferTarget(milliseconds);
  }

  /** What received frames pass (W3C WebRTC Encoded Transform §5). Throws InvalidStateError when the transform is in use. */
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
            generateKeyFrame: undefined,
            sendKeyFrameRequest: () => this.#core.requestKeyFrame(undefined),
          });
    if (this.#transform !== null) scriptTransformInternals.release(this.#transform);
    this.#transform = transform;
    this.#core.setPipe(pipe);
  }

  /** The same as streams, in the older shape. Throws InvalidStateError the second time, and when there is a transform. */
  createEncodedStreams(): RTCEncodedStreams {
    if (this.#streams !== undefined || this.#transform !== null)
      throw domError('InvalidStateError', 'this receiver has a transform already');
    const { streams, pipe } = encodedStreams();
    this.#streams = streams;
    this.#core.setPipe(pipe);
    return streams;
  }

  getParameters(): RTCRtpReceiveParameters {
    const agreement = this.#agreement;
    return {
      codecs: mediaCodecParameters(agreement?.codecs ?? []),
      headerExtensions: extensionParameters(agreement?.headerExtensions ?? []),
      rtcp: { reducedSize: agreement?.reducedSize ?? false },
    };
  }

  /** Contributing sources (CSRC) of the last ten seconds, the newest first. */
  getContributingSources(): RTCRtpContributingSource[] {
    return this.#core.seen.contributing(this.#host.now(), this.#host.wallClock());
  }

  /** Sources (SSRC) of the last ten seconds, the newest first. */
  getSynchronizationSources(): RTCRtpSynchronizationSource[] {
    return this.#core.seen.synchronization(this.#host.now(), this.#host.wallClock());
  }

  getStats(): Promise<RTCStatsReport> {
    return this.#host.getStats(this);
  }

  /** Kaon's addition: what came and what became of it. */
  get counters(): ReceiverCounters {
    return this.#core.counters;
  }

  static {
    receiverInternals = {
      create: (init) => construction.make(RTCRtpReceiver, init),
      agree: (receiver, agreement, transport, dtls) => {
        if (receiver.#stopped) return;
        receiver.#agreement = agreement;
        receiver.#dtls = dtls;
        receiver.#core.agree(agreement, transport);
      },
      stop: (receiver, silent) => {
        if (receiver.#stopped) return;
        receiver.#stopped = true;
        receiver.#core.stop();
        receiver.#core.feed.end(silent === true);
      },
      core: (receiver) => receiver.#core,
    };
  }
}

/** What a connection makes a receiver of. */
export interface ReceiverInit {
  readonly kind: 'audio' | 'video';
  /** Default: a random UUID. */
  readonly trackId?: string | undefined;
  readonly host: ReceiverHost;
}

/** What a connection may do with its receivers and nobody else. */
export interface ReceiverInternals {
  create(init: ReceiverInit): RTCRtpReceiver;
  /** What comes from now on and through what; undefined: nothing, and the track is muted. */
  agree(
    receiver: RTCRtpReceiver,
    agreement: ReceiveAgreement | undefined,
    transport: MediaTransport | undefined,
    dtls: RTCDtlsTransport | null,
  ): void;
  /** The transceiver was stopped or the connection closed: the track ends, without an event if `silent`. */
  stop(receiver: RTCRtpReceiver, silent?: boolean): void;
  core(receiver: RTCRtpReceiver): ReceiverCore;
}

const construction = new Construction<ReceiverInit>();
