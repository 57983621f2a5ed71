import { opusDuration } from '@kaon/rtp/payload/opus';
import { isMalformed } from '@kaon/wire';
import {
  CustomSource,
  type EncodedPacket,
  EncodedPacketSink,
  Input,
  type InputAudioTrack,
  type InputTrack,
  type InputVideoTrack,
  MATROSKA,
  MP4,
  OGG,
  QTFF,
  ReadableStreamSource,
  WEBM,
} from 'mediabunny';
import { withoutDelimiters, withSequenceHeader } from '../codecs/av1.ts';
import { isKeyFrame, keyFrameFacts } from '../codecs/key-frame.ts';
import { H264, H265, type NalCodec, splitLengthPrefixed, toAnnexB } from '../codecs/nal.ts';
import { codecByContainerName, FORMAT_NAMES } from '../codecs/names.ts';
import { decodeAvcC, decodeHvcC } from '../codecs/parameter-sets.ts';
import { asMediaError, MediaError } from '../errors.ts';
import type { MediaFormat, MediaFrame, MediaReader, MediaTrackInfo } from '../types.ts';
import type { ByteSource } from './source.ts';

/** Brings the data of a packet into the codec's own format; undefined when it cannot be. */
type Convert = (data: Uint8Array) => Uint8Array | undefined;

interface ContainerTrack {
  readonly info: MediaTrackInfo;
  readonly input: InputTrack;
  readonly convert: Convert;
}

/** Opens an Ogg, WebM, Matroska, MP4 or QuickTime file. Throws MediaError; the source is the caller's to close then. */
export async function openContainer(source: ByteSource, format: MediaFormat): Promise<MediaReader> {
  const name = FORMAT_NAMES[format];
  const input = new Input({ formats: [OGG, WEBM, MATROSKA, MP4, QTFF], source: inputSource(source) });
  try {
    const tracks: ContainerTrack[] = [];
    const skipped: string[] = [];
    for (const track of await input.getTracks()) {
      if (!track.isVideoTrack() && !track.isAudioTrack()) continue;
      const codec = await track.getCodec();
      const opened = await openTrack(track, codec, tracks.length);
      if (opened === undefined) skipped.push(`${track.type} ${codec ?? 'of an unknown codec'}`);
      else tracks.push(opened);
    }
    if (tracks.length === 0) {
      const holds = skipped.length === 0 ? 'no track' : `no track that WebRTC sends, only: ${skipped.join(', ')}`;
      throw new MediaError('MEDIA_TRACK', `${name} with ${holds}`);
    }
    const first = await input.getFirstTimestamp(tracks.map((each) => each.input));
    const lead = format === 'ogg' ? await skippedOf(tracks[0]!.input) : 0;
    return new ContainerReader(source, input, { format, tracks, skipped, lead, start: Math.min(0, first - lead) });
  } catch (error) {
    input.dispose();
    throw asMediaError(error, 'MEDIA_MALFORMED', `${name} that cannot be read`);
  }
}

class ContainerReader implements MediaReader {
  readonly format: MediaFormat;
  readonly tracks: readonly MediaTrackInfo[];
  readonly skipped: readonly string[];
  truncated = false;
  readonly #source: ByteSource;
  readonly #input: Input;
  readonly #tracks: readonly ContainerTrack[];
  /** Seconds; where the first frame is, when that is below zero. */
  readonly #start: number;
  /** Seconds of the first packet that are not to be heard: the pre-skip of Ogg. */
  readonly #lead: number;
  #isClosed = false;
  #isRead = false;

  constructor(
    source: ByteSource,
    input: Input,
    opened: {
      readonly format: MediaFormat;
      readonly tracks: readonly ContainerTrack[];
      readonly skipped: readonly string[];
      readonly start: number;
      readonly lead: number;
    },
  ) {
    this.#source = source;
    this.#input = input;
    this.format = opened.format;
    this.#tracks = opened.tracks;
    this.tracks = opened.tracks.map(({ info }) => info);
    this.skipped = opened.skipped;
    this.#start = opened.start;
    this.#lead = opened.lead;
  }

