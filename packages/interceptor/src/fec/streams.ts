/** Protection of one stream that we send, by scheme. */
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI, encodeRtp, RtpPacket } from '@kaon/rtp';
import { FlexfecEncoder, UlpfecEncoder } from '@kaon/rtp/fec';
import { wrapRed, wrapRedLength } from '@kaon/rtp/payload/red';
import { before16, type Deque, encodeUtf8, writeU16 } from '@kaon/wire';
import { ParityView } from './mutable.ts';

/** What takes the packets of a stream and gives those of its repair. */
export interface FecStream {
  readonly info: StreamInfo;
  /** Share of packets lost, as the peer says. */
  loss: number;
  readonly sent: { packets: number; bytes: number };
  /** Takes a new agreement, which may be one without repair; false where it asks for another scheme or stream of repair. */
  rebind(info: StreamInfo): boolean;
  /** Takes a media packet; false when it goes by `out` in another form. Repair goes to `out`. */
  send(packet: RtpPacketView, rate: number, maxGroup: number, out: Deque<RtpPacketView>): boolean;
}

/** Protection as agreed on, or undefined where there is none. */
export function makeFecStream(info: StreamInfo, random: RandomSource): FecStream | undefined {
  const { fec } = info;
  if (fec?.scheme === 'flexfec-03' && fec.ssrc !== undefined) return new FlexfecStream(info, fec.ssrc, random);
  if (fec?.scheme === 'ulpfec' && fec.redPayloadType !== undefined) return new UlpfecStream(info, fec.redPayloadType);
  return undefined;
}

/** Gathers packets until they are worth a repair packet. */
class Group {
  readonly packets: RtpPacket[] = [];

  /** How many repair packets to make now: 0 to wait for more. */
  due(marker: boolean, rate: number, maxGroup: number): number {
    const { length } = this.packets;
    if (!marker && length < maxGroup) return 0;
    const count = Math.min(length, Math.round(length * rate));
    return count === 0 && length >= maxGroup && rate > 0 ? 1 : count;
  }

  /** Adds a packet; one that is not right behind the last begins anew. */
  add(packet: RtpPacket, span: number): void {
    const { packets } = this;
    const [first] = packets;
    const last = packets[packets.length - 1];
    if (first !== undefined && last !== undefined) {
      const { sequenceNumber } = packet;
      if (!before16(last.sequenceNumber, sequenceNumber) || ((sequenceNumber - first.sequenceNumber) & 0xffff) >= span)
        packets.length = 0;
    }
    packets.push(packet);
  }
}

class FlexfecStream implements FecStream {
  info: StreamInfo;
  loss = 0;
  readonly sent = { packets: 0, bytes: 0 };
  readonly #ssrc: number;
  readonly #encoder: FlexfecEncoder = new FlexfecEncoder();
  readonly #group: Group = new Group();
  #view: ParityView;
  #sequence: number;

  constructor(info: StreamInfo, ssrc: number, random: RandomSource) {
    this.info = info;
    this.#ssrc = ssrc;
    this.#view = new ParityView(info);
    const bytes = new Uint8Array(2);
    random(bytes);
    this.#sequence = (bytes[0]! << 8) | bytes[1]!;
  }

