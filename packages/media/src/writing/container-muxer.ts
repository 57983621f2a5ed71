import { opusDuration } from '@kaon/rtp/payload/opus';
import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MkvOutputFormat,
  MovOutputFormat,
  Mp4OutputFormat,
  OggOutputFormat,
  Output,
  type OutputFormat,
  StreamTarget,
  WebMOutputFormat,
} from 'mediabunny';
import { keyFrameFacts } from '../codecs/key-frame.ts';
import { nalUnits, toLengthPrefixed } from '../codecs/nal.ts';
import { MediaError } from '../errors.ts';
import type { MediaFormat } from '../types.ts';
import type { Muxer, MuxerTrack, PlacedFrame } from './muxer.ts';
import type { ByteSink } from './sink.ts';

/** Ogg, WebM, Matroska, MP4 and QuickTime. Tracks that give no frame for a while in the beginning are left out. */
export class ContainerMuxer implements Muxer {
  readonly #output: Output;
  readonly #tracks: readonly Track[];
  readonly #isOgg: boolean;
  /** Frames until all tracks are known. */
  #waiting: PlacedFrame[] = [];
  #waitingBytes = 0;
  #hasStarted = false;

  constructor(sink: ByteSink, format: MediaFormat, tracks: readonly MuxerTrack[]) {
    this.#isOgg = format === 'ogg';
    this.#tracks = tracks.map((track) => ({ ...track, source: undefined, facts: undefined, last: -1 }));
    const stream = new WritableStream<{ readonly data: Uint8Array; readonly position: number }>({
      write: ({ data, position }) => sink.write(data, position),
    });
    this.#output = new Output({ format: outputFormat(format, sink.seekable), target: new StreamTarget(stream) });
  }

