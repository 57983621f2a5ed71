import type { Instant } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { EncodedFrame, RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI, RtpPacket } from '@kaon/rtp';
import { createPacketizer, type Packetizer, startsKeyFrame } from '@kaon/rtp/payload';
import type { TelephoneEventPacket } from '@kaon/rtp/payload/telephone-event';
import { Slab } from '@kaon/runtime';
import { add16, distance16, readU16, readU32, writeU16, writeU32 } from '@kaon/wire';
import type { RTCRtpCodec } from '../../codecs/capabilities.ts';
import { isMediaCodec, parametersOf, sameCodec } from '../../codecs/match.ts';
import type { CodecName, FeedFrame, FeedStream } from '../feed.ts';
import type { CodecParameters, SendAgreement } from '../negotiated.ts';
import type { MediaTransport } from '../pipeline/media-transport.ts';
import { PayloadTable } from '../pipeline/payload-table.ts';
import { type Continuity, continuityFor } from './continuity.ts';
import { OutgoingExtensions } from './extensions.ts';
import { Timeline } from './timeline.ts';

/** SSRCs and layer of an encoding. */
export interface StreamNames {
  readonly ssrc: number;
  readonly rtxSsrc: number;
  readonly fecSsrc: number;
  readonly rid: string | undefined;
}

/** What one outgoing stream did. */
export interface OutgoingCounters {
  /** Packets and payload bytes given to the transport, retransmissions and repair apart. */
  packets: number;
  bytes: number;
  frames: number;
  keyFrames: number;
  /** Frames and packets that were not sent: of a codec that was not negotiated, before a key frame, too large. */
  dropped: number;
}

/**
 * Makes the RTP packets of one encoding: cuts frames, or passes packets of another stream on under its own SSRC, sequence
 * numbers, timestamps and header extensions, which go on evenly whatever the source.
 */
export class OutgoingStream {
  readonly counters: OutgoingCounters = { packets: 0, bytes: 0, frames: 0, keyFrames: 0, dropped: 0 };
  readonly names: StreamNames;
  /** Whether the stream cannot go on before a key frame comes. */
  needsKeyFrame: boolean;
  readonly #kind: 'audio' | 'video';
  readonly #cname: string;
  readonly #timeline: Timeline;
  readonly #slab = new Slab();
  #terms: Terms | undefined = undefined;
  /** Of the last packet. */
  #sequence: number;
  /** Added to the sequence numbers of the stream that is passed on. */
  #sequenceOffset = 0;
  /** Sequence numbers of the stream that is passed on: where it was joined, and the highest. */
  #sourceFirst = 0;
  #sourceLast = 0;
  /** Whether the last thing sent was audio without a pause behind it. */
  #talking = false;
  /** The codec that the parameters ask for. */
  #preferred: RTCRtpCodec | undefined = undefined;
  #framesOf: CodecName | undefined = undefined;
  #format: Format | undefined = undefined;
  #source: FeedStream | undefined = undefined;
  /** By payload type of the source: codec that we send it as, null for none. */
  #mapped: (Mapped | null | undefined)[] = [];
  #lastMapped: Mapped | undefined = undefined;
  #continuity: { readonly mimeType: string; readonly codec: Continuity | undefined } | undefined = undefined;

  /** Where picture ids begin, for codecs that have them. */
  readonly #pictureId: number;

  /** Sequence numbers and timestamps begin at random (RFC 3550 §5.1), picture ids, too (RFC 7741 §4.2). */
  constructor(names: StreamNames, kind: 'audio' | 'video', cname: string, random: RandomSource) {
    const start = new Uint8Array(8);
    random(start);
    this.names = names;
    this.#kind = kind;
    this.#cname = cname;
    // Below 2^15, so that the first packets can be lost without a wrap (RFC 3711 §3.3.1).
    this.#sequence = readU16(start, 0) & 0x7fff;
    this.#timeline = new Timeline(readU32(start, 2));
    this.#pictureId = readU16(start, 6) & 0x7fff;
    this.needsKeyFrame = kind === 'video';
  }

  /** What was agreed on, as interceptors want it; undefined before `configure`. */
  get info(): StreamInfo | undefined {
    return this.#terms?.info;
  }

