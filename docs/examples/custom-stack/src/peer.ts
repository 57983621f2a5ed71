import type { Channel } from '@kaon/datachannel';
import { fingerprint, type PeerCertificate } from '@kaon/dtls';
import { Certificate } from '@kaon/dtls/certificate';
import type { Candidate } from '@kaon/ice';
import type { CodedError } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, Network, UdpSocket } from '@kaon/interface/network/v1';
import { type Driver, run } from '@kaon/runtime';
import { DataStack, type Introduction, type StackEvent } from './data-stack.ts';

/** The platform under a peer: Node's, or a simulated one. */
export interface Platform {
  readonly network: Network;
  readonly clock: Clock;
  readonly crypto: CryptoProvider;
}

/** One end: a `DataStack`, its sockets and its driver. */
export class Peer {
  /** Called with each event that is not part of gathering. */
  onEvent: (event: StackEvent) => void = () => undefined;
  readonly #stack: DataStack;
  readonly #clock: Clock;
  readonly #driver: Driver;
  readonly #sockets: readonly UdpSocket[];
  readonly #candidates: Candidate[] = [];
  readonly #fingerprint: string;
  #expected: string | undefined;
  readonly #gathered: Promise<void>;
  #resolveGathered: () => void = () => undefined;

  private constructor(
    stack: (verify: (peer: PeerCertificate) => CodedError | undefined) => DataStack,
    platform: Platform,
    sockets: readonly UdpSocket[],
    own: string,
  ) {
    this.#gathered = new Promise((resolve) => {
      this.#resolveGathered = resolve;
    });
    this.#fingerprint = own;
    this.#clock = platform.clock;
    this.#sockets = sockets;
    this.#stack = stack((peer) => this.#verify(peer));
    this.#driver = run(this.#stack, { clock: platform.clock, sockets, onEvent: (event) => this.#take(event) });
    for (const socket of sockets) this.#stack.addSocket(socket.local, this.#clock.now());
    this.#stack.endOfSockets(this.#clock.now());
  }

  /** Binds a socket on each of `addresses` and makes a certificate. */
  static async create(platform: Platform, initiator: boolean, addresses: readonly string[]): Promise<Peer> {
    const { network, crypto } = platform;
    const own = await Certificate.generate();
    const sockets = await Promise.all(addresses.map((address) => network.bindUdp({ address })));
    const certificate = { chain: own.chain, signer: crypto.signer(own.privateKey) };
    return new Peer(
      (verifyPeer) => new DataStack({ initiator, crypto, certificate, verifyPeer }),
      platform,
      sockets,
      fingerprint(own.der, 'sha-256'),
    );
  }

  /** What the other side must be told. */
  async introduction(): Promise<Introduction> {
    await this.#gathered;
    return { credentials: this.#stack.credentials, candidates: this.#candidates, fingerprint: this.#fingerprint };
  }

  /** Connects to the peer that sent this introduction. */
  connect(introduction: Introduction): void {
    this.#expected = introduction.fingerprint;
    this.#stack.connect(introduction, this.#clock.now());
    this.#driver.wake();
  }

  open(label: string): Channel {
    const channel = this.#stack.open({ label }, this.#clock.now());
    this.#driver.wake();
    return channel;
  }

  /** Sends on a channel of this peer. Returns false when the send queue is full. */
  send(channel: Channel, data: Uint8Array): boolean {
    const taken = channel.send(data, true, this.#clock.now());
    this.#driver.wake();
    return taken;
  }

  close(): void {
    this.#stack.close(this.#clock.now());
    this.#driver.flush();
    this.#driver.stop();
    for (const socket of this.#sockets) socket.close();
  }

  #take(event: StackEvent): void {
    if (event.type === 'candidate') this.#candidates.push(event.candidate);
    else if (event.type === 'gathered') this.#resolveGathered();
    else this.onEvent(event);
  }

  #verify(peer: PeerCertificate): CodedError | undefined {
    const leaf = peer.chain[0];
    if (leaf !== undefined && fingerprint(leaf, 'sha-256') === this.#expected) return undefined;
    return Object.assign(new Error('the peer shows another certificate than it announced'), {
      code: 'WRONG_CERTIFICATE',
    });
  }
}
