import type { CandidateInit, ChannelInit, PeerConfiguration } from './agent/protocol.ts';
import { Inbox, Signal } from './inbox.ts';
import { LocalChannel } from './local.ts';
import type { RemoteChannel, RemoteConnection, RemotePeer } from './remote.ts';

/** Which part Kaon plays in the first negotiation. */
export type Role = 'offers' | 'answers';
export type Side = 'kaon' | 'peer';

/** Both ends of one data channel. */
export interface ChannelPair {
  readonly kaon: LocalChannel;
  readonly peer: RemoteChannel;
}

export interface LinkOptions {
  readonly role: Role;
  readonly createConnection: () => RTCPeerConnection;
  /** Candidates travel one by one instead of inside the descriptions. */
  readonly trickle?: boolean;
  /** The channel that the offering side opens before it offers. */
  readonly first?: { readonly label: string; readonly init?: ChannelInit };
  /** What the peer's connection is to be made with. */
  readonly peerConfiguration?: PeerConfiguration;
  /** Which of Kaon's trickled candidates the peer gets, and the other way round; all when absent. */
  readonly ours?: ((candidate: string) => boolean) | undefined;
  readonly theirs?: ((candidate: string) => boolean) | undefined;
  /** Changes what Kaon gets to read of the peer's descriptions. */
  readonly rewrite?: (sdp: string) => string;
}

/** Kaon connected to a peer, with both ends in the harness's hands. */
export class Link {
  readonly role: Role;
  readonly pc: RTCPeerConnection;
  readonly remote: RemoteConnection;
  readonly trickle: boolean;
  readonly connected: Signal = new Signal("Kaon's connectionState connected");
  readonly disconnected: Signal = new Signal("Kaon's connectionState disconnected");
  readonly failed: Signal = new Signal("Kaon's connectionState failed");
  readonly #incoming: Inbox<LocalChannel> = new Inbox('an incoming channel at Kaon');
  readonly #rewrite: (sdp: string) => string;
  readonly #ours: (candidate: string) => boolean;
  readonly #theirs: (candidate: string) => boolean;
  #forPeer: CandidateInit[] | undefined = [];
  #forKaon: (CandidateInit | null)[] | undefined = [];
  #first: ChannelPair | undefined;
  /** What Kaon refused or the peer refused while candidates trickled. */
  readonly #complaints: Error[] = [];

  static async connect(peer: RemotePeer, options: LinkOptions): Promise<Link> {
    const link = new Link(await peer.connection(options.peerConfiguration), options);
    try {
      await link.#establish(options.first ?? { label: 'first' });
    } catch (error) {
      link.abandon();
      throw error;
    }
    return link;
  }

  private constructor(remote: RemoteConnection, options: LinkOptions) {
    this.role = options.role;
    this.trickle = options.trickle ?? false;
    this.remote = remote;
    this.#rewrite = options.rewrite ?? ((sdp) => sdp);
    this.#ours = options.ours ?? (() => true);
    this.#theirs = options.theirs ?? (() => true);
    this.pc = options.createConnection();
    this.pc.ondatachannel = ({ channel }) => this.#incoming.put(new LocalChannel(channel));
    this.pc.onconnectionstatechange = () => {
      if (this.pc.connectionState === 'connected') this.connected.raise();
      if (this.pc.connectionState === 'disconnected') this.disconnected.raise();
      if (this.pc.connectionState === 'failed') this.failed.raise();
    };
    if (this.trickle) this.#trickle();
  }

