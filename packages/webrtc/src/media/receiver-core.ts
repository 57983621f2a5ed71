import type { Instant } from '@kaon/interface/core/v1';
import type { EncodedFrame, RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI, RtpPacket } from '@kaon/rtp';
import { decodeRed, type RedBlock } from '@kaon/rtp/payload/red';
import { isMalformed } from '@kaon/wire';
import { isCodec, isMediaCodec } from '../codecs/match.ts';
import { type CodecName, Feed, type FeedStream } from './feed.ts';
import type { ReceiverHost } from './host.ts';
import { FrameAssembly } from './incoming/frame-assembly.ts';
import type { CodecParameters, ReceiveAgreement } from './negotiated.ts';
import { guard, throwLater } from './pipeline/guard.ts';
import type { MediaTransport } from './pipeline/media-transport.ts';
import type { ReceivePort, RemoteStream } from './pipeline/ports.ts';
import { SourcesSeen } from './sources-seen.ts';
import { RTCEncodedAudioFrame, RTCEncodedVideoFrame } from './transform/encoded-frame.ts';
import type { FramePipe, TransformFrame } from './transform/frame-pipe.ts';

/** What is known of a received packet beside what stands in it. */
export interface ReceivedPacketInfo {
  readonly ssrc: number;
  /** Layer of a simulcast. */
  readonly rid: string | undefined;
  readonly mid: string;
  /** Codec of its payload type. */
  readonly codec: CodecParameters;
  /** Id of a header extension on its packets, or -1. */
  extensionId(uri: string): number;
}

/** A whole frame that was received. */
export interface ReceivedFrame extends EncodedFrame {
  readonly kind: 'audio' | 'video';
  /** `video/VP8`. */
  readonly mimeType: string;
  readonly payloadType: number;
  /** Hz; of `timestamp`. */
  readonly clockRate: number;
  readonly ssrc: number;
  /** Layer of a simulcast. */
  readonly rid: string | undefined;
  /** Milliseconds since the first frame of its stream, by its timestamps. */
  readonly time: number;
}

/** What a receiver got. */
export interface ReceiverCounters {
  readonly packets: number;
  /** Payload bytes. */
  readonly bytes: number;
  readonly frames: number;
  readonly keyFrames: number;
  /** Frames that were left out because one that they need was lost. */
  readonly undecodable: number;
  /** Frames of which packets are missing. */
  readonly incomplete: number;
  /** Payloads that are none of their codec. */
  readonly malformed: number;
  /** Key frames that we asked for. */
  readonly keyFrameRequests: number;
  /** Frames that a transform did not take. */
  readonly transformDropped: number;
}

/** A receiver behind its API: takes packets from the transport, and gives packets and frames out. */
export class ReceiverCore {
  readonly feed: ReceiverFeed;
  readonly seen: SourcesSeen = new SourcesSeen();
  onrtp: ((packet: RtpPacketView, info: ReceivedPacketInfo) => void) | null = null;
  onframe: ((frame: ReceivedFrame) => void) | null = null;
  readonly #kind: 'audio' | 'video';
  readonly #host: ReceiverHost;
  readonly #streams = new Map<RemoteStream, IncomingStream>();
  #port: ReceivePort | undefined = undefined;
  #transport: MediaTransport | undefined = undefined;
  #agreement: ReceiveAgreement | undefined = undefined;
  #pipe: FramePipe | undefined = undefined;
  #jitterBufferTarget: number | null = null;
  #keyFrameRequests = 0;
  /** Counters of streams that are gone. */
  #past = { packets: 0, bytes: 0, frames: 0, keyFrames: 0, undecodable: 0, incomplete: 0, malformed: 0 };
  #transformDropped = 0;
  readonly #onstop: (() => void)[] = [];

  constructor(kind: 'audio' | 'video', host: ReceiverHost) {
    this.#kind = kind;
    this.#host = host;
    this.feed = new ReceiverFeed((rid) => this.requestKeyFrame(rid));
  }

