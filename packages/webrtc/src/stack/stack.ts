import { Channels, type ChannelsEvent } from '@kaon/datachannel';
import {
  Connection,
  type DtlsCrypto,
  type DtlsEvent,
  type LocalCertificate,
  type PeerCertificate,
  SRTP_PROFILE,
} from '@kaon/dtls';
import type { Agent, AgentEvent, SelectedPair } from '@kaon/ice';
import type { CodedError, DatagramCore, EcnCodepoint, Instant, Path, TransmitSlot } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { SecureEvent } from '@kaon/interface/secure-transport/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import { Association } from '@kaon/sctp';
import { Deque } from '@kaon/wire';
import { FORWARDING_HEADROOM, type MediaTransport } from '../media/pipeline/media-transport.ts';
import { protocolOf } from './demux.ts';
import { EarlyRecords } from './early-records.ts';
import type { StackEvent } from './events.ts';
import { PathCounters } from './path-counters.ts';

/**
 * Negotiated even without media: media may be added later over the same DTLS connection, and some peers refuse a handshake
 * without use_srtp (RFC 5764 §4.1).
 */
const SRTP_PROFILES: readonly number[] = [
  SRTP_PROFILE.AEAD_AES_128_GCM,
  SRTP_PROFILE.AEAD_AES_256_GCM,
  SRTP_PROFILE.AES128_CM_HMAC_SHA1_80,
  SRTP_PROFILE.AES128_CM_HMAC_SHA1_32,
];

/** What SCTP needs. */
export interface SctpOptions {
  readonly localSctpPort: number;
  readonly remoteSctpPort: number;
  /** Longest message in bytes that the peer takes; 0 means any. */
  readonly sendMessageSize: number;
  /** Longest message in bytes that we take. */
  readonly receiveMessageSize: number;
  readonly sendBufferSize?: number | undefined;
  readonly receiveBufferSize?: number | undefined;
}

/** What DTLS and SCTP need, known once offer and answer are exchanged. Without an SCTP port there are no channels yet. */
export interface EstablishOptions extends Partial<SctpOptions> {
  readonly role: 'client' | 'server';
  readonly certificate: LocalCertificate;
  readonly verifyPeer: (peer: PeerCertificate) => CodedError | undefined;
  readonly crypto: DtlsCrypto & Pick<CryptoProvider, 'random' | 'mac'>;
  /** Largest UDP payload in bytes. */
  readonly mtu: number;
  /** Largest UDP payload in bytes that SCTP may look for on a pair; undefined: it keeps to `mtu`. */
  readonly pathMtu?: ((pair: SelectedPair) => number) | undefined;
  readonly keyLog?: ((line: string) => void) | undefined;
  readonly trace?: Trace | undefined;
}

/** Datagrams of DTLS, apart from ICE's own. */
export interface StackCounters {
  packetsSent: number;
  packetsReceived: number;
  bytesSent: number;
  bytesReceived: number;
}

/**
 * ICE, DTLS, SRTP, SCTP and data channels over each other, as one core. Output: connectivity checks first, then DTLS flights,
 * then RTP and RTCP, then SCTP packets; all are written into the caller's slot and sealed where they lie.
 *
 * DTLS and SRTP are taken only from paths that ICE has validated (RFC 8445 §12; RFC 7675 §5.1 for consent).
 */
export class DataStack implements DatagramCore<StackEvent> {
  readonly agent: Agent;
  /** RTP and RTCP; undefined: what comes of them is dropped. */
  readonly media: MediaTransport | undefined;
  readonly counters: StackCounters = { packetsSent: 0, packetsReceived: 0, bytesSent: 0, bytesReceived: 0 };
  /** The same by path. */
  readonly carried: PathCounters = new PathCounters();
  readonly #early = new EarlyRecords();
  readonly #events: Deque<StackEvent> = new Deque();
  #options: EstablishOptions | undefined = undefined;
  #dtls: Connection | undefined = undefined;
  #association: Association | undefined = undefined;
  #channels: Channels | undefined = undefined;
  #phase: 'open' | 'closing' | 'closed' = 'open';
  #now: Instant = 0;
  #dtlsStarted = false;
  #secure = false;
  /** Path of the last record taken; trusted until ICE says anything. */
  #trusted: Path | undefined = undefined;
  #receivedAlert: number | undefined = undefined;
  #sentAlert: number | undefined = undefined;

  /** `media` gets its keys once DTLS is connected, and is closed with the stack. */
  constructor(agent: Agent, media?: MediaTransport) {
    this.agent = agent;
    this.media = media;
  }

