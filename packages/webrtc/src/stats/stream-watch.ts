import type { Instant } from '@kaon/interface/core/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI } from '@kaon/rtp';
import { startsKeyFrame } from '@kaon/rtp/payload';
import { AudioTally } from './audio-tally.ts';
import { type Dimensions, packetDimensions } from './dimensions.ts';
import { FrameRate } from './frame-rate.ts';

/** The stage that looks at what the application sends and gets, for statistics: frames, their size, loudness. */
export class StreamWatch implements Interceptor {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'stream-watch';
  readonly #local = new Map<number, WatchedStream>();
  readonly #remote = new Map<number, WatchedStream>();
  #lastLocal: WatchedStream | undefined = undefined;
  #lastRemote: WatchedStream | undefined = undefined;
  /** Feedback by RFC 8888. */
  ccfbMessagesSent = 0;
  ccfbMessagesReceived = 0;

  /** What was seen of a stream that is sent; undefined where it is not bound. */
  local(ssrc: number): WatchedStream | undefined {
    return this.#local.get(ssrc);
  }

  /** What was seen of a stream that comes; undefined where it is not bound. */
  remote(ssrc: number): WatchedStream | undefined {
    return this.#remote.get(ssrc);
  }

  bindLocalStream(info: StreamInfo): void {
    bind(this.#local, info);
  }

  unbindLocalStream(ssrc: number): void {
    this.#local.delete(ssrc);
    this.#lastLocal = undefined;
  }

  bindRemoteStream(info: StreamInfo): void {
    bind(this.#remote, info);
  }

  unbindRemoteStream(ssrc: number): void {
    this.#remote.delete(ssrc);
    this.#lastRemote = undefined;
  }

  handleOutgoingRtp(packet: RtpPacketView, now: Instant): boolean {
    const { ssrc } = packet;
    if (this.#lastLocal?.ssrc !== ssrc) this.#lastLocal = this.#local.get(ssrc);
    this.#lastLocal?.note(packet, now);
    return true;
  }

  handleIncomingRtp(packet: RtpPacketView, now: Instant): boolean {
    const { ssrc } = packet;
    if (this.#lastRemote?.ssrc !== ssrc) this.#lastRemote = this.#remote.get(ssrc);
    this.#lastRemote?.note(packet, now);
    return true;
  }

  handleOutgoingRtcp(packets: readonly RtcpPacketLike[]): void {
    for (const { type } of packets) if (type === 'ccfb') this.ccfbMessagesSent++;
  }

  handleIncomingRtcp(packets: readonly RtcpPacketLike[]): void {
    for (const { type } of packets) if (type === 'ccfb') this.ccfbMessagesReceived++;
  }
}

/** What was seen of one stream. */
export class WatchedStream {
  readonly ssrc: number;
  readonly audio: AudioTally = new AudioTally();
  readonly rate: FrameRate = new FrameRate();
  /** Video: frames that began, and those of them that are key frames. */
  frames = 0;
  keyFrames = 0;
  /** Of the last key frame that said it. */
  dimensions: Dimensions | undefined = undefined;
  /** Of the last packet with media, tones and comfort noise apart; -1 before the first. */
  payloadType = -1;
  clockRate = 0;
  /** RTP timestamp of the newest packet and when it was seen; -1 before the first. */
  timestamp = -1;
  seenAt: Instant = 0;
  #info: StreamInfo;
  #levelId = -1;
  /** Of the payload type `#read`; undefined: it tells nothing of the media. */
  #mimeType: string | undefined = undefined;
  #read = -1;
  /** Packets of the present frame so far, and what they told. */
  #inFrame = 0;
  #isKeyFrame = false;
  #isMeasured = false;

  constructor(info: StreamInfo) {
    this.ssrc = info.ssrc;
    this.#info = info;
    this.info = info;
  }

  set info(info: StreamInfo) {
    this.#info = info;
    this.#levelId = info.extensions.find(({ uri }) => uri === EXTENSION_URI.audioLevel)?.id ?? -1;
    this.#read = -1;
  }

  note(packet: RtpPacketView, now: Instant): void {
    const { payloadType, payloadOffset, payloadEnd } = packet;
    if (payloadOffset === payloadEnd) return;
    if (payloadType !== this.#read) this.#readType(payloadType);
    const mimeType = this.#mimeType;
    if (mimeType === undefined) return;
    if (this.#info.kind === 'video') this.#video(packet, mimeType, now);
    else this.#audio(packet, mimeType, now);
  }

  #readType(payloadType: number): void {
    this.#read = payloadType;
    const payload = this.#info.payloads.find((one) => one.payloadType === payloadType);
    this.#mimeType = payload === undefined || NO_MEDIA.test(payload.mimeType) ? undefined : payload.mimeType;
    if (payload === undefined || this.#mimeType === undefined) return;
    this.payloadType = payloadType;
    this.clockRate = payload.clockRate;
  }

  #video(packet: RtpPacketView, mimeType: string, now: Instant): void {
    const { timestamp } = packet;
    if (timestamp !== this.timestamp) {
      // A packet of an older frame that came late.
      if (this.timestamp >= 0 && isOlder(timestamp, this.timestamp, this.clockRate)) return;
      this.timestamp = timestamp;
      this.seenAt = now;
      this.frames++;
      this.rate.note(now);
      this.#inFrame = 0;
      this.#isKeyFrame = false;
      this.#isMeasured = false;
    }
    if (this.#inFrame++ >= LOOKED_AT || this.#isMeasured) return;
    if (!startsKeyFrame(mimeType, packet)) return;
    if (!this.#isKeyFrame) this.keyFrames++;
    this.#isKeyFrame = true;
    const dimensions = packetDimensions(mimeType, packet);
    if (dimensions === undefined) return;
    this.dimensions = { width: dimensions.width, height: dimensions.height };
    this.#isMeasured = true;
  }

  #audio(packet: RtpPacketView, mimeType: string, now: Instant): void {
    const { bytes, payloadOffset, payloadEnd, timestamp } = packet;
    if (this.timestamp >= 0 && isOlder(timestamp, this.timestamp, this.clockRate)) return;
    this.timestamp = timestamp;
    this.seenAt = now;
    const at = this.#levelId < 0 ? -1 : packet.extensionOffset(this.#levelId);
    const level = at < 0 ? -1 : (bytes[at] as number) & 0x7f;
    this.audio.note(mimeType, this.clockRate, bytes, payloadOffset, payloadEnd, timestamp, level);
  }
}

/** Whether a timestamp is before another; far before it is a new beginning. */
export function isOlder(timestamp: number, than: number, clockRate: number): boolean {
  const step = (timestamp - than) | 0;
  return step < 0 && step > -RESTART * clockRate;
}

function bind(streams: Map<number, WatchedStream>, info: StreamInfo): void {
  const known = streams.get(info.ssrc);
  if (known === undefined) streams.set(info.ssrc, new WatchedStream(info));
  else known.info = info;
}

/** Seconds that no packet is late. */
const RESTART = 5;
const NO_MEDIA = /\/(telephone-event|cn)$/i;
/** Packets of a frame in which its parameter sets are looked for. */
const LOOKED_AT = 4;
