import { FrameSource, type MediaStreamTrack } from '@kaon/webrtc';
import { type EncodedFile, readFrames } from './frames.ts';
import { mediaFile } from './media-files.ts';

/** Plays a file over and over by a track of Kaon's. A key frame that is asked for is the file's first. */
export class Player {
  readonly source: FrameSource;
  readonly #file: EncodedFile;
  readonly #began: number = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #next = 0;
  #written = 0;
  /** Key frames that a receiver asked for. */
  requests = 0;

  /** `name` as in media-files.ts. */
  constructor(name: string) {
    this.#file = readFrames(mediaFile(name));
    const { kind, mimeType } = this.#file;
    const mode = name.endsWith('packetization-mode=0') ? 0 : 1;
    const clockRate = CLOCK_RATES[mimeType] ?? (kind === 'video' ? 90_000 : 48_000);
    this.source = new FrameSource({
      kind,
      codec: {
        mimeType,
        clockRate,
        ...(kind === 'audio' && { channels: mimeType === 'audio/opus' ? 2 : 1 }),
        ...(mimeType === 'video/H264' && { sdpFmtpLine: `packetization-mode=${mode};profile-level-id=42e01f` }),
      },
    });
    this.source.onkeyframerequest = () => {
      this.requests++;
      this.#next = 0;
    };
    this.source.onstop = () => this.stop();
    this.#play();
  }

  get track(): MediaStreamTrack {
    return this.source.track;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #play(): void {
    const { frames, interval } = this.#file;
    const elapsed = performance.now() - this.#began;
    while (this.#written * interval <= elapsed) {
      const frame = frames[this.#next++ % frames.length]!;
      this.source.write({ ...frame, time: this.#written++ * interval });
    }
    this.#timer = setTimeout(() => this.#play(), this.#written * interval - elapsed);
  }
}

const CLOCK_RATES: Readonly<Record<string, number>> = { 'audio/PCMU': 8000, 'audio/PCMA': 8000, 'audio/G722': 8000 };
