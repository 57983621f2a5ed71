import type { Instant } from '@kaon/interface/core/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI } from '@kaon/rtp';
import type { CodecName, FeedFrame, FeedStream } from '../media/feed.ts';
import { AudioTally } from './audio-tally.ts';
import { FrameRate } from './frame-rate.ts';
import { isOlder } from './stream-watch.ts';

/** What the source of a sender's track has given since the track was attached, whether it was sent or not. */
export class SourceTally {
  readonly audio: AudioTally = new AudioTally();
  readonly rate: FrameRate = new FrameRate();
  readonly since: Instant;
  readonly #kind: 'audio' | 'video';
  frames = 0;
  #timestamp = -1;
  /** The stream of packets that is followed: its layers have the same frames under other timestamps. */
  #followed: FeedStream | undefined = undefined;
  #followedAt: Instant = 0;
  #levelId = -1;

  constructor(kind: 'audio' | 'video', now: Instant) {
    this.#kind = kind;
    this.since = now;
  }

  /** `codec`: that of the sender, for frames that do not name theirs. */
  frame(frame: FeedFrame, codec: CodecName | undefined, now: Instant): void {
    const { data, timestamp, codec: own = codec, extensions } = frame;
    if (this.#kind === 'video') this.#video(timestamp, now);
    else if (own !== undefined) {
      const level = extensions?.[EXTENSION_URI.audioLevel]?.[0];
      const dbov = level === undefined ? -1 : level & 0x7f;
      this.audio.note(own.mimeType, own.clockRate, data, 0, data.length, timestamp, dbov);
    }
  }

  packet(packet: RtpPacketView, from: FeedStream, now: Instant): void {
    if (from !== this.#followed) {
      if (this.#followed !== undefined && now - this.#followedAt < SILENCE) return;
      this.#followed = from;
      this.#timestamp = -1;
      this.#levelId = from.extensionId(EXTENSION_URI.audioLevel);
    }
    this.#followedAt = now;
    const { bytes, payloadOffset, payloadEnd, timestamp, payloadType } = packet;
    if (payloadOffset === payloadEnd) return;
    if (this.#kind === 'video') {
      this.#video(timestamp, now);
      return;
    }
    const codec = from.codec(payloadType);
    if (codec === undefined) return;
    const at = this.#levelId < 0 ? -1 : packet.extensionOffset(this.#levelId);
    const level = at < 0 ? -1 : (bytes[at] as number) & 0x7f;
    this.audio.note(codec.mimeType, codec.clockRate, bytes, payloadOffset, payloadEnd, timestamp, level);
  }

  /** Layers of one frame have one timestamp; those that come late are old. */
  #video(timestamp: number, now: Instant): void {
    if (timestamp === this.#timestamp) return;
    if (this.#timestamp >= 0 && isOlder(timestamp, this.#timestamp, VIDEO_CLOCK)) return;
    this.#timestamp = timestamp;
    this.frames++;
    this.rate.note(now);
  }
}

const VIDEO_CLOCK = 90_000;
/** Milliseconds after which another stream of the source is followed. */
const SILENCE = 2000;
