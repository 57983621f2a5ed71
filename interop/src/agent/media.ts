/**
 * Media behind the control protocol for stacks that have the W3C API.
 *
 * Loaded by Node and by the browser pages, which get it with the types erased.
 */
import type {
  CodecChoice,
  LayerInit,
  MediaCommand,
  MediaContent,
  MediaFacts,
  MediaKind,
  Result,
  StreamFacts,
} from './protocol.ts';

/** Where tracks come from. */
export interface ContentMaker {
  make(kind: MediaKind, content: MediaContent): Promise<MediaStreamTrack>;
  /** Mean colour of what a video element shows; absent where there are no elements. */
  colour?(video: HTMLVideoElement): readonly [number, number, number];
}

/** The media of one connection. */
export class W3cMedia {
  readonly #pc: RTCPeerConnection;
  readonly #content: ContentMaker | undefined;
  readonly #senders: Map<string, RTCRtpSender> = new Map();
  readonly #own: Set<MediaStreamTrack> = new Set();
  readonly #elements: Map<MediaStreamTrack, HTMLMediaElement> = new Map();
  #echoes = false;

  constructor(pc: RTCPeerConnection, content: ContentMaker | undefined) {
    this.#pc = pc;
    this.#content = content;
    pc.ontrack = ({ track, transceiver }) => {
      this.#play(track);
      if (!this.#echoes) return;
      transceiver.direction = 'sendrecv';
      void transceiver.sender.replaceTrack(track);
    };
  }

  async handle(command: MediaCommand): Promise<Result> {
    switch (command.cmd) {
      case 'media.send':
        await this.#send(command);
        return {};
      case 'media.receive':
        this.#pc.addTransceiver(command.kind, { direction: 'recvonly' });
        return {};
      case 'media.echo':
        this.#echoes = true;
        return {};
      case 'media.remove':
        this.#pc.removeTrack(this.#sender(command.track));
        this.#senders.delete(command.track);
        return {};
      case 'media.replace':
        await this.#replace(this.#sender(command.track), command.content);
        return {};
      case 'media.prefer':
        this.#prefer(command.codec, command.only);
        return {};
      case 'media.layers':
        await setLayers(this.#sender(command.track), command.layers);
        return {};
      case 'media.tones':
        this.#sender(command.track).dtmf?.insertDTMF(command.tones, 100, 70);
        return {};
      case 'media.stop':
        this.#transceiverOf(this.#sender(command.track)).stop();
        return {};
      case 'media.facts':
        return { media: await this.#facts() };
      case 'media.codecs': {
        const side = command.direction === 'send' ? RTCRtpSender : RTCRtpReceiver;
        const { codecs } = side.getCapabilities(command.kind) ?? { codecs: [] };
        return {
          codecs: codecs.map(({ mimeType, sdpFmtpLine }) =>
            sdpFmtpLine === undefined ? { mimeType } : { mimeType, fmtp: sdpFmtpLine },
          ),
        };
      }
    }
  }

  /** Ends what was made for the connection. */
  close(): void {
    for (const track of this.#own) track.stop();
    for (const element of this.#elements.values()) {
      element.srcObject = null;
      element.remove();
    }
  }

  async #send(command: Extract<MediaCommand, { cmd: 'media.send' }>): Promise<void> {
    const track = await this.#make(command.kind, command.content);
    const stream = new MediaStream([track]);
    const { layers } = command;
    const sender =
      layers === undefined
        ? this.#pc.addTrack(track, stream)
        : this.#pc.addTransceiver(track, { streams: [stream], sendEncodings: layers.map((layer) => ({ ...layer })) })
            .sender;
    this.#senders.set(command.track, sender);
  }

  async #make(kind: MediaKind, content: MediaContent): Promise<MediaStreamTrack> {
    if (this.#content === undefined) throw new Error('this stack has no content to send');
    const track = await this.#content.make(kind, content);
    this.#own.add(track);
    return track;
  }

  async #replace(sender: RTCRtpSender, content: MediaContent | null): Promise<void> {
    const kind = this.#transceiverOf(sender).receiver.track.kind as MediaKind;
    await sender.replaceTrack(content === null ? null : await this.#make(kind, content));
  }

  #prefer(choice: CodecChoice, only: boolean): void {
    const kind = choice.mimeType.split('/')[0] as MediaKind;
    const { codecs } = RTCRtpReceiver.getCapabilities(kind) ?? { codecs: [] };
    const chosen = codecs.filter((codec) => isChosen(codec, choice));
    if (chosen.length === 0) throw new Error(`there is no ${choice.mimeType} ${choice.fmtp ?? ''}`);
    const helpers = codecs.filter(({ mimeType }) => /\/(rtx|red|ulpfec|flexfec-03|telephone-event)$/i.test(mimeType));
    const rest = codecs.filter((codec) => !chosen.includes(codec) && (!only || helpers.includes(codec)));
    for (const transceiver of this.#pc.getTransceivers()) {
      if (transceiver.receiver.track.kind === kind) transceiver.setCodecPreferences([...chosen, ...rest]);
    }
  }

  #play(track: MediaStreamTrack): void {
    if (typeof document === 'undefined') return;
    const element = document.createElement(track.kind as MediaKind);
    element.autoplay = true;
    element.muted = track.kind === 'video';
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
    void element.play().catch(() => {});
    this.#elements.set(track, element);
  }

  async #facts(): Promise<MediaFacts> {
    const report = await this.#pc.getStats();
    const entries = [...report.values()] as Entry[];
    const transceivers = this.#pc.getTransceivers();
    const colours: (readonly [number, number, number])[] = [];
    for (const { receiver } of transceivers) {
      const element = this.#elements.get(receiver.track);
      if (receiver.track.kind === 'video' && element !== undefined && this.#content?.colour !== undefined)
        colours.push(this.#content.colour(element as HTMLVideoElement));
    }
    return {
      inbound: entries.filter(({ type }) => type === 'inbound-rtp').map((entry) => stream(entry, entries)),
      outbound: entries.filter(({ type }) => type === 'outbound-rtp').map((entry) => stream(entry, entries)),
      remoteTracks: transceivers
        .filter(({ currentDirection }) => currentDirection === 'sendrecv' || currentDirection === 'recvonly')
        .map(({ mid, receiver: { track } }) => ({ kind: track.kind as MediaKind, mid, muted: track.muted })),
      transceivers: transceivers.map(({ mid, direction, currentDirection, receiver }) => ({
        mid,
        kind: receiver.track.kind as MediaKind,
        direction,
        currentDirection,
      })),
      colours,
    };
  }

  #sender(name: string): RTCRtpSender {
    const sender = this.#senders.get(name);
    if (sender === undefined) throw new Error(`no track ${name}`);
    return sender;
  }

  #transceiverOf(sender: RTCRtpSender): RTCRtpTransceiver {
    const found = this.#pc.getTransceivers().find((transceiver) => transceiver.sender === sender);
    if (found === undefined) throw new Error('the sender has no transceiver');
    return found;
  }
}