  /** Undefined until `establish`. */
  get dtls(): Connection | undefined {
    return this.#dtls;
  }

  /** Undefined until `establish`. */
  get association(): Association | undefined {
    return this.#association;
  }

  /** Undefined until `establish`. */
  get channels(): Channels | undefined {
    return this.#channels;
  }

  /** Sets DTLS and SCTP up; the handshake begins as soon as ICE has a path. Does nothing the second time. */
  establish(options: EstablishOptions, now: Instant): void {
    if (this.#dtls !== undefined || this.#phase !== 'open') return;
    const { role, crypto, trace, mtu } = options;
    this.#options = options;
    this.#dtls = new Connection({
      role,
      certificate: options.certificate,
      verifyPeer: options.verifyPeer,
      crypto,
      mtu,
      srtpProfiles: SRTP_PROFILES,
      ...(options.keyLog === undefined ? {} : { keyLog: options.keyLog }),
      ...(trace === undefined ? {} : { trace }),
    });
    if (options.remoteSctpPort !== undefined) this.#associate(options as EstablishOptions & SctpOptions, now);
    this.#now = now;
    this.#startDtls(now);
    this.#pump(now);
  }

  /** Adds SCTP and channels to a DTLS connection that was set up without. Does nothing before `establish`. */
  openChannels(options: SctpOptions, now: Instant): void {
    const established = this.#options;
    const dtls = this.#dtls;
    if (established === undefined || dtls === undefined || this.#phase !== 'open') return;
    const { role, certificate, verifyPeer, crypto, mtu, pathMtu, trace } = established;
    this.#associate({ role, certificate, verifyPeer, crypto, mtu, pathMtu, trace, ...options }, now);
    if (this.#secure) this.#association?.connect(now);
    this.#drainPackets(dtls, now);
    this.#pump(now);
  }

  /** Ends SCTP with an ABORT and leaves DTLS as it is; channels may be opened anew. */
  closeChannels(now: Instant): void {
    if (this.#phase === 'open') this.#association?.abort(now);
  }

  handleDatagram(bytes: Uint8Array, path: Path, now: Instant, ecn: EcnCodepoint = 0): void {
    if (this.#phase !== 'open') return;
    this.#now = Math.max(this.#now, now);
    const protocol = protocolOf(bytes);
    if (protocol === 'stun') this.agent.handleDatagram(bytes, path, now);
    else if (protocol === 'dtls') this.#record(bytes, path, now);
    else {
      if (protocol === 'rtp') this.#rtp(bytes, path, now, ecn);
      return;
    }
    this.#pump(now);
  }

  handleTimeout(now: Instant): void {
    if (this.#phase !== 'open') return;
    this.#now = Math.max(this.#now, now);
    this.agent.handleTimeout(now);
    this.#dtls?.handleTimeout(now);
    if (this.#secure) {
      this.media?.handleTimeout(now);
      this.#channels?.handleTimeout(now);
    }
    this.#pump(now);
  }

  pollTimeout(): Instant {
    if (this.#phase !== 'open') return Number.POSITIVE_INFINITY;
    const transport = Math.min(this.agent.pollTimeout(), this.#dtls?.pollTimeout() ?? Number.POSITIVE_INFINITY);
    if (!this.#secure) return transport;
    const media = this.media?.pollTimeout() ?? Number.POSITIVE_INFINITY;
    return Math.min(transport, media, this.#channels?.pollTimeout() ?? Number.POSITIVE_INFINITY);
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    this.#now = Math.max(this.#now, now);
    if (this.#phase === 'closing') return this.#transmitLast(slot, now);
    if (this.#phase === 'closed') return false;
    // Only SCTP knows what the path takes beyond that.
    const { limit } = slot;
    slot.limit = Math.min(limit, slot.start + (this.#options?.mtu ?? limit) + FORWARDING_HEADROOM);
    const any = this.agent.pollTransmit(slot, now) || this.#transmitDtls(slot, now) || this.#transmitMedia(slot, now);
    slot.limit = limit;
    return any || this.#transmitSctp(slot, now);
  }

  pollEvent(): StackEvent | undefined {
    for (;;) {
      // Commands and output make ICE report, too.
      if (this.#events.length === 0 && this.#phase === 'open') this.#pump(this.#now);
      const event = this.#events.shift();
      if (event !== undefined) return event;
      const own = this.#channels?.pollEvent();
      if (own === undefined) return undefined;
      const shown = fromChannels(own);
      if (shown !== undefined) return shown;
    }
  }

  /**
   * Ends everything: an SCTP ABORT and then close_notify are what `pollTransmit` still gives, so that the peer learns of it
   * at once. Idempotent.
   */
  close(now: Instant): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'closing';
    if (this.#secure) this.#association?.abort(now);
    this.media?.close(now);
    // Without a path nothing can leave.
    if (this.#path === undefined || this.#dtls === undefined) this.#finish(now);
  }

  get #path(): Path | undefined {
    return this.agent.selectedPair?.path ?? this.#trusted;
  }

  #record(bytes: Uint8Array, path: Path, now: Instant): void {
    const dtls = this.#dtls;
    if (path !== this.#trusted) {
      if (!this.agent.isKnownPath(path) || dtls === undefined) {
        this.#early.hold(bytes, path);
        return;
      }
      this.#trusted = path;
    }
    if (dtls === undefined) return;
    this.counters.packetsReceived++;
    this.counters.bytesReceived += bytes.length;
    this.carried.received(path, bytes.length, now);
    dtls.handleRecord(bytes, path, now);
    if (!this.#secure) this.#drainDtls(dtls, now);
    this.#drainPackets(dtls, now);
  }

  /** Packets that come before there is an association wait in DTLS, which keeps a few. */
  #drainPackets(dtls: Connection, now: Instant): void {
    if (this.#association === undefined) return;
    for (let packet = dtls.pollPlaintext(); packet !== undefined; packet = dtls.pollPlaintext())
      this.#association.handlePacket(packet, now);
  }

  #associate(options: EstablishOptions & SctpOptions, now: Instant): void {
    const { role, crypto, trace, mtu } = options;
    const { headroom, tailroom } = this.#dtls as Connection;
    this.#association = new Association({
      random: crypto.random,
      mac: crypto.mac.bind(crypto),
      trace,
      localPort: options.localSctpPort,
      remotePort: options.remoteSctpPort,
      maxPacketSize: mtu - headroom - tailroom,
      pathMtu: { search: options.pathMtu === undefined ? 'off' : 'on' },
      // The peer's limit is the channels' business: it may change, and DCEP does not count.
      maxMessageSize: 2 ** 31,
      maxReceiveMessageSize: options.receiveMessageSize,
      sendQueueLimit: options.sendBufferSize,
      receiveWindow: options.receiveBufferSize,
    });
    this.#limitPackets(now);
    this.#channels = new Channels({
      streams: this.#association,
      role,
      maxMessageSize: options.sendMessageSize,
      maxReceiveMessageSize: options.receiveMessageSize,
      trace,
    });
  }

  /** Tells SCTP how large packets may become on the selected pair; without one they stay as they are. */
  #limitPackets(now: Instant): void {
    const pathMtu = this.#options?.pathMtu;
    const dtls = this.#dtls;
    if (pathMtu === undefined || dtls === undefined) return;
    const pair = this.agent.selectedPair;
    const limit = pair === undefined ? 0 : Math.max(pathMtu(pair) - dtls.headroom - dtls.tailroom, 0);
    this.#association?.setPathMtuLimit(limit, now);
  }

  #rtp(bytes: Uint8Array, path: Path, now: Instant, ecn: EcnCodepoint): void {
    if (this.media === undefined) return;
    if (path !== this.#trusted) {
      if (!this.agent.isKnownPath(path)) return;
      this.#trusted = path;
    }
    this.counters.packetsReceived++;
    this.counters.bytesReceived += bytes.length;
    this.carried.received(path, bytes.length, now);
    this.media.handleDatagram(bytes, now, ecn);
  }

  #startDtls(now: Instant): void {
    if (this.#dtls === undefined || this.#dtlsStarted) return;
    const { state } = this.agent;
    if (state !== 'connected' && state !== 'completed') return;
    this.#dtlsStarted = true;
    this.#dtls.start(now);
  }

  /** Moves what the lower layers report into the queue; channels wait in theirs, which is what slows a peer down. */
  #pump(now: Instant): void {
    const { agent } = this;
    let heard = false;
    // What nobody polls stays with the agent, which keeps the newest.
    for (let event: AgentEvent | undefined; this.#events.length < MAX_EVENTS; ) {
      event = agent.pollEvent();
      if (event === undefined) break;
      heard = true;
      if (event.type === 'selected-pair') this.#limitPackets(now);
      if (event.type !== 'closed') this.#events.push({ type: 'ice', event });
    }
    if (heard) this.#trusted = undefined;
    this.#startDtls(now);
    const dtls = this.#dtls;
    if (dtls === undefined) return;
    if (!this.#early.isEmpty)
      for (const { bytes, path } of this.#early.take((path) => agent.isKnownPath(path))) this.#record(bytes, path, now);
    this.#drainDtls(dtls, now);
  }

  #drainDtls(dtls: Connection, now: Instant): void {
    for (let event = dtls.pollEvent(); event !== undefined; event = dtls.pollEvent()) this.#onDtls(event, now);
  }

  #onDtls(event: SecureEvent | DtlsEvent, now: Instant): void {
    switch (event.type) {
      case 'state':
        if (event.state === 'connecting') this.#events.push({ type: 'dtls', state: 'connecting' });
        return;
      case 'alert':
        if (event.direction === 'received') this.#receivedAlert = event.description;
        else this.#sentAlert = event.description;
        return;
      case 'connected':
        this.#secure = true;
        this.#keyMedia(now);
        this.#events.push({ type: 'dtls', state: 'connected' });
        this.#association?.connect(now);
        return;
      case 'closed':
        this.#secure = false;
        this.media?.close(now);
        this.#association?.abort(now);
        this.#events.push({ type: 'dtls', state: 'closed', receivedAlert: this.#receivedAlert });
        return;
      case 'failed': {
        this.#secure = false;
        this.media?.close(now);
        this.#association?.abort(now);
        const { error } = event;
        const [receivedAlert, sentAlert] = [this.#receivedAlert, this.#sentAlert];
        this.#events.push({ type: 'dtls', state: 'failed', error, receivedAlert, sentAlert });
        return;
      }
    }
  }

  #transmitDtls(slot: TransmitSlot, now: Instant): boolean {
    const path = this.#path;
    if (this.#dtls === undefined || path === undefined || !this.#dtls.pollTransmit(slot, now)) return false;
    slot.path = path;
    this.#count(slot);
    return true;
  }

  /** Hands the keys of the DTLS connection to SRTP (RFC 5764 §4.2). */
  #keyMedia(now: Instant): void {
    const { media, dtls } = this;
    if (media === undefined || dtls === undefined || this.#options === undefined) return;
    media.keys(dtls.srtpProfile, (label, length) => dtls.exportKeyingMaterial(label, length), this.#options.role, now);
  }

  #transmitMedia(slot: TransmitSlot, now: Instant): boolean {
    const path = this.#path;
    if (this.media === undefined || path === undefined || !this.media.pollTransmit(slot, now)) return false;
    slot.path = path;
    this.#count(slot);
    return true;
  }

  #transmitSctp(slot: TransmitSlot, now: Instant): boolean {
    const dtls = this.#dtls;
    const path = this.#path;
    if (!this.#secure || dtls === undefined || this.#channels === undefined || path === undefined) return false;
    const { headroom, tailroom } = dtls;
    slot.start += headroom;
    slot.end = slot.start;
    slot.limit -= tailroom;
    const any = this.#channels.pollTransmit(slot, now);
    slot.limit += tailroom;
    if (!any) {
      slot.start -= headroom;
      slot.end = slot.start;
      return false;
    }
    dtls.seal(slot, now);
    slot.path = path;
    this.#count(slot);
    return true;
  }

  /** While closing: the rest of RTCP (BYE) and SCTP, then that of DTLS. */
  #transmitLast(slot: TransmitSlot, now: Instant): boolean {
    if (this.#transmitMedia(slot, now) || this.#transmitSctp(slot, now)) return true;
    this.#secure = false;
    this.#dtls?.close(now);
    if (this.#transmitDtls(slot, now)) return true;
    this.#finish(now);
    return false;
  }

  #finish(now: Instant): void {
    this.#phase = 'closed';
    this.#secure = false;
    this.#dtls?.close(now);
    this.agent.close(now);
    this.#early.clear();
    this.#events.push({ type: 'closed' });
  }

  #count(slot: TransmitSlot): void {
    if (slot.path !== undefined) this.carried.sent(slot.path, slot.end - slot.start, this.#now);
    this.counters.packetsSent++;
    this.counters.bytesSent += slot.end - slot.start;
  }
}

/** Reports that wait to be polled at most, channels' own apart. */
const MAX_EVENTS = 1024;

/** The association's own events under the stack's names. */
function fromChannels(event: ChannelsEvent): StackEvent {
  switch (event.type) {
    case 'connected':
      return { type: 'sctp', state: 'connected', maxChannels: event.maxChannels };
    case 'closed':
      return { type: 'sctp', state: 'closed' };
    case 'failed':
      return { type: 'sctp', state: 'closed', error: event.error };
    default:
      return event;
  }
}
