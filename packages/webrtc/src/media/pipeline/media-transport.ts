import { allocateBitrate, InterceptorChain } from '@kaon/interceptor';
import type { EcnCodepoint, Instant, TransmitSlot } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { InterceptorEvent } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { generateSsrc, isRtcp, RtpPacket } from '@kaon/rtp';
import { decodeRtcp, type RtcpPacket, rtcpLength, writeRtcp } from '@kaon/rtp/rtcp';
import { exporterLength, keysFromExporter, type SrtpCrypto, SrtpSession, srtpProfile } from '@kaon/srtp';
import { Deque, isMalformed } from '@kaon/wire';
import type { MediaOptions } from '../options.ts';
import { guard } from './guard.ts';
import type { LocalStream, ReceivePort, RemoteStream, StreamDemand } from './ports.ts';
import { Router, type RouterCounters } from './router.ts';
import { type Stages, stagesOf } from './stages.ts';

/** What a media transport is made of. */
export interface MediaTransportOptions {
  /** Ciphers for SRTP. Default: the portable ones of `@kaon/srtp`. */
  readonly crypto?: SrtpCrypto | undefined;
  readonly random: RandomSource;
  /** Milliseconds since the Unix epoch, for sender reports. */
  readonly wallClock: () => number;
  /** Largest UDP payload in bytes. Default 1200. */
  readonly mtu?: number | undefined;
  /** Our name on RTCP (RFC 7022). */
  readonly cname?: string | undefined;
  readonly media?: MediaOptions | undefined;
}

/** Packets and bytes of one media transport; RTP and RTCP together, as datagrams. */
export interface MediaTransportCounters {
  packetsSent: number;
  bytesSent: number;
  packetsReceived: number;
  bytesReceived: number;
  /** Came before DTLS had keys. */
  droppedBeforeKeys: number;
  /** Not authentic, replayed, or not SRTP. */
  droppedBySrtp: number;
  /** Authentic, but no RTP or RTCP. */
  malformed: number;
  /** Could not be protected: too large, or the key is used up. */
  sendFailures: number;
}

/**
 * RTP and RTCP of one ICE and DTLS transport: SRTP, routing (RFC 8843 §9.2), and the chain of interceptors in between. Sans-I/O:
 * datagrams go in by `handleDatagram` and come out by `pollTransmit`; packets go to and come from the senders and receivers that
 * are bound. Without any it does nothing and costs nothing.
 */
export class MediaTransport {
  readonly counters: MediaTransportCounters = {
    packetsSent: 0,
    bytesSent: 0,
    packetsReceived: 0,
    bytesReceived: 0,
    droppedBeforeKeys: 0,
    droppedBySrtp: 0,
    malformed: 0,
    sendFailures: 0,
  };
  /** Called when there is something to send. Set by who drives the transport. */
  onwake: (() => void) | undefined = undefined;
  readonly #options: MediaTransportOptions;
  readonly #router: Router;
  readonly #local = new Map<number, LocalStream>();
  /** Packets that wait for `pollTransmit`. */
  readonly #due: Deque<RtpPacketView> = new Deque();
  readonly #dueReports: Deque<readonly RtcpPacket[]> = new Deque();
  /** Makes the session; there once DTLS has given keys. */
  #keyed: (() => SrtpSession) | undefined = undefined;
  /** Made when there is something to protect: most connections carry data only, and never need its keys. */
  #made: SrtpSession | undefined = undefined;
  #stages: Stages | undefined = undefined;
  #chain: InterceptorChain | undefined = undefined;
  /** Whether the peer gives feedback from which congestion control learns. */
  #steered: boolean | undefined = undefined;
  #allocationDue = false;
  #closed = false;

