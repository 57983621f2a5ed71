import type { EcnCodepoint, Instant } from '@kaon/interface/core/v1';
import type { Interceptor } from '@kaon/interface/interceptor/v1';
import type { RtcpPacketLike, RtpPacketView } from '@kaon/interface/rtp/v1';
import { encodeRtcp, type RtcpPacket } from '@kaon/rtp/rtcp';
import { type PcapngEndpoint, PcapngWriter, type PcapngWriterOptions } from './pcapng-writer.ts';

/** What is captured, and where it goes. */
export interface PacketDumpOptions extends PcapngWriterOptions {
  /** Gets the blocks of the file one after the other; their bytes belong to it. What it throws, the chain's caller gets. */
  readonly write: (block: Uint8Array) => void;
  /** Milliseconds since 1970. Asked once: from then on the monotonic clock carries it on. */
  readonly wallClock: () => number;
  /** Whether a packet is captured. Default: every one. `rtp` is undefined for RTCP. */
  readonly filter?: ((direction: 'in' | 'out', rtp: RtpPacketView | undefined) => boolean) | undefined;
  /** Bytes after which nothing more is written. Default: no bound. */
  readonly maxBytes?: number | undefined;
}

/** The stage that captures. */
export interface PacketDump extends Interceptor {
  /** Bytes written so far. */
  readonly bytes: number;
}

/**
 * Captures all RTP and RTCP of a chain, plain, as pcapng. We are 10.0.0.1:5004, the peer is 10.0.0.2:5004. The file's header is
 * written at once. RTCP that came is written as it was understood.
 */
export function packetDump(options: PacketDumpOptions): PacketDump {
  return new Dump(options);
}

class Dump implements PacketDump {
  readonly interface = 'kaon:interceptor/1' as const;
  readonly name = 'dump';
  readonly #options: PacketDumpOptions;
  readonly #writer: PcapngWriter;
  #wallOffset: number | undefined;
  #bytes = 0;

  constructor(options: PacketDumpOptions) {
    this.#options = options;
    this.#writer = new PcapngWriter(options);
    this.#write(this.#writer.header());
  }

  get bytes(): number {
    return this.#bytes;
  }

  handleOutgoingRtp(packet: RtpPacketView, now: Instant): boolean {
    this.#capture('out', packet.bytes, packet, now);
    return true;
  }

  handleIncomingRtp(packet: RtpPacketView, now: Instant, _ecn: EcnCodepoint): boolean {
    this.#capture('in', packet.bytes, packet, now);
    return true;
  }

  handleOutgoingRtcp(packets: readonly RtcpPacketLike[], now: Instant): void {
    this.#captureRtcp('out', packets, now);
  }

  handleIncomingRtcp(packets: readonly RtcpPacketLike[], now: Instant): void {
    this.#captureRtcp('in', packets, now);
  }

  #captureRtcp(direction: 'in' | 'out', packets: readonly RtcpPacketLike[], now: Instant): void {
    // What was malformed inside a datagram has no bytes any more.
    const whole = (packets as readonly RtcpPacket[]).filter(({ type }) => type !== 'malformed');
    if (whole.length === 0) return;
    const bytes = encoded(whole);
    if (bytes !== undefined) this.#capture(direction, bytes, undefined, now);
  }

  #capture(direction: 'in' | 'out', bytes: Uint8Array, rtp: RtpPacketView | undefined, now: Instant): void {
    const { filter, maxBytes = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#bytes >= maxBytes || bytes.length > MAX_SIZE || filter?.(direction, rtp) === false) return;
    this.#wallOffset ??= this.#options.wallClock() - now;
    const outbound = direction === 'out';
    const [from, to] = outbound ? [HERE, THERE] : [THERE, HERE];
    this.#write(this.#writer.packet(bytes, this.#wallOffset + now, from, to, outbound));
  }

  #write(block: Uint8Array): void {
    this.#bytes += block.length;
    this.#options.write(block);
  }
}

/** Undefined where a peer's packet, although it could be read, cannot be written the same way. */
function encoded(packets: readonly RtcpPacket[]): Uint8Array | undefined {
  try {
    return encodeRtcp(packets);
  } catch {
    return undefined;
  }
}

const HERE: PcapngEndpoint = { address: [10, 0, 0, 1], port: 5004 };
const THERE: PcapngEndpoint = { address: [10, 0, 0, 2], port: 5004 };
/** What fits into an IP packet. */
const MAX_SIZE = 65_000;
