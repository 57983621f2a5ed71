import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { EncodedFrame, RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI, ExtensionLayout, generateSsrc, RtpPacket, rtpLength, writeRtpHeader } from '@kaon/rtp';
import { createPacketizer, type Packetizer } from '@kaon/rtp/payload';

/** Cuts the frames of one stream into packets. */
export class RtpSender {
  /** What the peer has to know of the stream. */
  readonly stream: StreamInfo;
  readonly #packetizer: Packetizer;
  readonly #layout: ExtensionLayout;
  readonly #send: (packet: RtpPacketView) => void;
  readonly #start: number;
  #sequenceNumber: number;

  /** Throws on a media type whose format is not known. */
  constructor(mimeType: string, random: RandomSource, send: (packet: RtpPacketView) => void) {
    const ssrc = generateSsrc(random);
    this.stream = {
      ssrc,
      rtxSsrc: generateSsrc(random, (taken) => taken === ssrc),
      kind: 'video',
      cname: 'ortc-example',
      payloads: [{ payloadType: 96, mimeType, clockRate: 90_000, rtxPayloadType: 97 }],
      feedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'transport-cc' }],
      extensions: [{ id: TRANSPORT_SEQUENCE_NUMBER, uri: EXTENSION_URI.transportSequenceNumber }],
    };
    const seed = new Uint16Array(2);
    random(new Uint8Array(seed.buffer));
    this.#start = seed[0]! << 8;
    this.#sequenceNumber = seed[1]! & 0x7fff;
    const packetizer = createPacketizer(mimeType, { pictureId: seed[0]! & 0x7fff });
    if (packetizer === undefined) throw new Error(`${mimeType} cannot be sent`);
    this.#packetizer = packetizer;
    // The number itself is written by congestion control as the packet leaves.
    this.#layout = new ExtensionLayout([{ id: TRANSPORT_SEQUENCE_NUMBER, length: 2 }]);
    this.#send = send;
  }

  /** Sends a frame that belongs to this time, in milliseconds. */
  write(frame: Pick<EncodedFrame, 'data' | 'keyFrame' | 'metadata'>, time: number): void {
    const timestamp = (this.#start + Math.round(time * 90)) >>> 0;
    const packetizer = this.#packetizer;
    packetizer.start({ ...frame, timestamp }, MAX_PAYLOAD);
    for (;;) {
      const header = {
        payloadType: 96,
        sequenceNumber: this.#sequenceNumber,
        timestamp,
        ssrc: this.stream.ssrc,
        layout: this.#layout,
      };
      const bytes = new Uint8Array(rtpLength(header, MAX_PAYLOAD));
      const payloadOffset = writeRtpHeader(bytes, 0, header);
      const length = packetizer.next(bytes, payloadOffset);
      if (length === 0) return;
      this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
      const packet = new RtpPacket(bytes.subarray(0, payloadOffset + length));
      packet.marker = packetizer.isLast;
      this.#send(packet);
    }
  }
}

const TRANSPORT_SEQUENCE_NUMBER = 3;
/** Leaves room for headers, RTX and SRTP in 1,200 bytes. */
const MAX_PAYLOAD = 1100;
