import type { Instant } from '@kaon/interface/core/v1';
import type { Interceptor, StreamInfo } from '@kaon/interface/interceptor/v1';
import { compound, isReducedSize, type RtcpPacket, rtcpLength } from '@kaon/rtp/rtcp';
import { Deque } from '@kaon/wire';
import { countOption } from './errors.ts';
import { SenderSsrc } from './stream.ts';

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
  readonly #cnames: Map<number, string> = new Map();
  readonly #options: RtcpOutboxOptions;
  readonly #ssrc: SenderSsrc;
  readonly #maxSize: number;
  #dropped = 0;

  /** `stages` are those that have `pollOutgoingRtcp`. */
  constructor(stages: readonly Interceptor[], options: RtcpOutboxOptions) {
    this.#stages = stages;
    this.#options = options;
    this.#ssrc = new SenderSsrc(options.ssrc);
    this.#maxSize = countOption('maxRtcpSize', options.maxRtcpSize, 1150, 400);
  }

  /** Packets that were thrown away: too many at once, or larger than a datagram. */
  get dropped(): number {
    return this.#dropped;
  }

  bindLocalStream({ ssrc, cname }: StreamInfo): void {
    this.#ssrc.bind(ssrc);
    if (cname !== undefined) this.#cnames.set(ssrc, cname);
  }

  unbindLocalStream(ssrc: number): void {
    this.#ssrc.unbind(ssrc);
    this.#cnames.delete(ssrc);
  }

  push(packet: RtcpPacket): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift();
      this.#dropped++;
    }
    this.#waiting.push(packet);
  }

  /** The packets of the next datagram. */
  poll(now: Instant): readonly RtcpPacket[] | undefined {
    for (const stage of this.#stages) {
      // Bounded, as a stage might never end.
      for (let i = 0; i < MAX_WAITING; i++) {
        const packet = stage.pollOutgoingRtcp!(now);
        if (packet === undefined) break;
        this.push(packet as RtcpPacket);
      }
    }
    return this.#waiting.length === 0 ? undefined : this.#datagram();
  }

  #datagram(): readonly RtcpPacket[] | undefined {
    const sender = this.#sender();
    const room = this.#maxSize - rtcpLength(compound([], sender));
    const packets: RtcpPacket[] = [];
    let size = 0;
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      const length = rtcpLength([next]);
      if (length <= room && size + length > room) break;
      this.#waiting.shift();
      if (length > room) this.#dropped++;
      else {
        packets.push(next);
        size += length;
      }
    }
    if (packets.length === 0) return undefined;
    const reports = packets.some(({ type }) => type === 'sr' || type === 'rr');
    if (!reports && this.#options.reducedSize === true && isReducedSize(packets)) return packets;
    return compound(packets, sender);
  }

  /** Who the description is about: the first who reports, else whoever we are. */
  #sender(): { readonly ssrc: number; readonly cname: string } {
    const ssrc = this.#ssrc.value;
    for (const packet of this.#waiting)
      if (packet.type === 'sr' || packet.type === 'rr') return { ssrc: packet.ssrc, cname: this.#cname(packet.ssrc) };
    return { ssrc, cname: this.#cname(ssrc) };
  }

  #cname(ssrc: number): string {
    const [first] = this.#cnames.values();
    return this.#options.cname ?? this.#cnames.get(ssrc) ?? first ?? ssrc.toString(16);
  }
}

/** Beyond it the oldest goes: feedback that nobody polls is soon worth nothing. */
const MAX_WAITING = 512;
