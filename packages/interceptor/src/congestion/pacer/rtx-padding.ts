import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { decodeRtp, EXTENSION_URI, encodeRtp } from '@kaon/rtp';
import { add16, distance16, encodeUtf8, isMalformed, writeU16, writeU32 } from '@kaon/wire';
import type { PaddingSource } from './pacer.ts';

/**
 * Padding for probes, in the retransmission streams (RFC 4588): packets that left lately are sent once more, which repairs a
 * loss at best, and before there are any, packets of padding alone. Streams without retransmission get none.
 *
 * The pacer is behind whoever makes the real retransmissions, so their sequence numbers are moved on here by what was put
 * in between.
 */
export class RtxPadding implements PaddingSource {
  readonly #streams: Stream[] = [];
  readonly #random: RandomSource;
  /** The stream that sent media last. */
  #latest: Stream | undefined;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  bind(stream: StreamInfo): void {
    const { ssrc, rtxSsrc } = stream;
    const payloadTypes = new Map<number, number>();
    for (const { payloadType, rtxPayloadType } of stream.payloads) {
      if (rtxPayloadType !== undefined) payloadTypes.set(payloadType, rtxPayloadType);
    }
    const known = this.#streams.findIndex((each) => each.ssrc === ssrc);
    const before = known < 0 ? undefined : this.#streams.splice(known, 1)[0];
    if (rtxSsrc === undefined || payloadTypes.size === 0) return;
    const numbering =
      before?.rtxSsrc === rtxSsrc ? before.numbering : { last: randomNumber(this.#random), lastGiven: -1 };
    const repaired = stream.extensions.find(({ uri }) => uri === EXTENSION_URI.repairedRid)?.id ?? 0;
    const rid = stream.extensions.find(({ uri }) => uri === EXTENSION_URI.rid)?.id ?? 0;
    this.#streams.push({
      ssrc,
      rtxSsrc,
      payloadTypes,
      ridId: rid,
      repairedId: repaired,
      template: paddingTemplate(stream, rtxSsrc, [...payloadTypes.values()][0]!),
      numbering,
      kept: new Uint8Array(KEPT * SLOT),
      lengths: new Uint16Array(KEPT),
      payloadOffsets: new Uint16Array(KEPT),
      written: 0,
      given: 0,
      timestamp: 0,
    });
    this.#latest = undefined;
  }

  unbind(ssrc: number): void {
    const at = this.#streams.findIndex((each) => each.ssrc === ssrc);
    if (at >= 0) this.#streams.splice(at, 1);
    this.#latest = undefined;
  }

  /** A packet leaves the pacer: media is kept as later padding, retransmissions are numbered anew. */
  leaving(packet: RtpPacketView): void {
    const { ssrc } = packet;
    if (this.#latest !== undefined && this.#latest.ssrc === ssrc) {
      keep(this.#latest, packet);
      return;
    }
    for (const stream of this.#streams) {
      if (stream.ssrc === ssrc) {
        this.#latest = stream;
        keep(stream, packet);
      } else if (stream.rtxSsrc === ssrc && packet !== this.#made) renumber(stream.numbering, packet);
    }
  }

  /** The packet of ours that was given last: it has its number. */
  #made: RtpPacketView | undefined;

  next(bytes: number): RtpPacketView | undefined {
    const stream = this.#latest ?? this.#streams[0];
    if (stream === undefined) return undefined;
    const made = stream.written === 0 ? paddingOnly(stream, bytes) : resend(stream, bytes);
    this.#made = made;
    return made;
  }
}

interface Stream {
  readonly ssrc: number;
  readonly rtxSsrc: number;
  /** Of retransmissions, by that of the media. */
  readonly payloadTypes: ReadonlyMap<number, number>;
  readonly ridId: number;
  readonly repairedId: number;
  /** A packet of padding alone, with all header extensions in place. */
  readonly template: Uint8Array;
  readonly numbering: Numbering;
  /** Copies of the packets that left last: what is sent is encrypted in place. */
  readonly kept: Uint8Array;
  readonly lengths: Uint16Array;
  readonly payloadOffsets: Uint16Array;
  written: number;
  given: number;
  timestamp: number;
}

/** Of a retransmission stream: the number sent last, and the last one as who made it had numbered it; -1: none yet. */
interface Numbering {
  last: number;
  lastGiven: number;
}

const KEPT = 8;
const SLOT = 1500;
const PADDING_BYTES = 224;

function keep(stream: Stream, packet: RtpPacketView): void {
  const { bytes, payloadOffset, payloadEnd } = packet;
  stream.timestamp = packet.timestamp;
  // Without padding of its own, which an RTX packet does not carry, and with room for the original number.
  if (payloadEnd + 2 > SLOT || payloadEnd === payloadOffset || !stream.payloadTypes.has(packet.payloadType)) return;
  const at = stream.written++ % KEPT;
  stream.kept.set(payloadEnd === bytes.length ? bytes : bytes.subarray(0, payloadEnd), at * SLOT);
  stream.lengths[at] = payloadEnd;
  stream.payloadOffsets[at] = payloadOffset;
}

/** One of the kept packets as a retransmission (RFC 4588 §4), by turns. */
function resend(stream: Stream, _bytes: number): RtpPacketView | undefined {
  const count = Math.min(stream.written, KEPT);
  const at = stream.given++ % count;
  const from = at * SLOT;
  const length = stream.lengths[at]!;
  const split = stream.payloadOffsets[at]!;
  const original = stream.kept.subarray(from, from + length);
  const bytes = new Uint8Array(length + 2);
  bytes.set(original.subarray(0, split));
  bytes.set(original.subarray(split), split + 2);
  bytes[0] = bytes[0]! & ~0x20;
  bytes[1] = (bytes[1]! & 0x80) | stream.payloadTypes.get(bytes[1]! & 0x7f)!;
  writeU16(bytes, split, (original[2]! << 8) | original[3]!);
  writeU32(bytes, 8, stream.rtxSsrc);
  return numbered(stream, bytes);
}

function paddingOnly(stream: Stream, _bytes: number): RtpPacketView | undefined {
  const bytes = stream.template.slice();
  writeU32(bytes, 4, stream.timestamp);
  return numbered(stream, bytes);
}

function numbered(stream: Stream, bytes: Uint8Array): RtpPacketView | undefined {
  const { numbering } = stream;
  numbering.last = add16(numbering.last, 1);
  writeU16(bytes, 2, numbering.last);
  const packet = decodeRtp(bytes);
  return isMalformed(packet) ? undefined : packet;
}

/** Keeps the distance to the retransmission before, and goes on behind what was sent last. */
function renumber(numbering: Numbering, packet: RtpPacketView): void {
  const given = packet.sequenceNumber;
  const step = numbering.lastGiven < 0 ? 1 : Math.max(1, distance16(numbering.lastGiven, given));
  numbering.lastGiven = given;
  numbering.last = add16(numbering.last, step);
  writeU16(packet.bytes, 2, numbering.last);
}

function randomNumber(random: RandomSource): number {
  const bytes = new Uint8Array(2);
  random(bytes);
  return ((bytes[0]! & 0x7f) << 8) | bytes[1]!;
}

function paddingTemplate(stream: StreamInfo, ssrc: number, payloadType: number): Uint8Array {
  const extensions: { id: number; data: Uint8Array }[] = [];
  for (const { id, uri } of stream.extensions) {
    if (uri === EXTENSION_URI.transportSequenceNumber || uri === EXTENSION_URI.transportSequenceNumberV2) {
      extensions.push({ id, data: new Uint8Array(2) });
    } else if (uri === EXTENSION_URI.absSendTime) extensions.push({ id, data: new Uint8Array(3) });
    else if (uri === EXTENSION_URI.mid && stream.mid !== undefined)
      extensions.push({ id, data: encodeUtf8(stream.mid) });
    else if (uri === EXTENSION_URI.repairedRid && stream.rid !== undefined) {
      extensions.push({ id, data: encodeUtf8(stream.rid) });
    }
  }
  return encodeRtp({
    payloadType,
    sequenceNumber: 0,
    timestamp: 0,
    ssrc,
    extensions,
    payload: new Uint8Array(0),
    paddingLength: PADDING_BYTES,
  });
}