  /** The channel that came with the first offer. */
  get first(): ChannelPair {
    if (this.#first === undefined) throw new Error('not connected');
    return this.#first;
  }

  /** Opens a channel in-band and waits until both ends have it open. */
  async open(from: Side, label: string, init: ChannelInit = {}): Promise<ChannelPair> {
    const pair =
      from === 'kaon'
        ? { kaon: new LocalChannel(this.pc.createDataChannel(label, init)), peer: await this.remote.incoming.next() }
        : { peer: await this.remote.channel(label, init), kaon: await this.#incoming.next() };
    return opened(pair);
  }

  /** Takes `count` channels that the peer opened. */
  incoming(count: number): Promise<LocalChannel[]> {
    return this.#incoming.take(count);
  }

  /** Both sides open the channel `init.id` on their own. */
  async negotiated(label: string, init: ChannelInit): Promise<ChannelPair> {
    const all = { ...init, negotiated: true };
    const kaon = new LocalChannel(this.pc.createDataChannel(label, all));
    return opened({ kaon, peer: await this.remote.channel(label, all) });
  }

  /** One offer and answer with new ICE credentials, offered by `by`; resolves once both sides have them. */
  async restartIce(by: Side): Promise<void> {
    this.#forPeer = [];
    this.#forKaon = [];
    if (by === 'kaon') this.pc.restartIce();
    await (by === 'kaon' ? this.#kaonOffers() : this.#peerOffers(true));
  }

  /** Ends both sides without waiting for anything. */
  abandon(): void {
    try {
      this.pc.close();
    } catch {
      // The scenario has said by now what is wrong.
    }
    this.remote.abandon();
  }

  async #establish(first: { label: string; init?: ChannelInit }): Promise<void> {
    if (this.role === 'offers') {
      const kaon = new LocalChannel(this.pc.createDataChannel(first.label, first.init ?? {}));
      await this.#kaonOffers();
      this.#first = { kaon, peer: await this.#settled(this.remote.incoming.next()) };
    } else {
      const peer = await this.remote.channel(first.label, first.init);
      await this.#peerOffers(false);
      this.#first = { kaon: await this.#settled(this.#incoming.next()), peer };
    }
    await opened(this.#first);
  }

  /** Adds to a failure what went wrong with candidates on the way to it. */
  async #settled<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      const state = `Kaon ${this.pc.connectionState}/${this.pc.iceConnectionState}, peer ${this.remote.state}`;
      throw new Error([(error as Error).message, state, ...this.#complaints].join('; '), { cause: error });
    }
  }

  async #kaonOffers(): Promise<void> {
    const offer = await this.pc.createOffer();
    const answer = await this.remote.answer(await this.#apply(offer), { trickle: this.trickle });
    await this.#flushToPeer();
    await this.pc.setRemoteDescription({ type: 'answer', sdp: this.#rewrite(answer) });
    await this.#flushToKaon();
  }

  async #peerOffers(restart: boolean): Promise<void> {
    const offer = await this.remote.offer({ trickle: this.trickle, restart });
    await this.pc.setRemoteDescription({ type: 'offer', sdp: this.#rewrite(offer) });
    await this.#flushToKaon();
    await this.remote.accept(await this.#apply(await this.pc.createAnswer()));
    await this.#flushToPeer();
  }

  /** Sets Kaon's own description and returns what the peer is to get. */
  async #apply(description: RTCSessionDescriptionInit): Promise<string> {
    const { sdp = '' } = description;
    await this.pc.setLocalDescription(description);
    if (this.trickle) return sdp;
    if (this.pc.iceGatheringState !== 'complete') {
      const complete = new Signal("Kaon's gathering complete");
      this.pc.onicegatheringstatechange = () => {
        if (this.pc.iceGatheringState === 'complete') complete.raise();
      };
      await complete.wait();
    }
    return this.pc.localDescription?.sdp ?? '';
  }

  #trickle(): void {
    this.pc.onicecandidate = ({ candidate }) => {
      if (candidate && (candidate.candidate === '' || this.#ours(candidate.candidate))) this.#toPeer(candidate);
    };
    this.remote.onCandidate = (candidate) => {
      if (candidate === null || candidate.candidate === '' || this.#theirs(candidate.candidate))
        this.#toKaon(candidate);
    };
  }

  #toPeer(candidate: CandidateInit): void {
    const { candidate: line, sdpMid = null, sdpMLineIndex = null } = candidate;
    if (this.#forPeer !== undefined) this.#forPeer.push({ candidate: line, sdpMid, sdpMLineIndex });
    else
      this.remote
        .addCandidate({ candidate: line, sdpMid, sdpMLineIndex })
        .catch((error: Error) => this.#complaints.push(error));
  }

  #toKaon(candidate: CandidateInit | null): void {
    if (this.#forKaon !== undefined) this.#forKaon.push(candidate);
    else this.pc.addIceCandidate(candidate).catch((error: Error) => this.#complaints.push(error));
  }

  async #flushToPeer(): Promise<void> {
    const waiting = this.#forPeer ?? [];
    this.#forPeer = undefined;
    for (const candidate of waiting) this.#toPeer(candidate);
  }

  async #flushToKaon(): Promise<void> {
    const waiting = this.#forKaon ?? [];
    this.#forKaon = undefined;
    for (const candidate of waiting) this.#toKaon(candidate);
  }
}

async function opened(pair: ChannelPair): Promise<ChannelPair> {
  await pair.kaon.opened.wait();
  await pair.peer.opened.wait();
  return pair;
}
