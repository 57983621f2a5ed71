import type { Instant } from '@kaon/interface/core/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike as RtcpPacket } from '@kaon/interface/rtp/v1';
import { Deque } from '@kaon/wire';
import { countOption } from './errors.ts';

/** What an outbox takes of a chain's options. */
export interface RtcpOutboxOptions {
  readonly cname?: string | undefined;
  readonly reducedSize?: boolean | undefined;
  readonly ssrc?: number | undefined;
  readonly maxRtcpSize?: number | undefined;
}

/** Gathers the RTCP packets that stages and the application want to send, and puts them into datagrams (RFC 3550 §6.1). */
export class RtcpOutbox {
  readonly #stages: readonly Interceptor[];
  readonly #waiting: Deque<RtcpPacket> = new Deque();
  readonly #local: Map<number, StreamInfo> = new Map();
  readonly #options: RtcpOutboxOptions;
  readonly #maxSize: number;
  #dropped = 0;

  /** `stages` are those that have `pollOutgoingRtcp`. */
  constructor(stages: readonly Interceptor[], options: RtcpOutboxOptions) {
    this.#stages = stages;
    this.#options = options;
    this.#maxSize = countOption('maxRtcpSize', options.maxRtcpSize, 1150, 100);
  }

  /** Packets that were thrown away: too many at once, or larger than a datagram. */
  get dropped(): number {
    return this.#dropped;
  }

  bindLocalStream(stream: StreamInfo): void {
    this.#local.set(stream.ssrc, stream);
  }

  unbindLocalStream(ssrc: number): void {
    this.#local.delete(ssrc);
  }

  push(packet: RtcpPacket): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift();
      this.#dropped++;
    }
    this.#waiting.push(packet);
  }

  poll(now: Instant): readonly RtcpPacket[] | undefined {
    for (const stage of this.#stages) {
      for (let packet = stage.pollOutgoingRtcp!(now); packet !== undefined; packet = stage.pollOutgoingRtcp!(now))
        this.push(packet);
    }
    const packets: RtcpPacket[] = [];
    for (let packet = this.#waiting.shift(); packet !== undefined; packet = this.#waiting.shift()) packets.push(packet);
    return packets.length === 0 || this.#maxSize === 0 || this.#options.ssrc === 0 ? undefined : packets;
  }
}

/** Beyond it the oldest goes: feedback that nobody polls is soon worth nothing. */
const MAX_WAITING = 512;
