/**
 * A peer behind the control protocol for every stack that has the W3C API: the browsers and werift.
 *
 * Loaded by Node and by the browser pages, which get it with the types erased.
 */
import { type ContentMaker, W3cMedia } from './media.ts';
import { burstMessage, digest, materialise } from './payload.ts';
import type {
  CandidateInit,
  ChannelFacts,
  Command,
  MediaCommand,
  PairEnd,
  PairFacts,
  PeerConfiguration,
  PeerEvent,
  Result,
} from './protocol.ts';

/** Where a stack differs from what a browser does. */
export interface W3cQuirks {
  /** Called with each new connection, and again before it gathers. */
  prepare?(connection: RTCPeerConnection): void;
  /** Turns binary data into what the stack's `send()` takes. */
  binary?(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

export interface W3cStack {
  readonly name: string;
  readonly version: string;
  readonly configuration: RTCConfiguration;
  readonly RTCPeerConnection: new (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly quirks?: W3cQuirks;
  /** Makes tracks; a stack without it sends no media. */
  readonly content?: ContentMaker;
  /** The media of a connection, for a stack whose API for it is another one. */
  media?(connection: RTCPeerConnection): MediaSide;
}

/** The media of one connection. */
export interface MediaSide {
  handle(command: MediaCommand): Promise<Result>;
  /** Ends what was made for the connection. */
  close(): void;
}

interface Connection {
  readonly pc: RTCPeerConnection;
  readonly channels: Map<string, RTCDataChannel>;
  readonly media: MediaSide;
  incoming: number;
}

export class W3cAgent {
  readonly #stack: W3cStack;
  readonly #report: (event: PeerEvent) => void;
  readonly #connections: Map<string, Connection> = new Map();

  constructor(stack: W3cStack, report: (event: PeerEvent) => void) {
    this.#stack = stack;
    this.#report = report;
  }

  /** Carries out one command; rejects with what the stack threw. */
  async handle(command: Command): Promise<Result> {
    if (command.cmd === 'hello') return { name: this.#stack.name, version: this.#stack.version };
    if (command.cmd === 'new') {
      this.#connections.set(command.pc, this.#connect(command.pc, command.configuration));
      return {};
    }
    const connection = this.#connections.get(command.pc);
    if (connection === undefined) throw new Error(`no connection ${command.pc}`);
    const { pc, media } = connection;
    if (isMediaCommand(command)) return media.handle(command);
    switch (command.cmd) {
      case 'channel':
        this.#adopt(command.pc, command.channel, pc.createDataChannel(command.label, command.init));
        return {};
      case 'offer':
        return {
          sdp: await this.#describe(pc, await pc.createOffer({ iceRestart: command.restart }), command.trickle),
        };
      case 'answer':
        await pc.setRemoteDescription({ type: 'offer', sdp: command.sdp });
        return { sdp: await this.#describe(pc, await pc.createAnswer(), command.trickle) };
      case 'accept':
        await pc.setRemoteDescription({ type: 'answer', sdp: command.sdp });
        return {};
      case 'candidate':
        await pc.addIceCandidate(command.candidate);
        return {};
      case 'pair':
        return { pair: await pairOf(pc) };
      case 'close':
        this.#connections.delete(command.pc);
        pc.close();
        media.close();
        return {};
    }
    const channel = connection.channels.get(command.channel);
    if (channel === undefined) throw new Error(`no channel ${command.channel}`);
    switch (command.cmd) {
      case 'send': {
        const data = materialise(command.payload);
        if (typeof data === 'string') channel.send(data);
        else channel.send(this.#binary(data));
        return {};
      }
      case 'burst':
        for (let i = 0; i < command.count; i++) channel.send(this.#binary(burstMessage(i, command.size)));
        return {};
      case 'closeChannel':
        channel.close();
        return {};
      case 'facts':
        return { facts: factsOf(channel) };
    }
  }

  #connect(name: string, given: PeerConfiguration = {}): Connection {
    const { iceServers, iceTransportPolicy } = given;
    const pc = new this.#stack.RTCPeerConnection({
      ...this.#stack.configuration,
      ...(iceServers && { iceServers: iceServers.map((server) => ({ ...server, urls: [...server.urls] })) }),
      ...(iceTransportPolicy && { iceTransportPolicy }),
    });
    const media = this.#stack.media?.(pc) ?? new W3cMedia(pc, this.#stack.content);
    const connection: Connection = { pc, channels: new Map(), media, incoming: 0 };
    this.#connections.set(name, connection);
    this.#stack.quirks?.prepare?.(pc);
    pc.ondatachannel = ({ channel }) => {
      const key = `in${++connection.incoming}`;
      this.#report({ event: 'channel', pc: name, channel: key, facts: factsOf(channel) });
      this.#adopt(name, key, channel);
    };
    pc.onicecandidate = ({ candidate }) =>
      this.#report({ event: 'candidate', pc: name, candidate: candidate ? plainCandidate(candidate) : null });
    pc.onconnectionstatechange = () => this.#report({ event: 'state', pc: name, state: pc.connectionState });
    return connection;
  }

  #adopt(pc: string, key: string, channel: RTCDataChannel): void {
    this.#connections.get(pc)?.channels.set(key, channel);
    channel.binaryType = 'arraybuffer';
    const open = (): void => this.#report({ event: 'open', pc, channel: key });
    if (channel.readyState === 'open') open();
    else channel.onopen = open;
    channel.onclose = () => this.#report({ event: 'closed', pc, channel: key });
    channel.onmessage = ({ data }) => this.#report({ event: 'message', pc, channel: key, digest: digest(data) });
  }

  async #describe(pc: RTCPeerConnection, description: RTCSessionDescriptionInit, trickle: boolean): Promise<string> {
    this.#stack.quirks?.prepare?.(pc);
    // A copy: some stacks write the candidates into the object they handed out.
    const { type, sdp = '' } = description;
    if (trickle) {
      // Not awaited to the end of gathering: some stacks gather inside setLocalDescription().
      void pc.setLocalDescription({ type, sdp }).catch(() => {});
      return sdp;
    }
    await pc.setLocalDescription({ type, sdp });
    await gathered(pc);
    return pc.localDescription?.sdp ?? '';
  }

  #binary(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return this.#stack.quirks?.binary?.(bytes) ?? bytes;
  }
}

function isMediaCommand(command: Command): command is MediaCommand {
  return command.cmd.startsWith('media.');
}

async function gathered(pc: RTCPeerConnection): Promise<void> {
  if (pc.iceGatheringState === 'complete') return;
  await new Promise<void>((resolve) => {
    pc.addEventListener('icegatheringstatechange', () => {
      if (pc.iceGatheringState === 'complete') resolve();
    });
  });
}

/** As the statistics have it; Firefox has no transport in them, but says which pair is selected. */
async function pairOf(pc: RTCPeerConnection): Promise<PairFacts> {
  const stats = new Map<string, RTCStats & Record<string, unknown>>();
  for (const [id, one] of (await pc.getStats()) as unknown as Map<string, RTCStats & Record<string, unknown>>)
    stats.set(id, one);
  const all = [...stats.values()];
  const chosen = all.find((one) => one.type === 'transport')?.['selectedCandidatePairId'] as string | undefined;
  const pairs = all.filter((one) => one.type === 'candidate-pair');
  const pair =
    (chosen === undefined ? undefined : stats.get(chosen)) ??
    pairs.find((one) => one['selected'] === true) ??
    pairs.find((one) => one['nominated'] === true && one['state'] === 'succeeded');
  if (pair === undefined) throw new Error('no pair is selected');
  const end = (id: unknown): PairEnd => {
    const one = stats.get(id as string);
    const address = one?.['address'] ?? one?.['ip'];
    const relayProtocol = one?.['relayProtocol'];
    return {
      type: String(one?.['candidateType']),
      protocol: String(one?.['protocol']),
      ...(typeof address === 'string' && address !== '' && { address }),
      ...(typeof relayProtocol === 'string' && relayProtocol !== '' && { relayProtocol }),
    };
  };
  return { local: end(pair['localCandidateId']), remote: end(pair['remoteCandidateId']) };
}

function factsOf(channel: RTCDataChannel): ChannelFacts {
  const { label, protocol, id, negotiated, ordered, maxRetransmits, maxPacketLifeTime } = channel;
  return { label, protocol, id: id ?? null, negotiated, ordered, maxRetransmits, maxPacketLifeTime };
}

function plainCandidate(candidate: RTCIceCandidate): CandidateInit {
  const { candidate: line, sdpMid, sdpMLineIndex } = candidate;
  return { candidate: line, sdpMid, sdpMLineIndex };
}
