import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI, RtpPacket } from '@kaon/rtp';
import { extensionId } from '../stream.ts';

/**
 * Copies of packets as parity is made over them: header extensions that are written when a packet leaves are zero, on both
 * sides, or nothing could be recovered. This is what libwebrtc does.
 */
export class ParityView {
  readonly #ids: readonly number[];

  constructor(stream: StreamInfo) {
    this.#ids = WRITTEN_LATE.map((uri) => extensionId(stream, uri)).filter((id) => id > 0);
  }

  copy(packet: RtpPacketView): RtpPacket {
    const copy = new RtpPacket(packet.bytes.slice());
    for (const id of this.#ids) {
      const offset = copy.extensionOffset(id);
      if (offset >= 0) copy.bytes.fill(0, offset, offset + copy.extensionLength(id));
    }
    return copy;
  }
}

const WRITTEN_LATE: readonly string[] = [
  EXTENSION_URI.transportSequenceNumber,
  EXTENSION_URI.transportSequenceNumberV2,
  EXTENSION_URI.absSendTime,
  EXTENSION_URI.transmissionOffset,
];
