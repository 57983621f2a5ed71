import type { Instant } from '@kaon/interface/core/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { generateSsrc } from '@kaon/rtp';
import { QualityLimitation } from '../stats/quality-limitation.ts';
import { SourceTally } from '../stats/source-tally.ts';
import type { CodecName, Feed, FeedFrame, FeedSink, FeedStream, FeedTarget } from './feed.ts';
import type { SenderHost } from './host.ts';
import { LayerChoice } from './layer-choice.ts';
import type { CodecParameters, LayerParameters, SendAgreement, SentEncoding } from './negotiated.ts';
import { type OutgoingCounters, OutgoingStream } from './outgoing/outgoing-stream.ts';
import type { RTCRtpEncodingParameters } from './parameters/types.ts';
import type { MediaTransport } from './pipeline/media-transport.ts';
import type { LocalStream, StreamDemand } from './pipeline/ports.ts';
import { TonePlayer } from './tone-player.ts';
import { type MediaStreamTrack, trackInternals } from './track.ts';
import { fromTransform, toTransform } from './transform/convert.ts';
import type { FramePipe, TransformFrame } from './transform/frame-pipe.ts';

/** What a sender did, over all its encodings. */
export interface SenderCounters extends OutgoingCounters {
  /** Key frames that the peer asked for. */
  readonly keyFrameRequests: number;
  /** Frames that a transform did not take, or that it made unusable. */
  readonly transformDropped: number;
}

/** A sender behind its API: takes what the track's source gives, and makes streams of it. */
export class SenderCore implements FeedSink {
  readonly #kind: 'audio' | 'video';
  readonly #host: SenderHost;
  readonly #layers = new LayerChoice();
  #source: SourceTally;
  #encodings: readonly Encoding[];
  #track: MediaStreamTrack | null = null;
  #feed: Feed | undefined = undefined;
  #agreement: SendAgreement | undefined = undefined;
  #transport: MediaTransport | undefined = undefined;
  #pipe: FramePipe | undefined = undefined;
  #tones: TonePlayer | undefined = undefined;
  #keyFrameRequests = 0;
  #transformDropped = 0;
  #wasEnabled = true;

  constructor(kind: 'audio' | 'video', host: SenderHost, encodings: readonly RTCRtpEncodingParameters[]) {
    this.#kind = kind;
    this.#host = host;
    this.#source = new SourceTally(kind, host.now());
    this.#encodings = encodings.map((parameters) => new Encoding(kind, host, parameters, this));
  }

  get track(): MediaStreamTrack | null {
    return this.#track;
  }

  get parameters(): readonly RTCRtpEncodingParameters[] {
    return this.#encodings.map(({ parameters }) => parameters);
  }

