import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { RtpPacket } from '@kaon/rtp';
import { type FecDecoder, FlexfecDecoder, UlpfecDecoder } from '@kaon/rtp/fec';
import { unwrapRed } from '@kaon/rtp/payload/red';
import { Deque, isMalformed } from '@kaon/wire';
import { payloadOf } from '../stream.ts';
import { ParityView } from './mutable.ts';

/** Repair that came for one stream. */
export interface FecReceivedCounters {
  readonly fecPacketsReceived: number;
  readonly fecBytesReceived: number;
  /** Repair packets that were malformed or could not be used, and packets in RED that were so. */
  readonly fecPacketsDiscarded: number;
  /** Media packets recovered. */
  readonly recovered: number;
}

/** The stage that recovers packets. */
export interface FecRecovery extends Interceptor {
  /** Repair that came for a remote stream. */
  received(ssrc: number): FecReceivedCounters;
}

/**
 * Recovers lost packets of the remote streams with forward error correction, and takes video out of RED (RFC 2198). In the place
 * of a ULPFEC packet, or of one whose payload type was not agreed on, an empty packet goes on, so that its sequence number is
 * not missing.
 */
export function fecRecovery(): FecRecovery {
  return new Recovery();
}

interface Remote {
  readonly info: StreamInfo;
  /** Undefined: there is only RED to unwrap. */
  readonly decoder: FecDecoder | undefined;
  /** -1: none was agreed on. */
  readonly redPayloadType: number;
  readonly view: ParityView;
  bytes: number;
  malformed: number;
}

class Recovery implements FecRecovery {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'fec-recovery';
  readonly #media: Map<number, Remote> = new Map();
  /** By the SSRC of the repair stream. */
  readonly #repair: Map<number, Remote> = new Map();
  readonly #ready: Deque<RtpPacketView> = new Deque();

  received(ssrc: number): FecReceivedCounters {
    const stream = this.#media.get(ssrc);
    if (stream === undefined)
      return { fecPacketsReceived: 0, fecBytesReceived: 0, fecPacketsDiscarded: 0, recovered: 0 };
    const { fecPackets, recovered, malformed, discarded } = stream.decoder?.counters ?? NO_REPAIR;
    return {
      fecPacketsReceived: fecPackets,
      fecBytesReceived: stream.bytes,
      fecPacketsDiscarded: malformed + discarded + stream.malformed,
      recovered,
    };
  }

  bindRemoteStream(info: StreamInfo): void {
    const known = this.#media.get(info.ssrc);
    const redPayloadType = redOf(info);
    if (known !== undefined && sameFec(known.info, info)) {
      this.#set({ ...known, info, redPayloadType, view: new ParityView(info) });
      return;
    }
    this.unbindRemoteStream(info.ssrc);
    const decoder = decoderFor(info);
    if (decoder === undefined && redPayloadType < 0) return;
    this.#set({ info, decoder, redPayloadType, view: new ParityView(info), bytes: 0, malformed: 0 });
  }

  unbindRemoteStream(ssrc: number): void {
    const repair = this.#media.get(ssrc)?.info.fec?.ssrc;
    if (repair !== undefined) this.#repair.delete(repair);
    this.#media.delete(ssrc);
  }

  handleIncomingRtp(packet: RtpPacketView, _now: Instant, _ecn: EcnCodepoint): boolean {
    const stream = this.#media.get(packet.ssrc);
    if (stream === undefined) {
      const repaired = this.#repair.get(packet.ssrc);
      if (repaired !== undefined) this.#repairWith(repaired, packet);
      return repaired === undefined;
    }
    if (packet.payloadType === stream.redPayloadType) {
      this.#unwrap(stream, packet);
      return false;
    }
    if (isOfUse(stream, packet)) stream.decoder?.handleMedia(stream.view.passing(packet));
    return true;
  }