  /** Takes over what was agreed on. What is being sent goes on. */
  configure(agreement: SendAgreement, transport: MediaTransport): void {
    const table = new PayloadTable(agreement.codecs);
    const { ssrc, rid, rtxSsrc, fecSsrc } = this.names;
    const codecs = agreement.codecs.filter(isSendable);
    const resends = table.streamPayloads.some(({ rtxPayloadType }) => rtxPayloadType !== undefined);
    this.#terms = {
      transport,
      codecs,
      extensions: new OutgoingExtensions(agreement, rid, this.#terms?.extensions),
      tones: agreement.codecs.filter(({ payloadType }) => table.roleOf(payloadType) === 'telephone-event'),
      info: {
        ssrc,
        kind: this.#kind,
        mid: agreement.mid,
        rid,
        cname: this.#cname,
        payloads: table.streamPayloads,
        rtxSsrc: resends ? rtxSsrc : undefined,
        fec: table.fec(fecSsrc),
        feedback: codecs.find(isMediaCodec)?.rtcpFeedback ?? [],
        extensions: agreement.headerExtensions,
      },
    };
    this.#mapped = [];
    this.#format = undefined;
  }

  /** The codec that is sent, as far as it is known. */
  get codec(): CodecParameters | undefined {
    return this.#format?.codec ?? this.#lastMapped?.codec ?? this.#chosen();
  }

  /** The peer has heard of this SSRC. */
  acknowledged(): void {
    this.#terms?.extensions.introduced();
  }

  /** Chooses among the codecs that were negotiated; undefined: the first. */
  prefer(codec: RTCRtpCodec | undefined): void {
    this.#preferred = codec;
    this.#format = undefined;
  }

  /** What comes next does not follow on what went before: another source, or the same after a while. */
  leave(): void {
    this.#timeline.leave();
    this.#source = undefined;
    this.#format = undefined;
    this.#talking = false;
    this.needsKeyFrame = this.#kind === 'video';
  }

  /** Cuts a frame into packets and sends them. False: it was dropped. Throws RtpError when it is not one of the codec. */
  sendFrame(frame: FeedFrame, now: Instant): boolean {
    const format = this.#formatOf(frame.codec);
    const terms = this.#terms;
    if (terms === undefined || format === undefined || (this.needsKeyFrame && !frame.keyFrame)) {
      this.counters.dropped++;
      return false;
    }
    const { codec, packetizer } = format;
    const { extensions, transport } = terms;
    const isVideo = this.#kind === 'video';
    const descriptor = frame.extensions?.[EXTENSION_URI.dependencyDescriptor];
    this.#addExtensions(frame, undefined);
    let header = FIXED_HEADER + extensions.length;
    const room = transport.maxPacketSize - header;
    // A packet of audio is about as long as its frame, unless it carries others, too.
    const size = isVideo || !isMediaCodec(codec) ? room : Math.min(room, frame.data.length + AUDIO_SLACK);
    packetizer.start(frame as EncodedFrame, size);
    const timestamp = this.#timeline.map(frame.timestamp, codec.clockRate, now);
    for (let first = true; ; first = false) {
      const copy = descriptor === undefined ? undefined : descriptorFor(descriptor, first);
      if (copy !== undefined) {
        this.#addExtensions(frame, copy);
        header = FIXED_HEADER + extensions.length;
      }
      const buffer = this.#slab.allocate(header + size);
      const length = packetizer.next(buffer, header);
      if (length === 0) break;
      if (copy !== undefined && packetizer.isLast) copy[0] = (copy[0] as number) | 0x40;
      const marker = isVideo ? packetizer.isLast : first && !this.#talking;
      this.#sequence = add16(this.#sequence, 1);
      this.#write(buffer, codec.payloadType, marker, timestamp, this.#sequence, terms);
      this.#send(buffer.subarray(0, header + length), length, terms, now);
    }
    this.needsKeyFrame = false;
    this.#talking = true;
    this.#lastMapped = undefined;
    this.counters.frames++;
    if (frame.keyFrame && isVideo) this.counters.keyFrames++;
    return true;
  }