  async write(frame: PlacedFrame): Promise<void> {
    if (this.#hasStarted) return this.#add(frame);
    const track = this.#tracks[frame.track]!;
    track.facts ??= firstFacts(track, frame.data);
    this.#waiting.push(frame);
    this.#waitingBytes += frame.data.length;
    const waited = frame.time - this.#waiting[0]!.time;
    if (
      this.#tracks.every(({ facts }) => facts !== undefined) ||
      waited > LONGEST_WAIT ||
      this.#waitingBytes > MOST_WAITING
    ) {
      await this.#start();
      return;
    }
    // It has to wait for another track, and its bytes are the caller's.
    this.#waiting[this.#waiting.length - 1] = { ...frame, data: frame.data.slice() };
  }

  async finish(): Promise<void> {
    if (!this.#hasStarted) await this.#start();
    if (this.#output.state === 'started') await this.#output.finalize();
  }

  async #start(): Promise<void> {
    this.#hasStarted = true;
    for (const track of this.#tracks) {
      if (track.facts === undefined) continue;
      if (track.codec.kind === 'audio') {
        const source = new EncodedAudioPacketSource('opus');
        this.#output.addAudioTrack(source);
        track.source = source;
      } else {
        const source = new EncodedVideoPacketSource(track.codec.container as 'vp8');
        this.#output.addVideoTrack(source);
        track.source = source;
      }
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    await this.#output.start();
    for (const frame of waiting) await this.#add(frame);
  }

  async #add(frame: PlacedFrame): Promise<void> {
    const track = this.#tracks[frame.track]!;
    if (track.source === undefined) return;
    const isFirst = track.last < 0;
    let time = frame.time / 1000;
    // Key frames and audio have to come behind all that was before.
    if (frame.keyFrame && time <= track.last) time = track.last + 0.001;
    if (this.#isOgg && !isFirst) await this.#fill(track, time);
    track.last = Math.max(track.last, time);
    await this.#put(track, frame.data, { time, keyFrame: frame.keyFrame, isFirst });
  }

  /** Packets of Ogg have no times: a gap is made of packets without frames, for which decoders conceal (RFC 6716 §3.2.1). */
  async #fill(track: Track, time: number): Promise<void> {
    const { lastToc = 0xf8, end = time } = track;
    const lost = new Uint8Array([lastToc & 0xfc]);
    const duration = opusDuration(lost, 0, 1) / 48_000;
    const missing = Math.round((time - end) / duration);
    for (let i = 0; i < missing; i++) {
      await this.#put(track, lost, { time: end + i * duration, keyFrame: true, isFirst: false });
    }
  }

  async #put(
    track: Track,
    data: Uint8Array,
    { time, keyFrame, isFirst }: { readonly time: number; readonly keyFrame: boolean; readonly isFirst: boolean },
  ): Promise<void> {
    const type = keyFrame ? 'key' : 'delta';
    if (track.source instanceof EncodedAudioPacketSource) {
      const duration = Math.max(0, opusDuration(data, 0, data.length)) / 48_000;
      track.lastToc = data[0];
      track.end = this.#isOgg ? (track.end ?? time) + duration : time + duration;
      await track.source.add(new EncodedPacket(data, type, time, duration), isFirst ? audioMeta(track) : undefined);
      return;
    }
    const { codec, facts } = track;
    const isNal = codec.container === 'avc' || codec.container === 'hevc';
    const bytes = isNal ? toLengthPrefixed(nalUnits(data)) : data.slice();
    const packet = new EncodedPacket(bytes, type, time, DEFAULT_DURATION);
    await track.source?.add(packet, isFirst ? videoMeta(facts as KnownVideo) : undefined);
  }
}

interface KnownVideo {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly description?: Uint8Array;
}

interface Track extends MuxerTrack {
  source: EncodedVideoPacketSource | EncodedAudioPacketSource | undefined;
  facts: KnownVideo | 'audio' | undefined;
  /** Seconds; latest time of a frame, -1 before the first. */
  last: number;
  /** Of Opus: the byte that says what a packet is made of, and where the last one ends. */
  lastToc?: number | undefined;
  end?: number | undefined;
}

function firstFacts({ codec }: MuxerTrack, data: Uint8Array): Track['facts'] {
  return codec.kind === 'audio' ? 'audio' : keyFrameFacts(codec.mimeType, data);
}

function videoMeta({ codec, width, height, description }: KnownVideo): EncodedVideoChunkMetadata {
  return {
    decoderConfig: {
      codec,
      codedWidth: width,
      codedHeight: height,
      ...(description !== undefined && { description: description.slice() }),
    },
  };
}

function audioMeta({ channels }: MuxerTrack): EncodedAudioChunkMetadata {
  return {
    decoderConfig: { codec: 'opus', numberOfChannels: channels, sampleRate: 48_000, description: opusHead(channels) },
  };
}

/** RFC 7845 §5.1. Nothing is to be skipped: what a receiver gets begins in the middle. */
function opusHead(channels: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(19);
  for (let i = 0; i < 8; i++) head[i] = 'OpusHead'.charCodeAt(i);
  head[8] = 1;
  head[9] = channels;
  new DataView(head.buffer).setUint32(12, 48_000, true);
  return head;
}

function outputFormat(format: MediaFormat, seekable: boolean): OutputFormat {
  const fastStart = seekable ? false : 'fragmented';
  switch (format) {
    case 'ogg':
      return new OggOutputFormat({ maximumPageDuration: 1 });
    case 'webm':
      return new WebMOutputFormat({ appendOnly: !seekable });
    case 'mkv':
      return new MkvOutputFormat({ appendOnly: !seekable });
    case 'mp4':
      return new Mp4OutputFormat({ fastStart });
    case 'mov':
      return new MovOutputFormat({ fastStart });
    default:
      throw new MediaError('MEDIA_FORMAT', `${format} is no container`);
  }
}

/** Milliseconds and bytes that the first frames wait for those of other tracks. */
const LONGEST_WAIT = 5000;
const MOST_WAITING = 16 * 1024 * 1024;
/** Seconds; how long the last frame of a video is shown. */
const DEFAULT_DURATION = 1 / 30;