/** An entry of a statistics report, with the members that are looked at. */
interface Entry {
  readonly id: string;
  readonly type: string;
  readonly kind?: MediaKind;
  readonly [member: string]: unknown;
}

function stream(entry: Entry, entries: readonly Entry[]): StreamFacts {
  const number = (name: string): number | undefined => entry[name] as number | undefined;
  const inbound = entry.type === 'inbound-rtp';
  const codec = entries.find(({ id }) => id === entry['codecId']);
  const remote = entries.find(({ id }) => id === entry['remoteId']);
  const all = {
    kind: entry.kind as MediaKind,
    ssrc: number('ssrc') ?? 0,
    mid: entry['mid'] as string | undefined,
    rid: entry['rid'] as string | undefined,
    codec: codec?.['mimeType'] as string | undefined,
    packets: number(inbound ? 'packetsReceived' : 'packetsSent') ?? 0,
    bytes: number(inbound ? 'bytesReceived' : 'bytesSent') ?? 0,
    packetsLost: (inbound ? entry['packetsLost'] : remote?.['packetsLost']) as number | undefined,
    framesEncoded: number('framesEncoded'),
    framesDecoded: number('framesDecoded'),
    keyFrames: number(inbound ? 'keyFramesDecoded' : 'keyFramesEncoded'),
    frameWidth: number('frameWidth'),
    frameHeight: number('frameHeight'),
    totalSamplesReceived: number('totalSamplesReceived'),
    totalAudioEnergy: number('totalAudioEnergy'),
    concealedSamples: number('concealedSamples'),
    nackCount: number('nackCount'),
    pliCount: number('pliCount'),
    firCount: number('firCount'),
    retransmittedPackets: number(inbound ? 'retransmittedPacketsReceived' : 'retransmittedPacketsSent'),
    fecPackets: number('fecPacketsReceived'),
    freezeCount: number('freezeCount'),
    roundTripTime: remote?.['roundTripTime'] as number | undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as StreamFacts;
}

function isChosen(codec: { mimeType: string; sdpFmtpLine?: string }, choice: CodecChoice): boolean {
  return (
    codec.mimeType.toLowerCase() === choice.mimeType.toLowerCase() &&
    (choice.fmtp === undefined || (codec.sdpFmtpLine ?? '').includes(choice.fmtp))
  );
}

async function setLayers(sender: RTCRtpSender, layers: readonly LayerInit[]): Promise<void> {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) {
    const layer = layers.find(({ rid }) => rid === (encoding.rid ?? ''));
    if (layer !== undefined) Object.assign(encoding, layer);
  }
  await sender.setParameters(parameters);
}