  /** Whether a packet of another stream can be the first of it here. */
  canJoin(packet: RtpPacketView, from: FeedStream): boolean {
    if (this.#kind === 'audio') return true;
    const codec = from.codec(packet.payloadType);
    return codec !== undefined && startsKeyFrame(codec.mimeType, packet);
  }

  /** Whether packets of this stream are being passed on. */
  isFrom(stream: FeedStream): boolean {
    return this.#source === stream;
  }

  /** Begins to pass another stream on, from this packet. */
  join(packet: RtpPacketView, from: FeedStream): void {
    this.#source = from;
    this.#mapped = [];
    this.#format = undefined;
    this.#continuity?.codec?.leave();
    this.#terms?.extensions.leave();
    this.#timeline.leave();
    this.#sequenceOffset = (this.#sequence + 1 - packet.sequenceNumber) & 0xffff;
    this.#sourceFirst = packet.sequenceNumber;
    this.#sourceLast = add16(packet.sequenceNumber, -1);
    this.needsKeyFrame = false;
    if (this.#kind === 'video') this.counters.keyFrames++;
  }

  /** Passes a packet of the joined stream on. */
  forward(packet: RtpPacketView, from: FeedStream, now: Instant): void {
    const terms = this.#terms;
    const mapped = this.#map(packet.payloadType, from);
    const { sequenceNumber, payloadOffset, payloadEnd } = packet;
    if (terms === undefined || mapped === null) {
      this.counters.dropped++;
      return;
    }
    const ahead = distance16(this.#sourceLast, sequenceNumber);
    // What the stream sent before it was joined would overwrite what was sent before.
    if (ahead <= 0 && distance16(this.#sourceFirst, sequenceNumber) < 0) return;
    if (payloadOffset === payloadEnd && ahead === 1) {
      // Padding that probes the network to us: the one from us is probed by ourselves.
      this.#sourceLast = sequenceNumber;
      this.#sequenceOffset = (this.#sequenceOffset - 1) & 0xffff;
      // What comes late from before has a number of ours that the new offset does not give.
      this.#sourceFirst = sequenceNumber;
      return;
    }
    const length = payloadEnd - payloadOffset;
    const { extensions, transport } = terms;
    extensions.clear();
    extensions.pass(packet, from);
    const header = FIXED_HEADER + extensions.length;
    if (header + length > transport.maxForwardedSize) {
      this.counters.dropped++;
      return;
    }
    const outgoing = (sequenceNumber + this.#sequenceOffset) & 0xffff;
    const timestamp = this.#timeline.map(packet.timestamp, mapped.codec.clockRate, now);
    const bytes = this.#slab.allocate(header + length);
    bytes.set(packet.bytes.subarray(payloadOffset, payloadEnd), header);
    mapped.continuity?.rewrite(bytes, header, bytes.length);
    if (ahead > 0) {
      this.#sourceLast = sequenceNumber;
      this.#sequence = outgoing;
      // Restarts when half the numbers have passed, so that the join does not look like the future.
      if (distance16(this.#sourceFirst, sequenceNumber) > 0x3fff) this.#sourceFirst = add16(sequenceNumber, -0x2000);
    }
    this.#lastMapped = mapped;
    if (packet.marker && this.#kind === 'video') this.counters.frames++;
    this.#write(bytes, mapped.codec.payloadType, packet.marker, timestamp, outgoing, terms);
    this.#send(bytes, length, terms, now);
  }

  /** Payload type and clock of telephone events; undefined when none were negotiated. */
  get tones(): CodecParameters | undefined {
    const all = this.#terms?.tones ?? [];
    return all.find(({ clockRate }) => clockRate === this.codec?.clockRate) ?? all[0];
  }

  /** The timestamp of a tone that begins now. */
  toneTimestamp(clockRate: number, now: Instant): number {
    const timestamp = this.#timeline.at(clockRate, now);
    this.#timeline.used(timestamp, now);
    return timestamp;
  }

  /** Sends one packet of a tone. */
  sendTone({ payload, timestamp, marker }: TelephoneEventPacket, payloadType: number, now: Instant): void {
    const terms = this.#terms;
    if (terms === undefined) return;
    terms.extensions.clear();
    const header = FIXED_HEADER + terms.extensions.length;
    const bytes = this.#slab.allocate(header + payload.length);
    bytes.set(payload, header);
    this.#sequence = add16(this.#sequence, 1);
    // Whatever was passed on goes on behind the tone.
    this.#source = undefined;
    this.#talking = false;
    this.#timeline.leave();
    this.#write(bytes, payloadType, marker, timestamp, this.#sequence, terms);
    this.#send(bytes, payload.length, terms, now);
  }

  #addExtensions(frame: FeedFrame, descriptor: Uint8Array | undefined): void {
    const extensions = (this.#terms as Terms).extensions;
    extensions.clear();
    for (const uri in frame.extensions) {
      const isDescriptor = descriptor !== undefined && uri === EXTENSION_URI.dependencyDescriptor;
      extensions.add(uri, isDescriptor ? descriptor : (frame.extensions[uri] as Uint8Array));
    }
  }

  #write(
    bytes: Uint8Array,
    payloadType: number,
    marker: boolean,
    timestamp: number,
    sequence: number,
    { extensions }: Terms,
  ): void {
    const hasExtensions = extensions.length > 0;
    bytes[0] = hasExtensions ? 0x90 : 0x80;
    bytes[1] = (marker ? 0x80 : 0) | payloadType;
    writeU16(bytes, 2, sequence);
    writeU32(bytes, 4, timestamp);
    writeU32(bytes, 8, this.names.ssrc);
    if (hasExtensions) extensions.write(bytes, FIXED_HEADER);
  }

  #send(bytes: Uint8Array, payloadLength: number, { transport }: Terms, now: Instant): void {
    this.counters.packets++;
    this.counters.bytes += payloadLength;
    transport.send(new RtpPacket(bytes), now);
  }

  #chosen(): CodecParameters | undefined {
    const codecs = this.#terms?.codecs ?? [];
    const preferred = this.#preferred;
    const chosen = preferred === undefined ? undefined : codecs.find((one) => sameCodec(one, preferred));
    // RED has to be asked for.
    return chosen ?? codecs.find(isMediaCodec);
  }

  /** The codec that was agreed on under this name; without parameters the name says nothing of them. */
  #named(name: CodecName): CodecParameters | undefined {
    return this.#terms?.codecs.find((one) =>
      name.sdpFmtpLine === undefined ? sameCodec({ ...name, sdpFmtpLine: one.sdpFmtpLine }, one) : sameCodec(one, name),
    );
  }

  #formatOf(name: CodecName | undefined): Format | undefined {
    if (this.#format !== undefined && this.#framesOf === name) return this.#format;
    this.#framesOf = name;
    this.#format = undefined;
    const codec = name === undefined ? this.#chosen() : this.#named(name);
    if (codec === undefined) return undefined;
    const packetizer = createPacketizer(codec.mimeType, {
      parameters: parametersOf(codec),
      pictureId: this.#pictureId,
    });
    if (packetizer !== undefined) this.#format = { codec, packetizer };
    return this.#format;
  }

  #map(payloadType: number, from: FeedStream): Mapped | null {
    const known = this.#mapped[payloadType];
    if (known !== undefined) return known;
    const name = from.codec(payloadType);
    const codec = name === undefined ? undefined : this.#named(name);
    if (codec === undefined) {
      this.#mapped[payloadType] = null;
      return null;
    }
    if (this.#continuity?.mimeType !== codec.mimeType)
      this.#continuity = { mimeType: codec.mimeType, codec: continuityFor(codec.mimeType) };
    const mapped = { codec, continuity: this.#continuity.codec };
    this.#mapped[payloadType] = mapped;
    return mapped;
  }
}

/** What was agreed on, laid out for sending. */
interface Terms {
  readonly transport: MediaTransport;
  readonly codecs: readonly CodecParameters[];
  readonly extensions: OutgoingExtensions;
  readonly tones: readonly CodecParameters[];
  readonly info: StreamInfo;
}

interface Format {
  readonly codec: CodecParameters;
  readonly packetizer: Packetizer;
}

interface Mapped {
  readonly codec: CodecParameters;
  readonly continuity: Continuity | undefined;
}

/** Whether frames can be sent in it: media codecs, and audio with redundancy (RFC 2198). RED of video carries ULPFEC. */
export function isSendable(codec: CodecParameters): boolean {
  return isMediaCodec(codec) || codec.mimeType.toLowerCase() === 'audio/red';
}

/**
 * A dependency descriptor for one packet: the bits for start and end of the frame are the packet's, and a template structure
 * stands on the first packet only (AV1 RTP payload specification, appendix A.8).
 */
function descriptorFor(descriptor: Uint8Array, first: boolean): Uint8Array {
  const hasStructure = descriptor.length > 3 && ((descriptor[3] as number) & 0x80) !== 0;
  const copy = first || !hasStructure ? descriptor.slice() : descriptor.slice(0, 3);
  if (copy.length > 0) copy[0] = ((copy[0] as number) & 0x3f) | (first ? 0x80 : 0);
  return copy;
}

/** Bytes of an RTP header without CSRCs and extensions. */
const FIXED_HEADER = 12;
/** Bytes that the payload format of audio may add to a frame. */
const AUDIO_SLACK = 64;
