import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { EXTENSION_URI, encodeRtp, RtpPacket } from '@kaon/rtp';
import { rtxLength, writeRtx } from '@kaon/rtp/payload/rtx';
import { add16, distance16, encodeUtf8, writeU16, writeU32 } from '@kaon/wire';
import { Remembered } from '../../remembered.ts';
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
  /** By the SSRC of the retransmission stream. */
  readonly #numberings: Remembered<Numbering> = new Remembered();
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
    if (before !== undefined && before.rtxSsrc !== rtxSsrc) this.#numberings.set(before.rtxSsrc, before.numbering);
    if (rtxSsrc === undefined || payloadTypes.size === 0) return;
    const numbering = before?.rtxSsrc === rtxSsrc ? before.numbering : this.#numbering(rtxSsrc);
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
      view: new RtpPacket(),
      written: 0,
      given: 0,
      timestamp: 0,
    });
    this.#latest = undefined;
  }

  unbind(ssrc: number): void {
    const at = this.#streams.findIndex((each) => each.ssrc === ssrc);
    for (const { rtxSsrc, numbering } of at < 0 ? [] : this.#streams.splice(at, 1))
      this.#numberings.set(rtxSsrc, numbering);
    this.#latest = undefined;
  }

  #numbering(rtxSsrc: number): Numbering {
    return this.#numberings.take(rtxSsrc) ?? { last: randomNumber(this.#random), lastGiven: -1 };
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

  next(): RtpPacketView | undefined {
    const stream = this.#latest ?? this.#streams[0];
    if (stream === undefined) return undefined;
    const made = stream.written === 0 ? paddingOnly(stream) : resend(stream);
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
  /** Over one of the copies. */
  readonly view: RtpPacket;
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
  if (bytes.length > SLOT || payloadEnd === payloadOffset || !stream.payloadTypes.has(packet.payloadType)) return;
  const at = stream.written++ % KEPT;
  stream.kept.set(bytes, at * SLOT);
  stream.lengths[at] = bytes.length;
}

/** One of the kept packets as a retransmission, by turns. */
function resend(stream: Stream): RtpPacketView | undefined {
  const at = stream.given++ % Math.min(stream.written, KEPT);
  const { view, numbering, ridId, repairedId } = stream;
  if (!view.reset(stream.kept.subarray(at * SLOT, at * SLOT + stream.lengths[at]!))) return undefined;
  numbering.last = add16(numbering.last, 1);
  const bytes = new Uint8Array(rtxLength(view));
  const payloadType = stream.payloadTypes.get(view.payloadType)!;
  writeRtx(view, { ssrc: stream.rtxSsrc, payloadType, sequenceNumber: numbering.last }, bytes, 0);
  // RFC 8852 §3.2: in a retransmission stream the same text stands under another name.
  const ridAt = ridId === 0 || repairedId === 0 ? -1 : view.extensionOffset(ridId);
  if (ridAt >= 0) {
    if (view.extensionForm === 'one-byte') bytes[ridAt - 1] = (repairedId << 4) | (bytes[ridAt - 1]! & 0x0f);
    else bytes[ridAt - 2] = repairedId;
  }
  return new RtpPacket(bytes);
}

function paddingOnly(stream: Stream): RtpPacketView {
  const bytes = stream.template.slice();
  const { numbering } = stream;
  numbering.last = add16(numbering.last, 1);
  writeU16(bytes, 2, numbering.last);
  writeU32(bytes, 4, stream.timestamp);
  return new RtpPacket(bytes);
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