  rebind(info: StreamInfo): boolean {
    if (info.fec !== undefined && (info.fec.scheme !== 'flexfec-03' || info.fec.ssrc !== this.#ssrc)) return false;
    this.info = info;
    this.#view = new ParityView(info);
    return true;
  }

  send(packet: RtpPacketView, rate: number, maxGroup: number, out: Deque<RtpPacketView>): boolean {
    if (rate === 0 || this.info.fec === undefined) {
      this.#group.packets.length = 0;
      return true;
    }
    this.#group.add(this.#view.copy(packet), SPAN);
    const count = this.#group.due(packet.marker, rate, maxGroup);
    if (count > 0) {
      const { payloadType } = this.info.fec!;
      const extensions = repairExtensions(this.info);
      for (const payload of this.#encoder.protect(this.#group.packets, count)) {
        const sequenceNumber = this.#sequence;
        this.#sequence = (sequenceNumber + 1) & 0xffff;
        const header = { payloadType, sequenceNumber, timestamp: packet.timestamp, ssrc: this.#ssrc, extensions };
        const bytes = encodeRtp({ ...header, payload });
        this.sent.packets++;
        this.sent.bytes += payload.length;
        out.push(new RtpPacket(bytes));
      }
      this.#group.packets.length = 0;
    }
    return true;
  }
}

class UlpfecStream implements FecStream {
  info: StreamInfo;
  loss = 0;
  readonly sent = { packets: 0, bytes: 0 };
  #redPayloadType: number;
  readonly #encoder: UlpfecEncoder = new UlpfecEncoder();
  readonly #group: Group = new Group();
  #view: ParityView;
  /** Repair packets so far: media is moved on by as many numbers. */
  #shift = 0;
  #last = -1;

  constructor(info: StreamInfo, redPayloadType: number) {
    this.info = info;
    this.#redPayloadType = redPayloadType;
    this.#view = new ParityView(info);
  }

  rebind(info: StreamInfo): boolean {
    if (info.fec !== undefined) {
      if (info.fec.scheme !== 'ulpfec' || info.fec.redPayloadType === undefined) return false;
      this.#redPayloadType = info.fec.redPayloadType;
    }
    this.info = info;
    this.#view = new ParityView(info);
    return true;
  }

  send(packet: RtpPacketView, rate: number, maxGroup: number, out: Deque<RtpPacketView>): boolean {
    const sequence = (packet.sequenceNumber + this.#shift) & 0xffff;
    // A number that repair may have taken must not be used again: its key stream is spent.
    if (this.#last >= 0 && this.#shift > 0 && !before16(this.#last, sequence)) return false;
    if (this.#last < 0 || before16(this.#last, sequence)) this.#last = sequence;
    writeU16(packet.bytes, 2, sequence);
    if (rate === 0 || this.info.fec === undefined) {
      this.#group.packets.length = 0;
      // Behind what waits to be polled, so that the order stays.
      if (out.length === 0) return true;
      out.push(packet);
      return false;
    }
    const plain = this.#view.copy(packet);
    this.#group.add(plain, SPAN);
    out.push(inRed(packet, this.#redPayloadType));
    const count = this.#group.due(packet.marker, rate, maxGroup);
    if (count === 0) return false;
    for (const payload of this.#encoder.protect(this.#group.packets, count)) {
      this.#last = (this.#last + 1) & 0xffff;
      this.#shift++;
      this.sent.packets++;
      this.sent.bytes += payload.length;
      const header = {
        payloadType: this.info.fec!.payloadType,
        sequenceNumber: this.#last,
        timestamp: packet.timestamp,
        ssrc: packet.ssrc,
        extensions: repairExtensions(this.info),
      };
      out.push(inRed(new RtpPacket(encodeRtp({ ...header, payload })), this.#redPayloadType));
    }
    this.#group.packets.length = 0;
    return false;
  }
}

function inRed(packet: RtpPacketView, payloadType: number): RtpPacket {
  const bytes = new Uint8Array(wrapRedLength(packet));
  wrapRed(packet, payloadType, bytes, 0);
  return new RtpPacket(bytes);
}

/** Header extensions of repair packets: what a packet is stamped with when it leaves, and where it belongs. */
function repairExtensions(info: StreamInfo): readonly { readonly id: number; readonly data: Uint8Array }[] {
  const extensions: { id: number; data: Uint8Array }[] = [];
  for (const { id, uri } of info.extensions) {
    if (uri === EXTENSION_URI.transportSequenceNumber) extensions.push({ id, data: new Uint8Array(2) });
    else if (uri === EXTENSION_URI.transportSequenceNumberV2) extensions.push({ id, data: new Uint8Array(2) });
    else if (uri === EXTENSION_URI.absSendTime) extensions.push({ id, data: new Uint8Array(3) });
    else if (uri === EXTENSION_URI.mid && info.mid !== undefined) extensions.push({ id, data: encodeUtf8(info.mid) });
  }
  return extensions;
}

/** Sequence numbers that one repair packet can name: bits in the mask of ULPFEC, and less than FlexFEC has. */
const SPAN = 48;
