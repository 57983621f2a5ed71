import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { EncodedFrame, RtpPacketView } from '@kaon/interface/rtp/v1';
import { createDepacketizer, type Depacketizer } from '@kaon/rtp/payload';

/** Puts the packets of one stream together into frames. They come in order: the jitter buffer sees to that. */
export class RtpReceiver {
  /** Called with each whole frame. */
  onFrame: (frame: EncodedFrame) => void = () => undefined;
  readonly #depacketizer: Depacketizer | undefined;

  constructor({ payloads }: StreamInfo) {
    this.#depacketizer = createDepacketizer(payloads[0]?.mimeType ?? '');
  }

  take(packet: RtpPacketView): void {
    const depacketizer = this.#depacketizer;
    if (depacketizer === undefined) return;
    depacketizer.push(packet);
    for (let frame = depacketizer.poll(); frame !== undefined; frame = depacketizer.poll()) this.onFrame(frame);
  }
}
