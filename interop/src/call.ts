import {
  type MediaStreamTrack,
  type RTCConfiguration,
  RTCPeerConnection,
  RTCRtpReceiver,
  type RTCRtpSender,
  type RTCRtpTransceiver,
  type RTCTrackEvent,
} from '@kaon/webrtc';
import type { CodecChoice, MediaKind, PeerConfiguration } from './agent/protocol.ts';
import { Inbox, Signal } from './inbox.ts';
import type { ChannelPair, Role, Side } from './link.ts';
import { Listener } from './listener.ts';
import { LocalChannel } from './local.ts';
import { Player } from './player.ts';
import type { RemoteConnection, RemotePeer } from './remote.ts';
import type { RemoteMedia, SendOptions } from './remote-media.ts';

/** Kaon and a peer with media between them. Nothing is negotiated by itself. */
export class Call {
  readonly role: Role;
  readonly pc: RTCPeerConnection;
  readonly remote: RemoteConnection;
  readonly connected: Signal = new Signal("Kaon's connectionState connected");
  readonly tracks: Inbox<RTCTrackEvent> = new Inbox('a track at Kaon');
  readonly #listeners: Map<RTCRtpReceiver, Listener> = new Map();
  readonly #players: Player[] = [];
  #name = 0;

  static async begin(
    peer: RemotePeer,
    role: Role,
    configuration: RTCConfiguration = {},
    peerConfiguration: PeerConfiguration = {},
  ): Promise<Call> {
    return new Call(await peer.connection(peerConfiguration), role, configuration);
  }

  private constructor(remote: RemoteConnection, role: Role, configuration: RTCConfiguration) {
    this.role = role;
    this.remote = remote;
    this.pc = new RTCPeerConnection(configuration);
    this.pc.onconnectionstatechange = () => {
      if (this.pc.connectionState === 'connected') this.connected.raise();
    };
    this.pc.ontrack = (event) => this.tracks.put(event);
  }

  /** The media at the peer's side. */
  get media(): RemoteMedia {
    return this.remote.media;
  }

  get first(): Side {
    return this.role === 'offers' ? 'kaon' : 'peer';
  }

