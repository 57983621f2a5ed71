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
  readonly #passing = new RtpPacket();
  #room: Uint8Array = NONE;
  #bytes: Uint8Array = NONE;

  constructor(stream: StreamInfo) {
    this.#ids = WRITTEN_LATE.map((uri) => extensionId(stream, uri)).filter((id) => id > 0);
  }

  copy(packet: RtpPacketView): RtpPacket {
    return this.#clear(new RtpPacket(packet.bytes.slice()));
  }

  /** As `copy`, in memory that the next call uses again: for who keeps a copy of its own. */
  passing(packet: RtpPacketView): RtpPacket {
    const { bytes } = packet;
    const { length } = bytes;
    if (this.#room.length < length) this.#room = new Uint8Array(Math.max(length, USUAL_ROOM));
    if (this.#bytes.length !== length || this.#bytes.buffer !== this.#room.buffer)
      this.#bytes = this.#room.subarray(0, length);
    this.#bytes.set(bytes);
    const passing = this.#passing;
    passing.reset(this.#bytes);
    return this.#clear(passing);
  }

  #clear(copy: RtpPacket): RtpPacket {
    for (const id of this.#ids) {
      const offset = copy.extensionOffset(id);
      if (offset >= 0) copy.bytes.fill(0, offset, offset + copy.extensionLength(id));
    }
    return copy;
  }
}

const NONE = new Uint8Array(0);
/** Most datagrams fit it. */
const USUAL_ROOM = 1500;
const WRITTEN_LATE: readonly string[] = [
  EXTENSION_URI.transportSequenceNumber,
  EXTENSION_URI.transportSequenceNumberV2,
  EXTENSION_URI.absSendTime,
  EXTENSION_URI.transmissionOffset,
];
