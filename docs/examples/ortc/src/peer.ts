import { fingerprint, type PeerCertificate } from '@kaon/dtls';
import { Certificate } from '@kaon/dtls/certificate';
import type { Candidate, IceCredentials } from '@kaon/ice';
import type { CodedError } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { StreamInfo } from '@kaon/interface/interceptor/v1';
import type { Clock, Network, UdpSocket } from '@kaon/interface/network/v1';
import { type Driver, run } from '@kaon/runtime';
import { type MediaEvent, MediaStack } from './media-stack.ts';
import { RtpReceiver } from './rtp-receiver.ts';
import { RtpSender } from './rtp-sender.ts';

/** What two peers tell each other by whatever means they have: this takes the place of SDP. It is plain JSON. */
export interface Introduction {
  readonly credentials: IceCredentials;
  readonly candidates: readonly Candidate[];
  readonly fingerprint: string;
  /** The streams that the peer sends. */
  readonly streams: readonly StreamInfo[];
}

/** The platform under a peer: Node's, or a simulated one. */
export interface Platform {
  readonly network: Network;
  readonly clock: Clock;
  readonly crypto: CryptoProvider;
}

/** One end: a `MediaStack` with its sockets, its driver, and its senders and receivers. */
export class Peer {
  /** Called with each event that nothing here takes care of. */
  onEvent: (event: MediaEvent) => void = () => undefined;
  /** Receivers by the SSRC of their stream. */
  readonly receivers: Map<number, RtpReceiver> = new Map();
  readonly senders: Map<number, RtpSender> = new Map();
  readonly #stack: MediaStack;
  readonly #clock: Clock;
  readonly #crypto: CryptoProvider;
  readonly #driver: Driver;
  readonly #sockets: readonly UdpSocket[];
  readonly #candidates: Candidate[] = [];
  readonly #fingerprint: string;
  #expected: string | undefined;
  readonly #gathered: PromiseWithResolvers<void> = Promise.withResolvers();

  private constructor(
    stack: (verify: (peer: PeerCertificate) => CodedError | undefined) => MediaStack,
    { clock, crypto }: Platform,
    sockets: readonly UdpSocket[],
    own: string,
  ) {
    this.#fingerprint = own;
    this.#clock = clock;
    this.#crypto = crypto;
    this.#sockets = sockets;
    this.#stack = stack((peer) => this.#verify(peer));
    this.#driver = run(this.#stack, { clock, sockets, onEvent: (event) => this.#take(event) });
    for (const socket of sockets) this.#stack.addSocket(socket.local, clock.now());
    this.#stack.endOfSockets(clock.now());
  }

  /** Binds a socket on each of `addresses` and makes a certificate. */
  static async create(platform: Platform, initiator: boolean, addresses: readonly string[]): Promise<Peer> {
    const { network, crypto, clock } = platform;
    const own = await Certificate.generate();
    const sockets = await Promise.all(addresses.map((address) => network.bindUdp({ address })));
    const certificate = { chain: own.chain, signer: crypto.signer(own.privateKey) };
    return new Peer(
      (verifyPeer) =>
        new MediaStack({ initiator, crypto, certificate, verifyPeer, wallClock: () => clock.wallClock() }),
      platform,
      sockets,
      fingerprint(own.der, 'sha-256'),
    );
  }

  /** Adds a video stream that we send. Before `introduction`, which tells the peer of it. */
  addVideo(mimeType: string): RtpSender {
    const sender = new RtpSender(mimeType, this.#crypto.random, (packet) => {
      this.#stack.send(packet, this.#clock.now());
      this.#driver.wake();
    });
    this.senders.set(sender.stream.ssrc, sender);
    this.#stack.bindSender(sender.stream, this.#clock.now());
    return sender;
  }

  /** What the other side must be told. */
  async introduction(): Promise<Introduction> {
    await this.#gathered.promise;
    return {
      credentials: this.#stack.credentials,
      candidates: this.#candidates,
      fingerprint: this.#fingerprint,
      streams: [...this.senders.values()].map(({ stream }) => stream),
    };
  }

  /** Connects to the peer that sent this introduction, and gets ready for its streams. */
  connect({ credentials, candidates, fingerprint: expected, streams }: Introduction): void {
    this.#expected = expected;
    const now = this.#clock.now();
    for (const stream of streams) {
      this.#stack.bindReceiver(stream, now);
      this.receivers.set(stream.ssrc, new RtpReceiver(stream));
    }
    this.#stack.connect(credentials, candidates, now);
    this.#driver.wake();
  }

  /** Asks the peer for a key frame of its stream. */
  requestKeyFrame(ssrc: number): void {
    this.#stack.requestKeyFrame(ssrc, this.#clock.now());
    this.#driver.wake();
  }

  close(): void {
    this.#stack.close(this.#clock.now());
    this.#driver.flush();
    this.#driver.stop();
    for (const socket of this.#sockets) socket.close();
  }

  #take(event: MediaEvent): void {
    if (event.type === 'candidate') this.#candidates.push(event.candidate);
    else if (event.type === 'gathered') this.#gathered.resolve();
    else if (event.type === 'packet') this.receivers.get(event.packet.ssrc)?.take(event.packet);
    else this.onEvent(event);
  }

  #verify(peer: PeerCertificate): CodedError | undefined {
    const leaf = peer.chain[0];
    if (leaf !== undefined && fingerprint(leaf, 'sha-256') === this.#expected) return undefined;
    return Object.assign(new Error('the certificate is not the one that was announced'), { code: 'WRONG_CERTIFICATE' });
  }
}
