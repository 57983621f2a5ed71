import type { Digest, Payload } from './agent/payload.ts';
import type {
  CandidateInit,
  ChannelFacts,
  ChannelInit,
  Command,
  PairFacts,
  PeerConfiguration,
  PeerEvent,
  Result,
} from './agent/protocol.ts';
import { Inbox, Signal, within } from './inbox.ts';
import type { Line } from './line.ts';
import { RemoteMedia } from './remote-media.ts';

/** A peer under control: a browser page or another process. */
export class RemotePeer {
  readonly #line: Line;
  readonly #connections: Map<string, RemoteConnection> = new Map();
  #count = 0;

  constructor(line: Line) {
    this.#line = line;
    line.onEvent = (event) => this.#connections.get(event.pc)?.handle(event);
  }

  /** Hands on what happens at the peer, for one who drives it from elsewhere. */
  report(take: (event: PeerEvent) => void): void {
    this.#line.onEvent = take;
  }

  hello(milliseconds?: number): Promise<Result> {
    return this.call({ cmd: 'hello' }, milliseconds);
  }

  async connection(configuration: PeerConfiguration = {}): Promise<RemoteConnection> {
    const connection = new RemoteConnection(this, `pc${++this.#count}`);
    this.#connections.set(connection.name, connection);
    await this.call({ cmd: 'new', pc: connection.name, configuration });
    return connection;
  }

  forget(connection: RemoteConnection): void {
    this.#connections.delete(connection.name);
  }

  call(command: Command, milliseconds?: number): Promise<Result> {
    return within(this.#line.call(command), `the peer's answer to '${command.cmd}'`, milliseconds);
  }

  close(): Promise<void> {
    return this.#line.close();
  }

  kill(): Promise<void> {
    return this.#line.kill();
  }
}

/** A connection at the peer's side. */
export class RemoteConnection {
  readonly name: string;
  readonly incoming: Inbox<RemoteChannel> = new Inbox('an incoming channel at the peer');
  readonly media: RemoteMedia = new RemoteMedia(this);
  readonly #peer: RemotePeer;
  readonly #channels: Map<string, RemoteChannel> = new Map();
  #count = 0;
  onCandidate: (candidate: CandidateInit | null) => void = () => {};
  state: string = 'new';
  readonly connected: Signal = new Signal('the peer connected');

  constructor(peer: RemotePeer, name: string) {
    this.#peer = peer;
    this.name = name;
  }

  handle(event: PeerEvent): void {
    if (event.event === 'candidate') this.onCandidate(event.candidate);
    else if (event.event === 'state') {
      this.state = event.state;
      if (event.state === 'connected') this.connected.raise();
    } else if (event.event === 'channel') {
      const channel = new RemoteChannel(this, event.channel, event.facts);
      this.#channels.set(event.channel, channel);
      this.incoming.put(channel);
    } else this.#channels.get(event.channel)?.handle(event);
  }

  /** Creates a channel at the peer; it opens once both sides are connected. */
  async channel(label: string, init: ChannelInit = {}): Promise<RemoteChannel> {
    const channel = new RemoteChannel(this, `out${++this.#count}`, { label, protocol: '', id: null });
    this.#channels.set(channel.key, channel);
    await this.call({ cmd: 'channel', pc: this.name, channel: channel.key, label, init });
    return channel;
  }

  async offer(options: { trickle: boolean; restart?: boolean }): Promise<string> {
    const { trickle, restart = false } = options;
    return (await this.call({ cmd: 'offer', pc: this.name, trickle, restart })).sdp ?? '';
  }

  async answer(sdp: string, options: { trickle: boolean }): Promise<string> {
    return (await this.call({ cmd: 'answer', pc: this.name, trickle: options.trickle, sdp })).sdp ?? '';
  }

  async accept(sdp: string): Promise<void> {
    await this.call({ cmd: 'accept', pc: this.name, sdp });
  }

  async addCandidate(candidate: CandidateInit): Promise<void> {
    await this.call({ cmd: 'candidate', pc: this.name, candidate });
  }

  /** The pair that it sends on. */
  async pair(): Promise<PairFacts> {
    const { pair } = await this.call({ cmd: 'pair', pc: this.name });
    if (pair === undefined) throw new Error('the peer told no pair');
    return pair;
  }

  async close(): Promise<void> {
    await this.call({ cmd: 'close', pc: this.name });
  }

  call(command: Command): Promise<Result> {
    return this.#peer.call(command);
  }

  /** Closes without waiting, at the end of a scenario. */
  abandon(): void {
    this.close().catch(() => {});
    this.#peer.forget(this);
  }
}

/** A data channel at the peer's side. */
export class RemoteChannel {
  readonly key: string;
  readonly messages: Inbox<Digest> = new Inbox('a message at the peer');
  readonly opened: Signal = new Signal("open at the peer's channel");
  readonly closed: Signal = new Signal("close at the peer's channel");
  readonly #connection: RemoteConnection;
  readonly #facts: ChannelFacts;

  constructor(connection: RemoteConnection, key: string, facts: ChannelFacts) {
    this.#connection = connection;
    this.key = key;
    this.#facts = facts;
  }

  get label(): string {
    return this.#facts.label;
  }

  handle(event: Exclude<PeerEvent, { event: 'candidate' | 'state' | 'channel' }>): void {
    if (event.event === 'open') this.opened.raise();
    else if (event.event === 'closed') this.closed.raise();
    else this.messages.put(event.digest);
  }

  async send(payload: Payload): Promise<void> {
    const { name } = this.#connection;
    await this.#connection.call({ cmd: 'send', pc: name, channel: this.key, payload });
  }

  /** Sends `count` messages of `size` bytes, each starting with its number (32 bits, big endian). */
  async burst(count: number, size: number): Promise<void> {
    const { name } = this.#connection;
    await this.#connection.call({ cmd: 'burst', pc: name, channel: this.key, count, size });
  }

  /** The channel's attributes as the peer sees them now. */
  async facts(): Promise<ChannelFacts> {
    const { name } = this.#connection;
    const { facts } = await this.#connection.call({ cmd: 'facts', pc: name, channel: this.key });
    if (facts === undefined) throw new Error('the peer told no facts');
    return facts;
  }

  async close(): Promise<void> {
    await this.#connection.call({ cmd: 'closeChannel', pc: this.#connection.name, channel: this.key });
  }
}
