import type { ReceivedFrame, RTCRtpReceiver } from '@kaon/webrtc';
import { PATIENCE } from './inbox.ts';

/** Takes in what a receiver of Kaon's gets. */
export class Listener {
  readonly receiver: RTCRtpReceiver;
  frames = 0;
  keyFrames = 0;
  readonly mimeTypes: Set<string> = new Set();
  /** Frames by layer. */
  readonly layers: Map<string, number> = new Map();
  readonly ssrcs: Set<number> = new Set();
  last: ReceivedFrame | undefined;
  /** The frames themselves, while `record` is true. */
  readonly recording: ReceivedFrame[] = [];
  record = false;
  readonly #waiting: Set<() => void> = new Set();

  constructor(receiver: RTCRtpReceiver) {
    this.receiver = receiver;
    receiver.onframe = (frame) => this.#take(frame);
  }

  /** Waits until the predicate holds, looked at with each frame. Rejects with what has come so far. */
  async until(what: string, holds: (listener: this) => boolean, milliseconds: number = PATIENCE): Promise<void> {
    if (holds(this)) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${what} at Kaon: not within ${milliseconds} ms; ${this.toString()}`));
      }, milliseconds);
      const look = (): void => {
        if (!holds(this)) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  /** Waits for so many more frames. */
  async more(count = 10): Promise<void> {
    const end = this.frames + count;
    await this.until(`${count} more frames`, () => this.frames >= end);
  }

  toString(): string {
    const { kind } = this.receiver.track;
    const layers = [...this.layers].map(([rid, count]) => `${rid}:${count}`).join(' ');
    return `${kind} ${this.frames} frames, ${this.keyFrames} keys, ${layers} ${JSON.stringify(this.receiver.counters)}`;
  }

  #take(frame: ReceivedFrame): void {
    this.frames++;
    if (frame.keyFrame) this.keyFrames++;
    this.mimeTypes.add(frame.mimeType);
    this.ssrcs.add(frame.ssrc);
    if (frame.rid !== undefined) this.layers.set(frame.rid, (this.layers.get(frame.rid) ?? 0) + 1);
    this.last = frame;
    if (this.record) this.recording.push(frame);
    for (const look of this.#waiting) look();
  }
}