  pollIncomingRtp(_now: Instant): RtpPacketView | undefined {
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    for (const stream of this.#media.values()) {
      const { decoder, info } = stream;
      if (decoder === undefined) continue;
      for (let recovered = decoder.poll(); recovered !== undefined; recovered = decoder.poll()) {
        if (payloadOf(info, recovered.payloadType) !== undefined) return recovered;
        stream.malformed++;
      }
    }
    return undefined;
  }

  #set(stream: Remote): void {
    this.#media.set(stream.info.ssrc, stream);
    const { fec } = stream.info;
    if (fec?.scheme === 'flexfec-03' && fec.ssrc !== undefined) this.#repair.set(fec.ssrc, stream);
  }

  #repairWith(stream: Remote, packet: RtpPacketView): void {
    // Probes may be padding in any stream.
    if (packet.payloadEnd === packet.payloadOffset) return;
    if (packet.payloadType !== stream.info.fec!.payloadType) {
      stream.malformed++;
      return;
    }
    stream.bytes += packet.payloadEnd - packet.payloadOffset;
    stream.decoder?.handleFec(packet);
  }

  #unwrap(stream: Remote, packet: RtpPacketView): void {
    if (packet.payloadEnd === packet.payloadOffset) {
      this.#push(packet);
      return;
    }
    const inner = unwrapRed(packet);
    if (isMalformed(inner)) {
      stream.malformed++;
      return;
    }
    const { info, decoder, redPayloadType } = stream;
    const { payloadType } = inner;
    const isRepair = info.fec?.scheme === 'ulpfec' && payloadType === info.fec.payloadType;
    if (!isRepair && payloadType !== redPayloadType && payloadOf(info, payloadType) !== undefined) {
      decoder?.handleMedia(stream.view.passing(inner));
      this.#push(inner);
      return;
    }
    if (isRepair) {
      stream.bytes += inner.payloadEnd - inner.payloadOffset;
      decoder?.handleFec(inner);
    } else stream.malformed++;
    const empty = new RtpPacket(packet.bytes.slice(0, packet.payloadOffset).map(withoutPadding));
    empty.marker = false;
    empty.payloadType = info.payloads[0]?.payloadType ?? packet.payloadType;
    this.#push(empty);
  }

  #push(packet: RtpPacketView): void {
    if (this.#ready.length >= MAX_READY) this.#ready.shift();
    this.#ready.push(packet);
  }
}

function decoderFor({ ssrc, fec }: StreamInfo): FecDecoder | undefined {
  if (fec === undefined) return undefined;
  return fec.scheme === 'flexfec-03' ? new FlexfecDecoder({ mediaSsrc: ssrc }) : new UlpfecDecoder({ mediaSsrc: ssrc });
}

/** Whether a packet outside of RED may be needed for repair. Copies are dear, and who uses ULPFEC puts media in RED. */
function isOfUse({ info, decoder }: Remote, { payloadOffset, payloadEnd }: RtpPacketView): boolean {
  if (payloadEnd === payloadOffset || decoder === undefined) return false;
  return info.fec?.scheme !== 'ulpfec' || decoder.counters.fecPackets > 0;
}

/** Payload type of RED of a video stream, or -1. A sender may use it without ULPFEC, too. That of audio is the depacketizer's. */
function redOf({ kind, fec, payloads }: StreamInfo): number {
  if (fec?.redPayloadType !== undefined) return fec.redPayloadType;
  const red = payloads.find(({ mimeType }) => kind === 'video' && mimeType.toLowerCase() === 'video/red');
  return red?.payloadType ?? -1;
}

/** Clears the padding bit in the first byte. */
function withoutPadding(byte: number, index: number): number {
  return index === 0 ? byte & ~0x20 : byte;
}

function sameFec({ fec: a }: StreamInfo, { fec: b }: StreamInfo): boolean {
  return (
    a?.scheme === b?.scheme &&
    a?.ssrc === b?.ssrc &&
    a?.payloadType === b?.payloadType &&
    a?.redPayloadType === b?.redPayloadType
  );
}

const NO_REPAIR = { fecPackets: 0, recovered: 0, malformed: 0, discarded: 0 };
const MAX_READY = 1024;