  /** One offer and one answer with all candidates inside; by the side whose role it is unless another is named. */
  async negotiate(by: Side = this.first, options: { readonly restart?: boolean } = {}): Promise<void> {
    const { restart = false } = options;
    if (by === 'kaon') {
      if (restart) this.pc.restartIce();
      await this.pc.setLocalDescription();
      const answer = await this.remote.answer(await this.#gathered(), { trickle: false });
      await this.pc.setRemoteDescription({ type: 'answer', sdp: answer });
    } else {
      await this.pc.setRemoteDescription({ type: 'offer', sdp: await this.remote.offer({ trickle: false, restart }) });
      await this.answerOffer();
    }
  }

  /** The second half of a negotiation that the peer began. */
  async answerOffer(): Promise<void> {
    await this.pc.setLocalDescription();
    await this.remote.accept(await this.#gathered());
  }

  /** Kaon offers, and the peer reads something else. */
  async offerRewritten(rewrite: (sdp: string) => string): Promise<void> {
    await this.pc.setLocalDescription();
    const answer = await this.remote.answer(rewrite(await this.#gathered()), { trickle: false });
    await this.pc.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  /** A data channel for the first offer; gives a function that waits until both ends have it open. */
  async channelBeforeOffer(label: string): Promise<() => Promise<ChannelPair>> {
    const incoming = new Inbox<LocalChannel>('an incoming channel at Kaon');
    this.pc.ondatachannel = ({ channel }) => incoming.put(new LocalChannel(channel as unknown as RTCDataChannel));
    const own =
      this.role === 'offers'
        ? { kaon: new LocalChannel(this.pc.createDataChannel(label) as unknown as RTCDataChannel) }
        : { peer: await this.remote.channel(label) };
    return async () => {
      const pair = {
        kaon: own.kaon ?? (await incoming.next()),
        peer: own.peer ?? (await this.remote.incoming.next()),
      };
      await pair.kaon.opened.wait();
      await pair.peer.opened.wait();
      return pair;
    };
  }

  /** Negotiates and waits until both are connected. */
  async connect(by: Side = this.first): Promise<void> {
    await this.negotiate(by);
    await this.connected.wait();
  }

  /** The peer is to send a track of each kind; for Kaon's offer a section to receive it is made. Gives the track's name. */
  async peerSends(kind: MediaKind, options: SendOptions = {}): Promise<string> {
    if (this.role === 'offers') this.pc.addTransceiver(kind, { direction: 'recvonly' });
    const name = `${kind}${++this.#name}`;
    await this.media.send(name, kind, options);
    return name;
  }

  /** Kaon is to send a file; for the peer's offer the peer makes a section to receive it. */
  async kaonSends(file: string): Promise<{ readonly player: Player; readonly sender: RTCRtpSender }> {
    const player = this.play(file);
    if (this.role === 'answers') await this.media.receive(player.track.kind);
    return { player, sender: this.pc.addTrack(player.track) };
  }

  /** A player that ends with the call. */
  play(file: string): Player {
    const player = new Player(file);
    this.#players.push(player);
    return player;
  }

  /** What the only receiver of a kind gets; of several the `index`th. */
  listen(kind: MediaKind, index = 0): Listener {
    const receiver = this.pc.getReceivers().filter(({ track }) => track.kind === kind)[index];
    if (receiver === undefined) throw new Error(`Kaon has no receiver of ${kind}`);
    let listener = this.#listeners.get(receiver);
    if (listener === undefined) {
      listener = new Listener(receiver);
      this.#listeners.set(receiver, listener);
    }
    return listener;
  }

  transceiver(kind: MediaKind, index = 0): RTCRtpTransceiver {
    const found = this.pc.getTransceivers().filter(({ receiver }) => receiver.track.kind === kind)[index];
    if (found === undefined) throw new Error(`Kaon has no transceiver of ${kind}`);
    return found;
  }

  /** Sends a track on to the peer: of this call or of another. */
  forward(track: MediaStreamTrack): RTCRtpSender {
    return this.pc.addTrack(track);
  }

  /** Ends both sides without waiting for anything. */
  abandon(): void {
    for (const player of this.#players) player.stop();
    try {
      this.pc.close();
    } catch {
      // The scenario has said by now what is wrong.
    }
    this.remote.abandon();
  }

  async #gathered(): Promise<string> {
    if (this.pc.iceGatheringState !== 'complete') {
      const complete = new Signal("Kaon's gathering complete");
      this.pc.onicegatheringstatechange = () => {
        if (this.pc.iceGatheringState === 'complete') complete.raise();
      };
      await complete.wait();
    }
    return this.pc.localDescription?.sdp ?? '';
  }
}

/** Prefers a codec at Kaon in every section of its kind; with `only` nothing else of that kind is left but its helpers. */
export function prefer(pc: RTCPeerConnection, choice: CodecChoice, only = true): void {
  const kind = choice.mimeType.split('/')[0] as MediaKind;
  const { codecs } = RTCRtpReceiver.getCapabilities(kind) ?? { codecs: [] };
  const chosen = codecs.filter(
    ({ mimeType, sdpFmtpLine = '' }) =>
      mimeType.toLowerCase() === choice.mimeType.toLowerCase() && sdpFmtpLine.includes(choice.fmtp ?? ''),
  );
  if (chosen.length === 0) throw new Error(`Kaon has no ${choice.mimeType} ${choice.fmtp ?? ''}`);
  const isHelper = (mimeType: string): boolean => /\/(rtx|red|ulpfec|flexfec-03|telephone-event)$/i.test(mimeType);
  const rest = codecs.filter((codec) => !chosen.includes(codec) && (!only || isHelper(codec.mimeType)));
  for (const transceiver of pc.getTransceivers())
    if (transceiver.receiver.track.kind === kind) transceiver.setCodecPreferences([...chosen, ...rest]);
}
