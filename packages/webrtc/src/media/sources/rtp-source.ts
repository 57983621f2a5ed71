import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { RtpPacket } from '@kaon/rtp';
import type { CodecName, FeedStream } from '../feed.ts';
import { type MediaStreamTrack, type MediaTrackSettings, trackInternals } from '../track.ts';
import { type BitrateReport, SourceFeed } from './frame-source.ts';

/** What an RTP source is made of. */
export interface RtpSourceInit {
  readonly kind: 'audio' | 'video';
  /** Codec of all its packets, or of each payload type. */
  readonly codec: CodecName | ReadonlyMap<number, CodecName>;
  /** Header extensions on its packets that may be passed on: their ids by URI. Default: none. */
  readonly extensions?: Readonly<Record<string, number>> | undefined;
  /** Layers of a simulcast that packets are written for. */
  readonly rids?: readonly string[] | undefined;
  readonly label?: string | undefined;
  readonly settings?: MediaTrackSettings | undefined;
}

/**
 * Gives RTP packets to the senders of its track: those of an encoder or of another stack. Each sender passes them on under its
 * own SSRC, sequence numbers, timestamps, payload type and header extensions.
 */
export class RtpSource {
  /** As in `FrameSource`. */
  onkeyframerequest: ((rid: string | undefined) => void) | null = null;
  onbitrate: ((report: BitrateReport) => void) | null = null;
  onstop: (() => void) | null = null;
  /** Packets that were no RTP. */
  malformed = 0;
  readonly #init: RtpSourceInit;
  readonly #feed: SourceFeed;
  readonly #track: MediaStreamTrack;
  /** By SSRC; a stream that is replaced is forgotten. */
  readonly #streams = new Map<number, FeedStream>();

  constructor(init: RtpSourceInit) {
    if (init.kind !== 'audio' && init.kind !== 'video') throw new TypeError('kind has to be audio or video');
    this.#init = init;
    this.#feed = new SourceFeed(init.rids ?? [], {
      keyFrame: (rid) => this.onkeyframerequest?.(rid),
      bitrate: (report) => this.onbitrate?.(report),
      stop: () => this.onstop?.(),
    });
    this.#track = trackInternals.create({
      kind: init.kind,
      label: init.label,
      feed: this.#feed,
      settings: () => init.settings ?? {},
    });
  }

  get track(): MediaStreamTrack {
    return this.#track;
  }

  /** Senders that take packets at present. */
  get senders(): number {
    return this.#feed.sinks.length;
  }

  /** bit/s that may be used (for a layer); undefined while nothing can be sent. */
  bitrate(rid?: string): number | undefined {
    return this.#feed.target(rid)?.bitrate;
  }

  /**
   * Sends a packet by all senders of the track. The bytes are only read, and only during the call. False: these bytes are no
   * RTP packet. Packets of another SSRC are another stream: a sender changes over to it at its next key frame.
   */
  write(packet: Uint8Array | RtpPacketView, rid?: string): boolean {
    let view: RtpPacketView;
    if ('bytes' in packet) view = packet;
    else {
      const read = new RtpPacket();
      if (!read.reset(packet)) {
        this.malformed++;
        return false;
      }
      view = read;
    }
    const { sinks } = this.#feed;
    if (sinks.length === 0) return true;
    const stream = this.#streamOf(view.ssrc, rid);
    for (const sink of sinks) sink.packet(view, stream);
    return true;
  }

  /** The media is through: its tracks end. */
  end(): void {
    this.#feed.end(false);
  }

  #streamOf(ssrc: number, rid: string | undefined): FeedStream {
    const known = this.#streams.get(ssrc | 0);
    if (known !== undefined && known.rid === rid) return known;
    const { codec, extensions = {} } = this.#init;
    const stream: FeedStream = {
      rid,
      codec: (payloadType) => ('mimeType' in codec ? codec : codec.get(payloadType)),
      extensionId: (uri) => extensions[uri] ?? -1,
    };
    if (this.#streams.size >= MAX_STREAMS) this.#streams.clear();
    this.#streams.set(ssrc | 0, stream);
    return stream;
  }
}

/** SSRCs that are told apart at once. */
const MAX_STREAMS = 64;
