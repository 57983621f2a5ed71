import { type Channel, type ChannelInit, Channels, type ChannelsEvent } from '@kaon/datachannel';
import { Connection, type DtlsEvent, type LocalCertificate, type PeerCertificate } from '@kaon/dtls';
import { Agent, type AgentEvent, type Candidate, type IceCredentials } from '@kaon/ice';
import type { CodedError, DatagramCore, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { SecureEvent } from '@kaon/interface/secure-transport/v1';
import { Association } from '@kaon/sctp';
import { Deque } from '@kaon/wire';

/** What two peers tell each other by whatever means they have: this takes the place of SDP. */
export interface Introduction {
  readonly credentials: IceCredentials;
  readonly candidates: readonly Candidate[];
  readonly fingerprint: string;
}

/** What the stack reports. */
export type StackEvent =
  | Exclude<ChannelsEvent, { type: 'failed' } | { type: 'closed' }>
  | { readonly type: 'candidate'; readonly candidate: Candidate }
  | { readonly type: 'gathered' }
  | { readonly type: 'closed' }
  | { readonly type: 'failed'; readonly error: CodedError };

/** What a stack is made with. */
export interface StackOptions {
  /** The initiator controls ICE, is the DTLS client and uses even stream ids. */
  readonly initiator: boolean;
  readonly crypto: CryptoProvider;
  readonly certificate: LocalCertificate;
  /** Returns an error to refuse the peer, undefined to accept it. */
  readonly verifyPeer: (peer: PeerCertificate) => CodedError | undefined;
}

/**
 * A data-only stack: ICE finds the path, DTLS secures it, SCTP carries messages, data channels name them.
 * It is a core like its parts: no sockets, no clock, driven by `run` or by a test on virtual time.
 */
export class DataStack implements DatagramCore<StackEvent> {
  readonly #ice: Agent;
  readonly #dtls: Connection;
  readonly #sctp: Association;
  readonly #channels: Channels;
  readonly #events: Deque<StackEvent> = new Deque();
  readonly #initiator: boolean;
  #ended = false;

  constructor(options: StackOptions) {
    const { crypto, initiator } = options;
    const role = initiator ? 'client' : 'server';
    this.#initiator = initiator;
    this.#ice = new Agent({ role: initiator ? 'controlling' : 'controlled', random: crypto.random, crypto });
    this.#dtls = new Connection({ role, certificate: options.certificate, verifyPeer: options.verifyPeer, crypto });
    this.#sctp = new Association({ random: crypto.random });
    this.#channels = new Channels({ streams: this.#sctp, role });
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

  /** Starts connecting to the peer that introduced itself. */
  connect(peer: Pick<Introduction, 'credentials' | 'candidates'>, now: Instant): void {
    this.#ice.setRemoteCredentials(peer.credentials, now);
    for (const candidate of peer.candidates) this.#ice.addRemoteCandidate(candidate, now);
    this.#ice.endOfRemoteCandidates(now);
  }

  open(init: ChannelInit, now: Instant): Channel {
    return this.#channels.open(init, now);
  }

  /** Ends everything, politely: ABORT and close_notify are still to be polled afterwards. */
  close(now: Instant): void {
    this.#sctp.abort(now);
  }

  handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
    const first = bytes[0];
    if (first === undefined || this.#ended) return;
    // RFC 7983: the first byte tells STUN from DTLS.
    if (first < 4) this.#ice.handleDatagram(bytes, path, now);
    else if (first >= 20 && first < 64 && this.#ice.isKnownPath(path)) {
      this.#dtls.handleRecord(bytes, path, now);
      for (let packet = this.#dtls.pollPlaintext(); packet !== undefined; packet = this.#dtls.pollPlaintext())
        this.#sctp.handlePacket(packet, now);
    }
    this.#route(now);
  }

  handleTimeout(now: Instant): void {
    this.#ice.handleTimeout(now);
    this.#dtls.handleTimeout(now);
    this.#channels.handleTimeout(now);
    this.#route(now);
  }

  pollTimeout(): Instant {
    if (this.#ended) return Number.POSITIVE_INFINITY;
    return Math.min(this.#ice.pollTimeout(), this.#dtls.pollTimeout(), this.#channels.pollTimeout());
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    if (this.#ice.pollTransmit(slot, now)) return true;
    const path = this.#ice.selectedPair?.path;
    if (path === undefined) return false;
    if (this.#dtls.pollTransmit(slot, now)) {
      slot.path = path;
      return true;
    }
    if (this.#dtls.state !== 'connected') return false;
    // SCTP writes its packet between the room that a record needs in front and behind; DTLS seals it in place.
    const { start, limit } = slot;
    slot.start += this.#dtls.headroom;
    slot.end = slot.start;
    slot.limit -= this.#dtls.tailroom;
    const written = this.#channels.pollTransmit(slot, now);
    slot.limit = limit;
    if (written) {
      this.#dtls.seal(slot, now);
      slot.path = path;
    } else {
      slot.start = start;
      slot.end = start;
    }
    return written;
  }

  pollEvent(): StackEvent | undefined {
    const event = this.#events.shift();
    if (event !== undefined) return event;
    const next = this.#channels.pollEvent();
    if (next?.type === 'failed' || next?.type === 'closed') return this.#end(next);
    return next;
  }

  #route(now: Instant): void {
    for (let event = this.#ice.pollEvent(); event !== undefined; event = this.#ice.pollEvent()) this.#onIce(event, now);
    for (let event = this.#dtls.pollEvent(); event !== undefined; event = this.#dtls.pollEvent())
      this.#onDtls(event, now);
  }

  #onIce(event: AgentEvent, now: Instant): void {
    if (event.type === 'candidate') this.#events.push(event);
    else if (event.type === 'gathering-state' && event.state === 'complete') this.#events.push({ type: 'gathered' });
    else if (event.type === 'selected-pair' && this.#dtls.state === 'new') this.#dtls.start(now);
    else if (event.type === 'state' && event.error !== undefined)
      this.#events.push(this.#end({ type: 'failed', error: event.error }));
  }

  #onDtls(event: DtlsEvent | SecureEvent, now: Instant): void {
    // One side would be enough; that both may begin is the rule in WebRTC.
    if (event.type === 'connected' && this.#initiator) this.#sctp.connect(now);
    else if (event.type === 'closed' || event.type === 'failed') this.#events.push(this.#end(event));
  }

  #end<E extends StackEvent>(event: E): E {
    this.#ended = true;
    return event;
  }
}
