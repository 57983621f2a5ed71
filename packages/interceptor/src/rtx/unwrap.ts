import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { restoreFromRtx } from '@kaon/rtp/payload/rtx';
import { Deque, isMalformed } from '@kaon/wire';

/** What came in retransmission streams. */
export interface RtxUnwrapCounters {
  readonly restored: number;
  /** Packets that carry padding alone: probes. */
  readonly paddingOnly: number;
  /** Payload type not agreed on, or no original sequence number. */
  readonly malformed: number;
}

/** The stage that restores retransmitted packets. */
export interface RtxUnwrap extends Interceptor {
  readonly counters: RtxUnwrapCounters;
  /** Packets that were restored for a media stream. */
  restored(ssrc: number): number;
}

/**
 * Restores packets from the streams for retransmissions (RFC 4588 §4) of bound remote streams: they go on as packets of the
 * media stream. Padding alone, and what is malformed, is dropped and counted.
 */
export function rtxUnwrap(): RtxUnwrap {
  return new Unwrap();
}

interface Source {
  readonly ssrc: number;
  /** Media payload type by that of its retransmissions. */
  readonly payloadTypes: ReadonlyMap<number, number>;
  restored: number;
}

class Unwrap implements RtxUnwrap {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'rtx';
  /** By the SSRC of the retransmission stream. */
  readonly #sources: Map<number, Source> = new Map();
  readonly #ready: Deque<RtpPacketView> = new Deque();
  #restored = 0;
  #paddingOnly = 0;
  #malformed = 0;

  get counters(): RtxUnwrapCounters {
    return { restored: this.#restored, paddingOnly: this.#paddingOnly, malformed: this.#malformed };
  }

  restored(ssrc: number): number {
    for (const source of this.#sources.values()) if (source.ssrc === ssrc) return source.restored;
    return 0;
  }

  bindRemoteStream({ ssrc, rtxSsrc, payloads }: StreamInfo): void {
    const restored = this.restored(ssrc);
    this.unbindRemoteStream(ssrc);
    if (rtxSsrc === undefined) return;
    const payloadTypes = new Map<number, number>();
    for (const { payloadType, rtxPayloadType } of payloads)
      if (rtxPayloadType !== undefined) payloadTypes.set(rtxPayloadType, payloadType);
    this.#sources.set(rtxSsrc, { ssrc, payloadTypes, restored });
  }

  unbindRemoteStream(ssrc: number): void {
    for (const [rtxSsrc, source] of this.#sources) if (source.ssrc === ssrc) this.#sources.delete(rtxSsrc);
  }

  handleIncomingRtp(packet: RtpPacketView, _now: Instant, _ecn: EcnCodepoint): boolean {
    const source = this.#sources.get(packet.ssrc);
    if (source === undefined) return true;
    const payloadType = source.payloadTypes.get(packet.payloadType);
    if (payloadType === undefined) this.#malformed++;
    else if (packet.payloadEnd === packet.payloadOffset) this.#paddingOnly++;
    else {
      const restored = restoreFromRtx(packet, { ssrc: source.ssrc, payloadType });
      if (isMalformed(restored)) this.#malformed++;
      else {
        source.restored++;
        this.#restored++;
        if (this.#ready.length >= MAX_READY) this.#ready.shift();
        this.#ready.push(restored);
      }
    }
    return false;
  }

  pollIncomingRtp(_now: Instant): RtpPacketView | undefined {
    return this.#ready.shift();
  }
}

/** Packets that wait for being polled; the oldest goes. */
const MAX_READY = 1024;