  async *frames(track?: number): AsyncGenerator<MediaFrame> {
    const chosen = track === undefined ? this.#tracks : this.#tracks.filter(({ info }) => info.index === track);
    if (chosen.length === 0) throw new MediaError('MEDIA_TRACK', `there is no track ${track}`);
    if (this.#isClosed) throw new MediaError('MEDIA_STATE', 'the file is closed');
    if (this.#source.random === undefined) {
      if (this.#isRead) throw new MediaError('MEDIA_STATE', 'a stream can be read once, and it has been');
      this.#isRead = true;
    }
    const streams = chosen.map((each) => this.#framesOf(each));
    const heads: (MediaFrame | undefined)[] = [];
    for (const stream of streams) heads.push((await stream.next()).value ?? undefined);
    for (;;) {
      let next = -1;
      for (let i = 0; i < heads.length; i++) {
        const head = heads[i];
        if (head !== undefined && (next < 0 || head.time < heads[next]!.time)) next = i;
      }
      if (next < 0) return;
      yield heads[next]!;
      heads[next] = (await streams[next]!.next()).value ?? undefined;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#input.dispose();
    await this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#framesOf({ info, input, convert }: ContainerTrack): AsyncGenerator<MediaFrame, undefined> {
    const sink = new EncodedPacketSink(input);
    let packet: EncodedPacket | null = await this.#try(() => sink.getFirstPacket());
    for (let isFirst = true; packet !== null && !this.#isClosed; isFirst = false) {
      const data = packet.data.length === 0 ? undefined : convert(packet.data);
      if (data === undefined) this.truncated = true;
      else yield this.#frame(info, data, packet, isFirst ? this.#lead : 0);
      const last: EncodedPacket = packet;
      packet = await this.#try(() => sink.getNextPacket(last));
    }
    return undefined;
  }

  /** What is behind the place where a file breaks off is not there; failures of the source below are told. */
  async #try(read: () => Promise<EncodedPacket | null>): Promise<EncodedPacket | null> {
    if (this.#isClosed) return null;
    try {
      return await read();
    } catch (error) {
      if (this.#isClosed) return null;
      if (error instanceof MediaError) throw error;
      this.truncated = true;
      return null;
    }
  }

  #frame(
    { index, kind, mimeType, clockRate }: MediaTrackInfo,
    data: Uint8Array,
    packet: EncodedPacket,
    lead: number,
  ): MediaFrame {
    const time = (packet.timestamp - lead - this.#start) * 1000;
    return {
      track: index,
      data,
      keyFrame: kind === 'audio' || isKeyFrame(mimeType, data),
      clockRate,
      time,
      duration:
        mimeType === 'audio/opus' ? Math.max(0, opusDuration(data, 0, data.length)) / 48 : packet.duration * 1000,
      timestamp: Math.round((time * clockRate) / 1000) >>> 0,
    };
  }
}

/** Seconds by which the first packet is longer than what is to be heard of it (RFC 7845 §4.2). */
async function skippedOf(input: InputTrack): Promise<number> {
  const packet = await new EncodedPacketSink(input).getFirstPacket();
  if (packet === null) return 0;
  return Math.max(0, opusDuration(packet.data, 0, packet.data.length) / 48_000 - packet.duration);
}

async function openTrack(
  input: InputVideoTrack | InputAudioTrack,
  name: string | null,
  index: number,
): Promise<ContainerTrack | undefined> {
  const codec = name === null ? undefined : codecByContainerName(name);
  if (codec === undefined) return undefined;
  const { kind, mimeType, clockRate } = codec;
  const seconds = await input.getDurationFromMetadata();
  const common = { index, kind, mimeType, clockRate, duration: seconds === null ? undefined : seconds * 1000 };
  if (input.isAudioTrack()) {
    return { info: { ...common, channels: codec.channels }, input, convert: (data) => data };
  }
  const convert = await converter(input, mimeType);
  const packet = await new EncodedPacketSink(input).getFirstPacket();
  const first = packet === null ? undefined : convert(packet.data);
  const facts = first && keyFrameFacts(mimeType, first);
  return {
    info: {
      ...common,
      width: facts?.width ?? (await input.getCodedWidth()),
      height: facts?.height ?? (await input.getCodedHeight()),
      sdpFmtpLine: facts?.sdpFmtpLine,
    },
    input,
    convert,
  };
}

async function converter(input: InputVideoTrack, mimeType: string): Promise<Convert> {
  const config = await input.getDecoderConfig();
  const description = config?.description === undefined ? undefined : bytesOf(config.description);
  switch (mimeType) {
    case 'video/AV1':
      return (data) => {
        const unit = withoutDelimiters(data);
        return isKeyFrameWithoutHeader(unit) ? withSequenceHeader(unit, description) : unit;
      };
    case 'video/H264':
    case 'video/H265':
      return fromLengthPrefixed(mimeType === 'video/H264' ? H264 : H265, description);
    default:
      return (data) => data;
  }
}

/** To Annex B, with the parameter sets of the file in front of key frames that have none. */
function fromLengthPrefixed(codec: NalCodec, description: Uint8Array | undefined): Convert {
  // Without a record the packets are a byte stream.
  if (description === undefined) return (data) => data;
  const sets = codec === H264 ? decodeAvcC(description) : decodeHvcC(description);
  if (isMalformed(sets)) throw new MediaError('MEDIA_MALFORMED', 'a video track has broken parameter sets');
  return (data) => {
    const units = splitLengthPrefixed(data, sets.lengthSize);
    if (units === undefined || units.length === 0) return undefined;
    const types = units.map((unit) => codec.type(unit[0]!));
    const needsSets = types.some((type) => codec.isKeySlice(type)) && !types.some((type) => codec.isParameterSet(type));
    return toAnnexB(needsSets ? [...sets.units, ...units] : units);
  };
}

/** Whether a unit's first frame header begins a key frame (AV1 §5.9.2) and nothing stands before it. */
function isKeyFrameWithoutHeader(unit: Uint8Array): boolean {
  const type = ((unit[0] ?? 0) >>> 3) & 0x0f;
  if (type !== AV1_FRAME && type !== AV1_FRAME_HEADER) return false;
  let at = (unit[0]! & 0x04) === 0 ? 1 : 2;
  if ((unit[0]! & 0x02) !== 0) while (((unit[at++] ?? 0) & 0x80) !== 0);
  return ((unit[at] ?? 0xff) & 0xe0) === 0;
}

const AV1_FRAME_HEADER = 3;
const AV1_FRAME = 6;

function inputSource(source: ByteSource): CustomSource | ReadableStreamSource {
  const { random } = source;
  if (random !== undefined) {
    return new CustomSource({
      getSize: () => random.size,
      read: async (start, end) => {
        const bytes = await random.read(start, end - start);
        if (bytes.length < end - start) throw new Error('the file became shorter while it was read');
        return bytes;
      },
      prefetchProfile: 'fileSystem',
    });
  }
  const chunks = source.chunks();
  return new ReadableStreamSource(
    new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else if (value.length > 0) controller.enqueue(value);
        else controller.enqueue(EMPTY);
      },
    }),
  );
}

const EMPTY = new Uint8Array(0);

function bytesOf(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
