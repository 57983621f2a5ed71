import { Connection, type DtlsEvent, type LocalCertificate, type PeerCertificate, SRTP_PROFILE } from '@kaon/dtls';
import { Agent, type AgentEvent, type Candidate, type IceCredentials } from '@kaon/ice';
import { congestionControl, defaultInterceptors, InterceptorChain } from '@kaon/interceptor';
import type { CodedError, DatagramCore, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import type { SecureEvent } from '@kaon/interface/secure-transport/v1';
import { isRtcp, RtpPacket } from '@kaon/rtp';
import { decodeRtcp, type RtcpPacket, rtcpLength, writeRtcp } from '@kaon/rtp/rtcp';
import {
  exporterLength,
  keysFromExporter,
  SRTP_EXPORTER_LABEL,
  type SrtpProfile,
  SrtpSession,
  srtpProfile,
} from '@kaon/srtp';
import { Deque, isMalformed } from '@kaon/wire';

/** What a stack reports. */
export type MediaEvent =
  | { readonly type: 'candidate'; readonly candidate: Candidate }
  | { readonly type: 'gathered' }
  /** SRTP has its keys: packets may be sent. */
  | { readonly type: 'ready' }
  | { readonly type: 'packet'; readonly packet: RtpPacketView }
  | { readonly type: 'key-frame-request'; readonly ssrc: number }
  /** bit/s that the network carries, as far as is known. */
  | { readonly type: 'bandwidth'; readonly bitrate: number }
  | { readonly type: 'closed' }
  | { readonly type: 'failed'; readonly error: CodedError };

/** What a stack is made with. */
export interface MediaStackOptions {
  /** The initiator controls ICE and is the DTLS client. */
  readonly initiator: boolean;
  readonly crypto: CryptoProvider;
  readonly certificate: LocalCertificate;
  /** Returns an error to refuse the peer, undefined to accept it. */
  readonly verifyPeer: (peer: PeerCertificate) => CodedError | undefined;
  /** Milliseconds since the Unix epoch, for sender reports. */
  readonly wallClock: () => number;
}

/**
 * A media stack without SDP: ICE finds the path, DTLS makes the keys, SRTP protects, interceptors repair and pace. A core like its
 * parts: no sockets, no clock, driven by `run` or by a test on virtual time.
 */
export class MediaStack implements DatagramCore<MediaEvent> {
  readonly #ice: Agent;
  readonly #dtls: Connection;
  readonly #crypto: CryptoProvider;
  readonly #chain: InterceptorChain;
  readonly #keyFrames: ReturnType<typeof defaultInterceptors>['keyFrames'];
  readonly #role: 'client' | 'server';
  readonly #events: Deque<MediaEvent> = new Deque();
  #srtp: SrtpSession | undefined = undefined;
  #ended = false;

  constructor(options: MediaStackOptions) {
    const { crypto, initiator, certificate, verifyPeer, wallClock } = options;
    const { random } = crypto;
    this.#crypto = crypto;
    this.#role = initiator ? 'client' : 'server';
    this.#ice = new Agent({ role: initiator ? 'controlling' : 'controlled', random, crypto });
    this.#dtls = new Connection({
      ...{ role: this.#role, certificate, verifyPeer, crypto },
      srtpProfiles: [SRTP_PROFILE.AEAD_AES_128_GCM, SRTP_PROFILE.AES128_CM_HMAC_SHA1_80],
    });
    const { placed } = congestionControl({ random });
    const { stages, keyFrames } = defaultInterceptors({ random, wallClock, extra: placed });
    this.#keyFrames = keyFrames;
    this.#chain = new InterceptorChain(stages, { cname: 'ortc-example' });
  }

  /** Our half of the introduction, but for the candidates, which come as events. */
  get credentials(): IceCredentials {
    return this.#ice.localCredentials;
  }

  /** Tells that the driver has bound a socket at this address. */
  addSocket(address: TransportAddress, now: Instant): void {
    this.#ice.addLocalBase({ address }, now);
  }

  /** No more sockets will come. */
  endOfSockets(now: Instant): void {
    this.#ice.endOfLocalCandidates(now);
  }

  /** Starts connecting to the peer with these credentials and candidates. */
  connect(credentials: IceCredentials, candidates: readonly Candidate[], now: Instant): void {
    this.#ice.setRemoteCredentials(credentials, now);
    for (const candidate of candidates) this.#ice.addRemoteCandidate(candidate, now);
    this.#ice.endOfRemoteCandidates(now);
  }

  /** Announces a stream that we send. */
  bindSender(stream: StreamInfo, now: Instant): void {
    this.#chain.bindLocalStream(stream, now);
  }

  /** Announces a stream that comes. */
  bindReceiver(stream: StreamInfo, now: Instant): void {
    this.#chain.bindRemoteStream(stream, now);
  }

  /** Sends an RTP packet, whose bytes belong to the stack from here. */
  send(packet: RtpPacketView, now: Instant): void {
    if (this.#srtp !== undefined) this.#chain.sendRtp(packet, now);
  }

  /** Asks the peer for a key frame. */
  requestKeyFrame(ssrc: number, now: Instant): void {
    this.#keyFrames.requestKeyFrame(ssrc, now);
  }

  /** Ends everything, politely: close_notify is still to be polled afterwards. */
  close(now: Instant): void {
    this.#dtls.close(now);
    this.#ended = true;
  }

  handleDatagram(bytes: Uint8Array, path: Path, now: Instant, ecn: 0 | 1 | 2 | 3 = 0): void {
    const first = bytes[0];
    if (first === undefined || this.#ended) return;
    // RFC 7983: the first byte tells STUN, DTLS and RTP apart; only ICE is heard from paths that it has not verified.
    if (first < 4) this.#ice.handleDatagram(bytes, path, now);
    else if (this.#ice.isKnownPath(path)) {
      if (first >= 20 && first < 64) this.#dtls.handleRecord(bytes, path, now);
      else if (first >= 128 && first < 192) this.#handleMedia(bytes, now, ecn);
    }
    this.#route(now);
  }

  handleTimeout(now: Instant): void {
    this.#ice.handleTimeout(now);
    this.#dtls.handleTimeout(now);
    this.#chain.handleTimeout(now);
    this.#route(now);
  }

  pollTimeout(): Instant {
    if (this.#ended) return Number.POSITIVE_INFINITY;
    const media = this.#srtp === undefined ? Number.POSITIVE_INFINITY : this.#chain.pollTimeout();
    return Math.min(this.#ice.pollTimeout(), this.#dtls.pollTimeout(), media);
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    if (this.#ice.pollTransmit(slot, now)) return true;
    const path = this.#ice.selectedPair?.path;
    if (path === undefined) return false;
    slot.path = path;
    return this.#dtls.pollTransmit(slot, now) || (!this.#ended && this.#transmitMedia(slot, now));
  }

  pollEvent(): MediaEvent | undefined {
    return this.#events.shift();
  }

  #handleMedia(bytes: Uint8Array, now: Instant, ecn: 0 | 1 | 2 | 3): void {
    const srtp = this.#srtp;
    if (srtp === undefined) return;
    if (isRtcp(bytes)) {
      const end = srtp.unprotectRtcp(bytes, 0, bytes.length);
      const packets = end < 0 ? undefined : decodeRtcp(bytes.subarray(0, end));
      if (packets !== undefined && !isMalformed(packets)) this.#chain.receiveRtcp(packets, now);
      return;
    }
    const end = srtp.unprotectRtp(bytes, 0, bytes.length);
    const packet = new RtpPacket();
    if (end >= 0 && packet.reset(bytes.subarray(0, end))) this.#chain.receiveRtp(packet, now, ecn);
  }

  #transmitMedia(slot: TransmitSlot, now: Instant): boolean {
    const srtp = this.#srtp;
    if (srtp === undefined) return false;
    const reports = this.#chain.pollOutgoingRtcp(now) as readonly RtcpPacket[] | undefined;
    if (reports !== undefined && slot.start + rtcpLength(reports) + srtp.rtcpOverhead <= slot.limit) {
      slot.end = srtp.protectRtcp(slot.buffer, slot.start, writeRtcp(slot.buffer, slot.start, reports));
      return true;
    }
    const packet = this.#chain.pollOutgoingRtp(now);
    if (packet === undefined) return false;
    // A copy, because what was sent may have to be sent again.
    slot.buffer.set(packet.bytes, slot.start);
    slot.end = srtp.protectRtp(slot.buffer, slot.start, slot.start + packet.bytes.length);
    return true;
  }

  #route(now: Instant): void {
    for (let event = this.#ice.pollEvent(); event !== undefined; event = this.#ice.pollEvent()) this.#onIce(event, now);
    for (let event = this.#dtls.pollEvent(); event !== undefined; event = this.#dtls.pollEvent()) this.#onDtls(event);
    for (let packet = this.#chain.pollIncomingRtp(now); packet !== undefined; packet = this.#chain.pollIncomingRtp(now))
      this.#events.push({ type: 'packet', packet });
    for (let event = this.#chain.pollEvent(); event !== undefined; event = this.#chain.pollEvent()) {
      if (event.type === 'key-frame-request') this.#events.push({ type: 'key-frame-request', ssrc: event.ssrc });
      if (event.type === 'bandwidth-estimate') this.#events.push({ type: 'bandwidth', bitrate: event.bitrate });
    }
  }

  #onIce(event: AgentEvent, now: Instant): void {
    if (event.type === 'candidate') this.#events.push(event);
    else if (event.type === 'gathering-state' && event.state === 'complete') this.#events.push({ type: 'gathered' });
    else if (event.type === 'selected-pair' && this.#dtls.state === 'new') this.#dtls.start(now);
    else if (event.type === 'state' && event.error !== undefined) this.#end({ type: 'failed', error: event.error });
  }

  #onDtls(event: DtlsEvent | SecureEvent): void {
    if (event.type === 'connected') this.#startSrtp();
    else if (event.type === 'closed' || event.type === 'failed') this.#end(event);
  }

  /** The keys come out of the handshake (RFC 5764 §4.2). */
  #startSrtp(): void {
    const profile = srtpProfile(this.#dtls.srtpProfile ?? 0) as SrtpProfile;
    const material = this.#dtls.exportKeyingMaterial(SRTP_EXPORTER_LABEL, exporterLength(profile));
    this.#srtp = new SrtpSession({
      profile,
      crypto: this.#crypto,
      ...keysFromExporter(profile, material, this.#role),
    });
    this.#events.push({ type: 'ready' });
  }

  #end(event: MediaEvent): void {
    this.#ended = true;
    this.#events.push(event);
  }
}