  constructor(options: MediaTransportOptions) {
    this.#options = options;
    this.#router = new Router(
      {
        bind: (stream, isNew, now) => {
          this.#chain?.bindRemoteStream(stream.info, now);
          if (isNew) stream.port.streamAdded(stream, now);
        },
        unbind: (stream, now) => {
          this.#chain?.unbindRemoteStream(stream.info.ssrc, now);
          stream.port.streamRemoved(stream);
        },
      },
      options.media?.maxStreams ?? 256,
    );
  }

  /** Packets that belong to no stream, by why. */
  get routing(): RouterCounters {
    return this.#router.counters;
  }

  /** Whether packets can be sent. */
  get isReady(): boolean {
    return this.#keyed !== undefined && !this.#closed;
  }

  /** Largest RTP packet in bytes, header included, that a sender may give; repair and retransmission still fit. */
  get maxPacketSize(): number {
    return (this.#options.mtu ?? DEFAULT_MTU) - (this.#session?.overhead ?? MAX_SRTP_OVERHEAD) - REPAIR_OVERHEAD;
  }

  /** The same for a packet that is passed on: its headers may have grown, and it cannot be cut anew. */
  get maxForwardedSize(): number {
    return (this.#options.mtu ?? DEFAULT_MTU) - (this.#session?.overhead ?? MAX_SRTP_OVERHEAD) + FORWARDING_HEADROOM;
  }

  /** bit/s that the network is believed to carry; undefined: nobody tells. */
  get targetBitrate(): number | undefined {
    return this.#steered ? this.#stages?.congestion?.targetBitrate : undefined;
  }

  /** Whether packets that come too late are passed on all the same. */
  get usesLatePackets(): boolean {
    return this.#options.media?.jitterBuffer === 'immediate';
  }

  /** The streams that come at present. */
  get remoteStreams(): readonly RemoteStream[] {
    return this.#router.streams;
  }

  /** The stages that are at work, for statistics; undefined before any stream was bound. */
  get stages(): Stages | undefined {
    return this.#stages;
  }

  /**
   * Takes the keys of the DTLS connection (RFC 5764 §4.2). `profile` is the one that was negotiated; an unknown one, or none
   * (undefined), leaves media off.
   */
  keys(
    profile: number | undefined,
    exporter: (label: string, length: number) => Uint8Array,
    role: 'client' | 'server',
    now: Instant,
  ): void {
    const chosen = profile === undefined ? undefined : srtpProfile(profile);
    if (chosen === undefined || this.#keyed !== undefined || this.#closed) return;
    const material = exporter('EXTRACTOR-dtls_srtp', exporterLength(chosen));
    const { crypto } = this.#options;
    this.#keyed = () =>
      new SrtpSession({
        profile: chosen,
        ...keysFromExporter(chosen, material, role),
        ...(crypto === undefined ? {} : { crypto }),
        maxStreams: 4 * (this.#options.media?.maxStreams ?? 256),
      });
    this.#setRepeats();
    for (const stream of this.#local.values()) guard(() => stream.ready());
    this.#reallocate(now);
  }

  /** Binds a stream that is sent, or binds it again with what changed. */
  bindLocal(stream: LocalStream, reducedSize: boolean, now: Instant): void {
    if (this.#closed) return;
    this.#local.set(stream.info.ssrc, stream);
    this.#start(reducedSize).bindLocalStream(stream.info, now);
    this.#steer(now);
    if (this.isReady) stream.ready();
    this.#reallocate(now);
  }

  unbindLocal(ssrc: number, now: Instant): void {
    const stream = this.#local.get(ssrc);
    if (stream === undefined) return;
    this.#local.delete(ssrc);
    this.#chain?.unbindLocalStream(ssrc, now);
    const { rtxSsrc, fec } = stream.info;
    for (const one of [ssrc, rtxSsrc, fec?.ssrc]) if (one !== undefined) this.#made?.retire(one);
    this.#reallocate(now);
  }

  /** Binds a receiver, or binds it again with what changed. */
  bindReceiver(port: ReceivePort, now: Instant): void {
    if (this.#closed) return;
    this.#start(port.agreement.reducedSize);
    this.#router.setPort(port, now);
  }

  unbindReceiver(port: ReceivePort, now: Instant): void {
    this.#router.removePort(port, now);
  }

  /** What a stream wants of the network has changed. */
  demandChanged(now: Instant): void {
    this.#reallocate(now);
  }

  /** Sends an RTP packet of a bound stream. Its bytes belong to the transport from here. */
  send(packet: RtpPacketView, now: Instant): void {
    if (!this.isReady) return;
    this.#chain?.sendRtp(packet, now);
    this.onwake?.();
  }

  /** Asks the peer for a key frame of a stream that comes. */
  requestKeyFrame(ssrc: number, now: Instant): void {
    if (this.#closed || this.#stages === undefined) return;
    this.#stages.keyFrames.requestKeyFrame(ssrc, now);
    this.onwake?.();
  }

  /** Milliseconds that packets of a stream are held back at least; null: as the network asks. */
  setJitterBufferTarget(ssrc: number, milliseconds: number | null): void {
    this.#stages?.jitterBuffer?.setWantedDelay(ssrc, milliseconds ?? undefined);
  }

  /** Takes a datagram that is RTP or RTCP by its first byte. The bytes change owner. Never throws for what a peer sends. */
  handleDatagram(bytes: Uint8Array, now: Instant, ecn: EcnCodepoint = 0): void {
    if (this.#closed) return;
    const session = this.#session;
    const chain = this.#chain;
    if (session === undefined) {
      this.counters.droppedBeforeKeys++;
      return;
    }
    this.counters.packetsReceived++;
    this.counters.bytesReceived += bytes.length;
    if (isRtcp(bytes)) {
      const end = session.unprotectRtcp(bytes, 0, bytes.length);
      if (end < 0) this.counters.droppedBySrtp++;
      else this.#rtcp(bytes.subarray(0, end), now);
    } else {
      const end = session.unprotectRtp(bytes, 0, bytes.length);
      if (end < 0) this.counters.droppedBySrtp++;
      else this.#rtp(end === bytes.length ? bytes : bytes.subarray(0, end), chain, now, ecn);
    }
    this.#drain(now);
  }

  handleTimeout(now: Instant): void {
    if (this.#closed || this.#chain === undefined) return;
    const chain = this.#chain;
    chain.handleTimeout(now);
    this.#drain(now);
    // What is due now is taken out of the chain, so that the next deadline is a later one.
    for (let reports = chain.pollOutgoingRtcp(now); reports !== undefined; reports = chain.pollOutgoingRtcp(now)) {
      if (this.#dueReports.length >= MAX_DUE_REPORTS) this.#dueReports.shift();
      this.#dueReports.push(reports as readonly RtcpPacket[]);
    }
    for (let packet = chain.pollOutgoingRtp(now); packet !== undefined; packet = chain.pollOutgoingRtp(now)) {
      if (this.#due.length >= MAX_DUE) {
        this.#due.shift();
        this.counters.sendFailures++;
      }
      this.#due.push(packet);
    }
  }

  pollTimeout(): Instant {
    return this.#closed || this.#chain === undefined || this.#keyed === undefined
      ? Number.POSITIVE_INFINITY
      : this.#chain.pollTimeout();
  }

  /** Writes the next SRTP or SRTCP packet into the slot, from `slot.start`. False: there is none now. */
  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    const chain = this.#chain;
    if (chain === undefined) return false;
    const session = this.#session;
    if (session === undefined) return false;
    for (;;) {
      const reports = this.#dueReports.shift() ?? (chain.pollOutgoingRtcp(now) as readonly RtcpPacket[] | undefined);
      if (reports !== undefined) {
        if (this.#writeRtcp(slot, reports, session)) return true;
        continue;
      }
      const packet = this.#closed ? undefined : (this.#due.shift() ?? chain.pollOutgoingRtp(now));
      if (packet === undefined) {
        if (this.#closed) this.#dispose();
        return false;
      }
      if (this.#writeRtp(slot, packet, session)) return true;
    }
  }

  /** Ends everything: BYE is what `pollTransmit` still gives. Streams hear nothing more. Idempotent. */
  close(now: Instant): void {
    if (this.#closed) return;
    for (const ssrc of [...this.#local.keys()]) this.#chain?.unbindLocalStream(ssrc, now);
    this.#local.clear();
    this.#closed = true;
    this.onwake = undefined;
  }

  get #session(): SrtpSession | undefined {
    this.#made ??= this.#keyed?.();
    return this.#made;
  }

  #rtp(bytes: Uint8Array, chain: InterceptorChain | undefined, now: Instant, ecn: EcnCodepoint): void {
    // Stages may keep packets, so each is an object of its own.
    const packet = new RtpPacket();
    if (!packet.reset(bytes)) {
      this.counters.malformed++;
      return;
    }
    if (chain === undefined) {
      this.#router.counters.unknownStream++;
      return;
    }
    if (this.#router.route(packet, now) !== undefined) chain.receiveRtp(packet, now, ecn);
  }

  #rtcp(bytes: Uint8Array, now: Instant): void {
    const packets = decodeRtcp(bytes);
    if (isMalformed(packets)) {
      this.counters.malformed++;
      return;
    }
    for (const packet of packets)
      if (packet.type === 'rr' || packet.type === 'sr')
        for (const { ssrc } of packet.reports) this.#local.get(ssrc)?.acknowledged();
    this.#chain?.receiveRtcp(packets, now);
  }

  /** Gives out what has come through the chain. */
  #drain(now: Instant): void {
    const chain = this.#chain;
    if (chain === undefined) return;
    for (let packet = chain.pollIncomingRtp(now); packet !== undefined; packet = chain.pollIncomingRtp(now)) {
      const stream = this.#router.streamOf(packet.ssrc);
      if (stream !== undefined) stream.port.packet(packet, stream, now);
      if (this.#closed) return;
    }
    for (let event = chain.pollEvent(); event !== undefined; event = chain.pollEvent()) {
      this.#onEvent(event, now);
      if (this.#closed) return;
    }
  }

  #onEvent(event: InterceptorEvent, now: Instant): void {
    switch (event.type) {
      case 'key-frame-request':
        guard(() => this.#local.get(event.ssrc)?.keyFrameRequested());
        return;
      case 'bandwidth-estimate':
        this.#reallocate(now);
        return;
      case 'bye':
        for (const ssrc of event.ssrcs) this.#router.bye(ssrc, now);
        return;
      default:
    }
  }

  /** Without feedback the pacer must not hold packets to a rate that nothing can ever raise. */
  #steer(now: Instant): void {
    const { startBitrate = START_BITRATE, maxBitrate = UNSTEERED_BITRATE } = this.#options.media ?? {};
    const steered = [...this.#local.values()].some(({ info }) => info.feedback.some(({ type }) => STEERING.has(type)));
    if (steered === this.#steered) return;
    if (!steered || this.#steered !== undefined)
      this.#stages?.congestion?.setBitrateLimits({ start: steered ? startBitrate : maxBitrate }, now);
    this.#steered = steered;
  }

  /** Shares the bandwidth out anew. */
  #reallocate(now: Instant): void {
    // What a stream does when it is told its share may ask for another one.
    if (this.#allocationDue) return;
    this.#allocationDue = true;
    const streams = [...this.#local.values()];
    const demands = streams.map(({ demand }) => (this.isReady ? (demand ?? NOTHING) : NOTHING));
    const shares = allocateBitrate(this.targetBitrate ?? Number.POSITIVE_INFINITY, demands);
    for (const [index, stream] of streams.entries()) guard(() => stream.allocated(shares[index] as number));
    let wanted = 0;
    for (const { max } of demands) wanted += max;
    this.#stages?.congestion?.setDemand(wanted, now);
    this.#allocationDue = false;
  }

  #writeRtcp(slot: TransmitSlot, packets: readonly RtcpPacket[], session: SrtpSession): boolean {
    const { start, limit, buffer } = slot;
    if (start + rtcpLength(packets) + session.rtcpOverhead > limit) {
      this.counters.sendFailures++;
      return false;
    }
    const end = writeRtcp(buffer, start, packets);
    try {
      slot.end = session.protectRtcp(buffer, start, end);
    } catch {
      this.counters.sendFailures++;
      slot.end = start;
      return false;
    }
    this.#sent(slot);
    return true;
  }

  #writeRtp(slot: TransmitSlot, packet: RtpPacketView, session: SrtpSession): boolean {
    const { start, limit, buffer } = slot;
    const { bytes } = packet;
    if (start + bytes.length + session.overhead > limit) {
      this.counters.sendFailures++;
      return false;
    }
    buffer.set(bytes, start);
    try {
      const repeats = session.canRepeat && this.#stages?.retransmission?.isRepeat(packet) === true;
      slot.end = session.protectRtp(buffer, start, start + bytes.length, repeats);
    } catch {
      // A key that is used up, or a sequence number that another packet had: it stays.
      this.counters.sendFailures++;
      slot.end = start;
      return false;
    }
    this.#sent(slot);
    return true;
  }

  /** Lost packets go out again as they were where the peer has no RTX; with AES-GCM that must not be. */
  #setRepeats(): void {
    const retransmission = this.#stages?.retransmission;
    if (retransmission !== undefined && this.#session !== undefined) retransmission.setRepeats(this.#session.canRepeat);
  }

  #dispose(): void {
    this.#made?.dispose();
    this.#made = undefined;
    this.#keyed = undefined;
  }

  #sent(slot: TransmitSlot): void {
    this.counters.packetsSent++;
    this.counters.bytesSent += slot.end - slot.start;
  }

  #start(reducedSize: boolean): InterceptorChain {
    if (this.#chain !== undefined) return this.#chain;
    const { media = {}, random, wallClock, cname, mtu = DEFAULT_MTU } = this.#options;
    this.#stages = stagesOf(media, random, wallClock, generateSsrc(random));
    this.#chain = new InterceptorChain(this.#stages.stages, {
      ...(cname === undefined ? {} : { cname }),
      reducedSize,
      maxRtcpSize: mtu - MAX_SRTP_OVERHEAD - 4,
    });
    this.#setRepeats();
    return this.#chain;
  }
}

/**
 * Bytes by which a datagram with a packet that is passed on may be longer than the MTU that the connection was given, which is
 * far below that of nearly all networks. Slots for `pollTransmit` should have them.
 */
export const FORWARDING_HEADROOM = 64;
const DEFAULT_MTU = 1200;
/** Packets that wait to be sent at most. */
const MAX_DUE = 4096;
const MAX_DUE_REPORTS = 64;
/** RTCP feedback that congestion control lives on: transport-wide, REMB, RFC 8888. */
const STEERING: ReadonlySet<string> = new Set(['transport-cc', 'goog-remb', 'ack']);
/** bit/s. */
const START_BITRATE = 300_000;
const UNSTEERED_BITRATE = 100_000_000;
const NOTHING: StreamDemand = { min: 0, max: 0, weight: 1 };
/** Bytes of the longest authentication tag (RFC 7714). */
const MAX_SRTP_OVERHEAD = 16;
/** Bytes that a retransmission (RFC 4588: 2) or its restored header extensions may add. */
const REPAIR_OVERHEAD = 2;