  /** The streams that come at present, for statistics. */
  get streams(): readonly IncomingStream[] {
    return [...this.#streams.values()];
  }

  get transport(): MediaTransport | undefined {
    return this.#transport;
  }

  get counters(): ReceiverCounters {
    const sum = { ...this.#past };
    for (const stream of this.#streams.values()) add(sum, stream);
    const transformDropped = this.#transformDropped + (this.#pipe?.dropped ?? 0);
    return { ...sum, keyFrameRequests: this.#keyFrameRequests, transformDropped };
  }

  agree(agreement: ReceiveAgreement | undefined, transport: MediaTransport | undefined): void {
    const now = this.#host.now();
    if (agreement !== undefined && transport === this.#transport && same(agreement, this.#agreement)) return;
    if (this.#port !== undefined && (transport !== this.#transport || agreement === undefined))
      this.#transport?.unbindReceiver(this.#port, now);
    this.#agreement = agreement;
    this.#transport = agreement === undefined ? undefined : transport;
    if (agreement === undefined || transport === undefined) {
      this.#port = undefined;
      this.#setMuted(true);
      return;
    }
    this.feed.rids = agreement.layers.map(({ rid }) => rid);
    if (this.#port === undefined) this.#port = this.#makePort(agreement);
    else (this.#port as { agreement: ReceiveAgreement }).agreement = agreement;
    transport.bindReceiver(this.#port, now);
  }

  stop(): void {
    if (this.#port !== undefined) this.#transport?.unbindReceiver(this.#port, this.#host.now());
    this.#port = undefined;
    this.#transport = undefined;
    this.#agreement = undefined;
    this.#pipe?.close();
    for (const call of this.#onstop.splice(0)) guard(call);
  }

  /** Calls back when the receiver is stopped. */
  onstop(call: () => void): void {
    this.#onstop.push(call);
  }

  setPipe(pipe: FramePipe | undefined): void {
    this.#pipe = pipe;
    if (pipe !== undefined) pipe.output = (frame) => this.#transformed(frame);
    this.framesWanted();
  }

  /** Someone wants frames: those of video begin with a key frame. */
  framesWanted(): void {
    if (this.#wantsFrames && this.#kind === 'video') this.requestKeyFrame(undefined);
  }

  setJitterBufferTarget(milliseconds: number | null): void {
    this.#jitterBufferTarget = milliseconds;
    for (const { info } of this.#streams.keys()) this.#transport?.setJitterBufferTarget(info.ssrc, milliseconds);
  }

  requestKeyFrame(rid: string | undefined): void {
    if (this.#kind !== 'video') return;
    const now = this.#host.now();
    for (const stream of this.#streams.keys()) {
      if (rid !== undefined && stream.rid !== rid) continue;
      this.#keyFrameRequests++;
      this.#transport?.requestKeyFrame(stream.info.ssrc, now);
    }
  }

  get #wantsFrames(): boolean {
    return this.onframe !== null || this.#pipe !== undefined;
  }

  #setMuted(muted: boolean): void {
    guard(() => this.feed.setMuted(muted));
  }

  #makePort(agreement: ReceiveAgreement): ReceivePort {
    return {
      agreement,
      streamAdded: (stream) => {
        this.#streams.set(stream, new IncomingStream(stream, this.#kind));
        if (this.#jitterBufferTarget !== null)
          this.#transport?.setJitterBufferTarget(stream.info.ssrc, this.#jitterBufferTarget);
      },
      streamRemoved: (stream) => {
        const gone = this.#streams.get(stream);
        if (gone === undefined) return;
        this.#streams.delete(stream);
        add(this.#past, gone);
        // The peer has left all its streams (W3C WebRTC §5.3: RTCP BYE).
        if (this.#streams.size === 0) this.#setMuted(true);
      },
      packet: (packet, stream, now) => {
        const incoming = this.#streams.get(stream);
        if (incoming !== undefined) this.#packet(packet, incoming, now);
      },
    };
  }

  #packet(packet: RtpPacketView, stream: IncomingStream, now: Instant): void {
    const info = stream.infoOf(packet.payloadType);
    if (info === undefined) return;
    stream.packets++;
    stream.bytes += packet.payloadEnd - packet.payloadOffset;
    if (packet.payloadEnd > packet.payloadOffset) this.#heard(packet, stream, now);
    if (this.feed.muted) this.#setMuted(false);
    try {
      this.onrtp?.(packet, info);
    } catch (error) {
      throwLater(error);
    }
    if (this.feed.sinks.length > 0) this.#pass(packet, stream, info);
    if (this.#wantsFrames) this.#assemble(packet, stream, info, now);
  }

  /** Gives a packet to senders. Of RED (RFC 2198) they get what is new: its redundancy is for this hop. */
  #pass(packet: RtpPacketView, stream: IncomingStream, { codec }: ReceivedPacketInfo): void {
    const passed = isCodec(codec, 'red') ? primaryOf(packet) : packet;
    if (passed !== undefined) this.feed.packet(passed, stream);
  }

  #assemble(packet: RtpPacketView, stream: IncomingStream, info: ReceivedPacketInfo, now: Instant): void {
    const { assembly } = stream;
    assembly.push(packet, info.codec);
    const codec = stream.frameCodec(info);
    for (let frame = assembly.poll(); frame !== undefined; frame = assembly.poll()) {
      const received: ReceivedFrame = {
        ...frame,
        kind: this.#kind,
        mimeType: codec.mimeType,
        payloadType: codec.payloadType,
        clockRate: codec.clockRate,
        ssrc: info.ssrc,
        rid: info.rid,
        time: assembly.timeOf(frame.timestamp, codec.clockRate),
      };
      if (this.#pipe === undefined) this.#deliver(received);
      else this.#pipe.write(toTransform(received));
    }
    if (assembly.keyFrameMissing(now)) {
      this.#keyFrameRequests++;
      this.#transport?.requestKeyFrame(info.ssrc, now);
    }
  }

  #heard(packet: RtpPacketView, stream: IncomingStream, now: Instant): void {
    const { bytes, ssrc, timestamp } = packet;
    const at = stream.audioLevelId < 0 ? -1 : packet.extensionOffset(stream.audioLevelId);
    this.seen.synchronizationSource(ssrc, timestamp, at < 0 ? -1 : (bytes[at] as number) & 0x7f, now);
    const count = (bytes[0] as number) & 0x0f;
    if (count === 0) return;
    const levels = stream.mixerLevelsId < 0 ? -1 : packet.extensionOffset(stream.mixerLevelsId);
    const known = levels < 0 ? 0 : packet.extensionLength(stream.mixerLevelsId);
    for (let i = 0; i < count; i++) {
      const offset = 12 + 4 * i;
      const csrc =
        (((bytes[offset] as number) << 24) |
          ((bytes[offset + 1] as number) << 16) |
          ((bytes[offset + 2] as number) << 8) |
          (bytes[offset + 3] as number)) >>>
        0;
      this.seen.contributingSource(csrc, timestamp, i < known ? (bytes[levels + i] as number) & 0x7f : -1, now);
    }
  }

  #deliver(frame: ReceivedFrame): void {
    const { onframe } = this;
    if (onframe !== null) guard(() => onframe(frame));
  }

  #transformed(frame: TransformFrame): void {
    const received = (frame.getMetadata() as { readonly kaon?: Omit<ReceivedFrame, 'data'> }).kaon;
    if (received === undefined) this.#transformDropped++;
    else this.#deliver({ ...received, data: new Uint8Array(frame.data) });
  }
}

/** One stream that comes: what its packets mean, and the frames in them. */
export class IncomingStream implements FeedStream {
  readonly stream: RemoteStream;
  readonly rid: string | undefined;
  readonly assembly: FrameAssembly;
  readonly audioLevelId: number;
  readonly mixerLevelsId: number;
  packets = 0;
  /** Payload bytes. */
  bytes = 0;
  #infos: (ReceivedPacketInfo | undefined)[] = [];
  #agreement: ReceiveAgreement | undefined = undefined;

  constructor(stream: RemoteStream, kind: 'audio' | 'video') {
    this.stream = stream;
    this.rid = stream.rid;
    this.assembly = new FrameAssembly(kind);
    this.audioLevelId = this.extensionId(EXTENSION_URI.audioLevel);
    this.mixerLevelsId = this.extensionId(EXTENSION_URI.mixerAudioLevels);
  }

  get frames(): number {
    return this.assembly.counters.frames;
  }

  codec(payloadType: number): CodecName | undefined {
    const codec = this.infoOf(payloadType)?.codec;
    return codec !== undefined && isMediaCodec(codec) ? codec : undefined;
  }

  /** The codec of the frames in packets: that inside of RED (RFC 2198 §5) is the one it names first. */
  frameCodec({ codec }: ReceivedPacketInfo): CodecParameters {
    if (!isCodec(codec, 'red')) return codec;
    const inside = Number.parseInt(codec.sdpFmtpLine ?? '', 10);
    return this.stream.port.agreement.codecs.find(({ payloadType }) => payloadType === inside) ?? codec;
  }

  extensionId(uri: string): number {
    return this.stream.port.agreement.headerExtensions.find((one) => one.uri === uri)?.id ?? -1;
  }

  /** Undefined for a payload type that was not negotiated. */
  infoOf(payloadType: number): ReceivedPacketInfo | undefined {
    const { agreement } = this.stream.port;
    if (agreement !== this.#agreement) {
      this.#agreement = agreement;
      this.#infos = [];
    }
    const known = this.#infos[payloadType];
    if (known !== undefined) return known;
    const codec = agreement.codecs.find((one) => one.payloadType === payloadType);
    if (codec === undefined) return undefined;
    const info: ReceivedPacketInfo = {
      ssrc: this.stream.info.ssrc,
      rid: this.rid,
      mid: agreement.mid,
      codec,
      extensionId: (uri) => this.extensionId(uri),
    };
    this.#infos[payloadType] = info;
    return info;
  }
}

/** The feed of a received track: packets as they come, to be passed on by senders. */
export class ReceiverFeed extends Feed {
  rids: readonly string[] = [];
  readonly #request: (rid: string | undefined) => void;

  constructor(request: (rid: string | undefined) => void) {
    super();
    this.setMuted(true);
    this.#request = request;
  }

  packet(packet: RtpPacketView, stream: FeedStream): void {
    for (const sink of this.sinks) {
      try {
        sink.packet(packet, stream);
      } catch (error) {
        throwLater(error);
      }
    }
  }

  requestKeyFrame(rid: string | undefined): void {
    this.#request(rid);
  }

  /** The peer's encoder follows the peer's own estimate. */
  targetChanged(): void {}
}

/** A packet of audio RED as one of the codec inside; undefined when it is malformed. */
function primaryOf(packet: RtpPacketView): RtpPacketView | undefined {
  const { bytes, payloadOffset, payloadEnd } = packet;
  const blocks = decodeRed(bytes, payloadOffset, payloadEnd);
  if (isMalformed(blocks)) return undefined;
  const { data, payloadType } = blocks[blocks.length - 1] as RedBlock;
  const plain = new Uint8Array(payloadOffset + data.length);
  plain.set(bytes.subarray(0, payloadOffset));
  plain.set(data, payloadOffset);
  // Padding stays behind.
  plain[0] = (plain[0] as number) & 0xdf;
  plain[1] = ((plain[1] as number) & 0x80) | payloadType;
  const read = new RtpPacket();
  return read.reset(plain) ? read : undefined;
}

function toTransform({ data, ...received }: ReceivedFrame): TransformFrame {
  const { timestamp, ssrc, payloadType, mimeType, rid } = received;
  const metadata = {
    synchronizationSource: ssrc,
    payloadType,
    mimeType,
    contributingSources: [],
    rtpTimestamp: timestamp,
    ...(rid === undefined ? {} : { rid }),
    kaon: received,
  };
  const own = data.byteLength === data.buffer.byteLength ? data : data.slice();
  const buffer = own.buffer as ArrayBuffer;
  return received.kind === 'audio'
    ? new RTCEncodedAudioFrame({ data: buffer, timestamp, metadata })
    : new RTCEncodedVideoFrame({ data: buffer, timestamp, type: received.keyFrame ? 'key' : 'delta', metadata });
}

type Sum = { -readonly [K in Exclude<keyof ReceiverCounters, 'keyFrameRequests' | 'transformDropped'>]: number };

function add(sum: Sum, { packets, bytes, assembly: { counters } }: IncomingStream): void {
  sum.packets += packets;
  sum.bytes += bytes;
  sum.frames += counters.frames;
  sum.keyFrames += counters.keyFrames;
  sum.undecodable += counters.undecodable;
  sum.incomplete += counters.incomplete;
  sum.malformed += counters.malformed;
}

function same(a: ReceiveAgreement, b: ReceiveAgreement | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