  get sentEncodings(): readonly SentEncoding[] {
    return this.#encodings.map(({ stream: { names }, parameters }) => ({
      ...names,
      active: parameters.active !== false,
    }));
  }

  /** The encodings themselves, for statistics. */
  get encodings(): readonly Encoding[] {
    return this.#encodings;
  }

  /** What the track's source gave, for statistics. */
  get source(): SourceTally {
    return this.#source;
  }

  get agreement(): SendAgreement | undefined {
    return this.#agreement;
  }

  get transport(): MediaTransport | undefined {
    return this.#transport;
  }

  get counters(): SenderCounters {
    const sum = { packets: 0, bytes: 0, frames: 0, keyFrames: 0, dropped: 0 };
    for (const { stream } of this.#encodings)
      for (const name of Object.keys(sum) as (keyof OutgoingCounters)[]) sum[name] += stream.counters[name];
    const transformDropped = this.#transformDropped + (this.#pipe?.dropped ?? 0);
    return { ...sum, keyFrameRequests: this.#keyFrameRequests, transformDropped };
  }

  get activeLayer(): string | null {
    return this.#layers.active ?? null;
  }

  get canSendTones(): boolean {
    return this.#agreement !== undefined && this.#encodings[0]?.stream.tones !== undefined;
  }

  setTrack(track: MediaStreamTrack | null): void {
    if (track === this.#track) return;
    this.#feed?.detach(this);
    this.#track = track;
    this.#source = new SourceTally(this.#kind, this.#host.now());
    this.#feed = track === null ? undefined : trackInternals.feed(track);
    for (const { stream } of this.#encodings) stream.leave();
    this.#layers.reset();
    this.#feed?.attach(this);
    this.#demandChanged();
    if (this.#transport?.isReady) this.requestKeyFrame(undefined);
  }

  /** New parameters, as many as there are encodings. */
  setEncodings(parameters: readonly RTCRtpEncodingParameters[]): void {
    for (const [index, encoding] of this.#encodings.entries()) {
      const next = parameters[index] as RTCRtpEncodingParameters;
      const wasActive = encoding.parameters.active !== false;
      const codec = encoding.stream.codec;
      encoding.parameters = next;
      encoding.stream.prefer(next.codec);
      // Another codec begins with a key frame, and so does what was paused.
      if ((!wasActive && next.active !== false) || encoding.stream.codec !== codec) {
        encoding.stream.leave();
        this.requestKeyFrame(next.rid);
      }
    }
    this.#demandChanged();
    this.#feed?.targetChanged();
  }

  setLayers(layers: readonly LayerParameters[]): void {
    if (this.#encodings.length === 1 && this.#encodings[0]?.parameters.rid === undefined) return;
    const kept =
      layers.length === 0
        ? this.#encodings.slice(0, 1)
        : this.#encodings.filter(({ parameters: { rid } }) => layers.some((layer) => layer.rid === rid));
    if (kept.length === 0) kept.push(this.#encodings[0] as Encoding);
    for (const encoding of this.#encodings) if (!kept.includes(encoding)) this.#unbind(encoding);
    this.#encodings = kept;
    for (const encoding of kept)
      encoding.paused = layers.some(({ rid, paused }) => paused && rid === encoding.parameters.rid);
  }

  agree(agreement: SendAgreement | undefined, transport: MediaTransport | undefined): void {
    if (transport !== this.#transport || agreement === undefined)
      for (const encoding of this.#encodings) this.#unbind(encoding);
    const resumes = this.#agreement === undefined;
    this.#agreement = agreement;
    this.#transport = agreement === undefined ? undefined : transport;
    if (agreement === undefined || transport === undefined) {
      this.#tones?.stop();
      this.#feed?.targetChanged();
      return;
    }
    this.setLayers(agreement.layers);
    for (const encoding of this.#encodings) {
      if (resumes) encoding.stream.leave();
      encoding.stream.configure(agreement, transport);
      transport.bindLocal(encoding, agreement.reducedSize, this.#host.now());
    }
  }

  stop(): void {
    this.#feed?.detach(this);
    this.#feed = undefined;
    for (const encoding of this.#encodings) this.#unbind(encoding);
    this.#agreement = undefined;
    this.#transport = undefined;
    this.#tones?.stop();
    this.#pipe?.close();
  }

  setPipe(pipe: FramePipe | undefined): void {
    this.#pipe = pipe;
    if (pipe !== undefined) pipe.output = (frame) => this.#transformed(frame);
  }

  playTone(event: number, duration: number): void {
    const stream = this.#encodings[0]?.stream;
    if (stream === undefined || !this.canSendTones) return;
    this.#tones ??= new TonePlayer(this.#host);
    this.#tones.play(event, duration, stream);
  }

  /** Asks the source for a key frame for a layer of ours. */
  requestKeyFrame(rid: string | undefined): void {
    if (this.#kind !== 'video' || this.#track?.readyState !== 'live') return;
    this.#feed?.requestKeyFrame(rid ?? this.#layers.wanted);
  }

  /** As `requestKeyFrame`, for the application. */
  keyFrameOf(rid: string | undefined): void {
    if (rid !== undefined && !this.#encodings.some(({ parameters }) => parameters.rid === rid))
      throw new DOMException(`this sender has no layer ${rid}`, 'NotFoundError');
    this.requestKeyFrame(rid);
  }

  selectLayer(rid: string | null): void {
    this.#layers.select(rid ?? undefined);
    if (rid !== null && rid !== this.#layers.active) this.#feed?.requestKeyFrame(rid);
  }

  frame(frame: FeedFrame): void {
    const now = this.#host.now();
    this.#source.frame(frame, this.#encodings[0]?.codec, now);
    if (!this.#mayPass()) return;
    const encoding = this.#encodingFor(frame.rid, frame.data.length, frame.keyFrame, now);
    if (encoding === undefined) return;
    if (this.#pipe !== undefined) this.#pipe.write(toTransform(this.#kind, frame, encoding.stream));
    else if (!encoding.stream.sendFrame(frame, now)) this.#keyFrameMissing(encoding, now);
  }

  packet(packet: RtpPacketView, from: FeedStream): void {
    const now = this.#host.now();
    this.#source.packet(packet, from, now);
    if (!this.#mayPass()) return;
    const simulcast = this.#encodings.length > 1;
    const encoding =
      simulcast && from.rid !== undefined
        ? this.#encodings.find(({ parameters }) => parameters.rid === from.rid)
        : this.#encodings[0];
    if (encoding === undefined || !encoding.isOn) return;
    const { stream } = encoding;
    if (!simulcast && from.rid !== undefined) {
      const { length } = packet.bytes;
      this.#layers.note(from.rid, length, this.#feed?.rids ?? [], encoding.bitrate, now);
    }
    if (!stream.isFrom(from)) {
      if (!simulcast && from.rid !== undefined && from.rid !== this.#layers.wanted) return;
      if (!stream.canJoin(packet, from)) {
        this.#keyFrameMissing(encoding, now);
        return;
      }
      stream.join(packet, from);
      this.#layers.joined(from.rid);
    }
    stream.forward(packet, from, now);
  }

  target(rid: string | undefined): FeedTarget | undefined {
    if (!this.#transport?.isReady || this.#agreement === undefined) return undefined;
    const encoding =
      rid === undefined || this.#encodings.length === 1
        ? this.#encodings[0]
        : this.#encodings.find(({ parameters }) => parameters.rid === rid);
    if (encoding === undefined) return undefined;
    const { maxFramerate, scaleResolutionDownBy = 1, scalabilityMode } = encoding.parameters;
    return { bitrate: encoding.bitrate, maxFramerate, scaleResolutionDownBy, scalabilityMode };
  }

  /** What an encoding wants of the network. */
  demandOf(encoding: Encoding): StreamDemand | undefined {
    if (!encoding.isOn || this.#track === null || this.#track.readyState === 'ended') return undefined;
    const { maxBitrate = Number.POSITIVE_INFINITY, scaleResolutionDownBy = 1, priority = 'low' } = encoding.parameters;
    const most = this.#kind === 'audio' ? AUDIO_BITRATE : VIDEO_BITRATE / scaleResolutionDownBy ** 2;
    const wanted = maxBitrate === Number.POSITIVE_INFINITY ? most : maxBitrate;
    const max = Math.min(wanted, this.#agreement?.maxBitrate ?? Number.POSITIVE_INFINITY);
    // Audio goes on whatever the network carries, and comes first: without it there is no call.
    const isAudio = this.#kind === 'audio';
    const min = isAudio ? 0 : Math.min(max, MIN_VIDEO_BITRATE);
    return { min, max, weight: WEIGHTS[priority] * (isAudio ? AUDIO_WEIGHT : 1) };
  }

  /** The transport is ready for an encoding, or the peer wants a key frame of it. */
  keyFrameWanted(encoding: Encoding, byPeer: boolean): void {
    if (byPeer) this.#keyFrameRequests++;
    encoding.lastRequest = this.#host.now();
    this.requestKeyFrame(encoding.parameters.rid);
  }

  allocated(): void {
    this.#feed?.targetChanged();
  }

  /** Whether anything of the track may be sent now. */
  #mayPass(): boolean {
    const enabled = this.#track?.enabled === true && this.#track.readyState === 'live';
    if (
      this.#agreement === undefined ||
      this.#transport?.isReady !== true ||
      !enabled ||
      this.#tones?.active === true
    ) {
      this.#wasEnabled = false;
      return false;
    }
    if (!this.#wasEnabled) {
      this.#wasEnabled = true;
      for (const { stream } of this.#encodings) stream.leave();
    }
    return true;
  }

  /** Where a frame goes: its own layer, or the only encoding there is when its layer is the chosen one. */
  #encodingFor(rid: string | undefined, size: number, keyFrame: boolean, now: Instant): Encoding | undefined {
    if (this.#encodings.length > 1) {
      const encoding =
        rid === undefined ? this.#encodings[0] : this.#encodings.find(({ parameters }) => parameters.rid === rid);
      return encoding?.isOn ? encoding : undefined;
    }
    const encoding = this.#encodings[0];
    if (encoding === undefined || !encoding.isOn) return undefined;
    if (rid === undefined) return encoding;
    this.#layers.note(rid, size, this.#feed?.rids ?? [], encoding.bitrate, now);
    if (rid !== this.#layers.active) {
      if (rid !== this.#layers.wanted) return undefined;
      if (!keyFrame) {
        this.#keyFrameMissing(encoding, now);
        return undefined;
      }
      encoding.stream.leave();
      this.#layers.joined(rid);
    }
    return encoding;
  }

  /** Asks again for a key frame that does not come. */
  #keyFrameMissing(encoding: Encoding, now: Instant): void {
    if (this.#kind !== 'video' || now - encoding.lastRequest < KEY_FRAME_INTERVAL) return;
    encoding.lastRequest = now;
    this.requestKeyFrame(encoding.parameters.rid);
  }

  #transformed(transformed: TransformFrame): void {
    const frame = fromTransform(transformed);
    const encoding = this.#encodings.find(({ parameters }) => parameters.rid === frame.rid) ?? this.#encodings[0];
    if (encoding === undefined || this.#agreement === undefined) return;
    try {
      encoding.stream.sendFrame(frame, this.#host.now());
    } catch {
      // What a transform makes need not be a frame of the codec any more.
      this.#transformDropped++;
    }
  }

  #demandChanged(): void {
    this.#transport?.demandChanged(this.#host.now());
  }

  #unbind(encoding: Encoding): void {
    this.#transport?.unbindLocal(encoding.stream.names.ssrc, this.#host.now());
    encoding.bitrate = 0;
  }
}

/** One encoding: its parameters, its stream and its share of the network. */
export class Encoding implements LocalStream {
  readonly stream: OutgoingStream;
  parameters: RTCRtpEncodingParameters;
  /** bit/s; 0: nothing may be sent. */
  bitrate = 0;
  /** Whether the peer does not want it at present (RFC 8853 §5.1: `~`). */
  paused = false;
  /** When a key frame was asked for last. */
  lastRequest: Instant = Number.NEGATIVE_INFINITY;
  /** Why it gets less than it wants, for statistics. */
  readonly limitation: QualityLimitation;
  readonly #host: SenderHost;
  readonly #sender: SenderCore;

  constructor(kind: 'audio' | 'video', host: SenderHost, parameters: RTCRtpEncodingParameters, sender: SenderCore) {
    const names = {
      ssrc: generateSsrc(host.random),
      rtxSsrc: generateSsrc(host.random),
      fecSsrc: generateSsrc(host.random),
      rid: parameters.rid,
    };
    this.stream = new OutgoingStream(names, kind, host.cname, host.random);
    this.stream.prefer(parameters.codec);
    this.parameters = parameters;
    this.limitation = new QualityLimitation(host.now());
    this.#host = host;
    this.#sender = sender;
  }

  /** Whether it is to be sent. */
  get isOn(): boolean {
    return this.parameters.active !== false && !this.paused;
  }

  get info(): NonNullable<OutgoingStream['info']> {
    const { info } = this.stream;
    if (info === undefined) throw new TypeError('nothing was agreed on');
    return info;
  }

  get demand(): StreamDemand | undefined {
    return this.#sender.demandOf(this);
  }

  get codec(): CodecParameters | CodecName | undefined {
    return this.stream.codec;
  }

  ready(): void {
    this.#sender.keyFrameWanted(this, false);
  }

  keyFrameRequested(): void {
    this.#sender.keyFrameWanted(this, true);
  }

  acknowledged(): void {
    this.stream.acknowledged();
  }

  allocated(bitrate: number): void {
    const isLimited = this.#sender.transport?.isReady === true && bitrate < (this.demand?.max ?? 0);
    this.limitation.set(isLimited ? 'bandwidth' : 'none', this.#host.now());
    if (bitrate === this.bitrate) return;
    this.bitrate = bitrate;
    this.#sender.allocated();
  }
}

/** bit/s that one stream uses at most, where nobody says otherwise. */
const AUDIO_BITRATE = 64_000;
const VIDEO_BITRATE = 2_500_000;
/** bit/s below which a stream is of no use. */
const MIN_VIDEO_BITRATE = 30_000;
/** By how much more than video audio weighs. */
const AUDIO_WEIGHT = 16;
/** Relative weights (RFC 8835 §4.1). */
const WEIGHTS = { 'very-low': 1, low: 2, medium: 4, high: 8 };
/** Milliseconds between requests for a key frame that does not come. */
const KEY_FRAME_INTERVAL = 500;
