import { checkUsername, UfragRouter, UnknownRequests, type UnknownRequestsOptions } from '@kaon/ice/mux';
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream, Clock, ClockTimer, InterfaceAddress, StreamListener } from '@kaon/interface/network/v1';
import { isStun } from '@kaon/stun';
import { FramedStream } from '../tcp/framed-stream.ts';
import { MuxError } from './errors.ts';
import { type Bound, bindAll, type ListenAddresses, platformOf } from './listen.ts';
import { type TcpLink, type TcpPort, TcpSlice } from './tcp-slice.ts';
import type { AttachableMux, MuxAttachment } from './types.ts';
import { type UnknownEvent, unknownEvent } from './unknown-event.ts';

/** What may be set on `TcpMux.listen`. */
export interface TcpMuxListenOptions extends ListenAddresses {
  /** Share the port with other processes or threads that ask for the same (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean | undefined;
  /** Most connections. Default 65,536. */
  readonly maxConnections?: number | undefined;
  /**
   * Most streams that have no connection yet, of which one remote address has a quarter at most. Beyond it the oldest is
   * closed. Default 256.
   */
  readonly maxPendingStreams?: number | undefined;
  /** Most streams of one connection. Beyond it the oldest that carried no answer of ours is closed. Default 16. */
  readonly maxStreamsPerConnection?: number | undefined;
  /** ms a stream has until its connection has answered a check on it. Default 10,000. */
  readonly streamTimeout?: number | undefined;
  /** How requests to unknown username fragments are kept and reported. */
  readonly unknown?: UnknownRequestsOptions | undefined;
  /** What every username fragment of a connection on this port must begin with. Default: nothing. */
  readonly usernameFragmentPrefix?: string | undefined;
}

/**
 * One TCP port for the passive candidates of any number of connections (RFC 6544). A connection uses it by
 * `kaon: { tcpMux }` in its configuration. The first frame of a stream must be a STUN request, and its username fragment says
 * whose the stream is; what follows belongs to the same connection.
 */
export class TcpMux implements AttachableMux {
  readonly usernameFragmentPrefix: string | undefined;
  /** Called for a first request to a username fragment that no connection here has; see `UnknownEvent`. */
  onunknown: ((event: UnknownEvent) => void) | undefined = undefined;
  /** Called when the platform closed one of the listeners. The others go on, and so do its streams. */
  onerror: ((error: Error, address: TransportAddress) => void) | undefined = undefined;
  readonly #clock: Clock;
  readonly #options: TcpMuxListenOptions;
  readonly #unknown: UnknownRequests<TcpLink>;
  /** Fragments only: streams need no routing by address. */
  readonly #router: UfragRouter<Attachment>;
  readonly #attachments = new Set<Attachment>();
  /** In the order in which they came. */
  readonly #pending = new Set<TcpLink>();
  readonly #timer: ClockTimer;
  readonly #timeout: number;
  #ports: readonly TcpPort[] = [];

  private constructor(bound: readonly Bound<StreamListener>[], options: TcpMuxListenOptions) {
    this.#options = options;
    this.usernameFragmentPrefix = options.usernameFragmentPrefix;
    this.#clock = platformOf(options).clock;
    this.#timeout = options.streamTimeout ?? 10_000;
    this.#unknown = new UnknownRequests(options.unknown);
    this.#router = new UfragRouter({ maxOwners: options.maxConnections });
    this.#timer = this.#clock.timer(() => this.#expire());
    this.#ports = bound.map(({ socket, network }) => this.#open(socket, network));
  }

  /** Listens on all addresses. Rejects with the platform's error, or with MuxError `MUX_NO_ADDRESS` or `MUX_NO_TCP`. */
  static async listen(options: TcpMuxListenOptions = {}): Promise<TcpMux> {
    const { network } = platformOf(options);
    const { reusePort } = options;
    if (network.listenTcp === undefined) throw new MuxError('MUX_NO_TCP', 'this platform has no TCP listeners');
    const listen = network.listenTcp.bind(network);
    return new TcpMux(
      await bindAll(options, network, (address, port) => listen({ address, port, reusePort })),
      options,
    );
  }

  /** Where it listens. Empty once closed. */
  get addresses(): readonly TransportAddress[] {
    return this.#ports.map(({ listener }) => listener.local);
  }

  /** Connections that are attached now. */
  get connections(): number {
    return this.#router.owners;
  }

  /** Streams that have no connection, or whose connection has not answered on them. Bounded and expiring. */
  get pendingStreams(): number {
    return this.#pending.size;
  }

  /** As `AttachableMux` says; throws MuxError `MUX_CLOSED` or `MUX_BAD_FRAGMENT`, IceError `ICE_UFRAG_TAKEN` or `ICE_MUX_FULL`. */
  attach(
    usernameFragment: string,
    onPathFailed?: (local: TransportAddress, remote: TransportAddress) => void,
  ): MuxAttachment {
    const attachment: Attachment = new Attachment({
      sockets: this.#ports.map((port) => new TcpSlice(port, this.#clock, this.#options.maxStreamsPerConnection ?? 16)),
      name: (fragment) => this.#name(attachment, fragment),
      onGone: () => {
        this.#router.remove(attachment);
        this.#attachments.delete(attachment);
      },
      onPathFailed,
      onSettled: (link) => this.#pending.delete(link),
    });
    attachment.restart(usernameFragment);
    this.#attachments.add(attachment);
    return attachment;
  }

  /** Closes listeners and streams; every connection on the port is told. Idempotent. */
  close(): void {
    const ports = this.#ports;
    this.#ports = [];
    this.#timer.cancel();
    this.#unknown.clear();
    for (const { listener } of ports) listener.close();
    for (const link of [...this.#pending]) this.#drop(link);
    const error = new MuxError('MUX_CLOSED', 'the shared TCP port was closed');
    for (const attachment of [...this.#attachments]) for (const slice of attachment.sockets) slice.fail(error);
  }

  #open(listener: StreamListener, network: InterfaceAddress): TcpPort {
    const port: TcpPort = { listener, network, slices: new Set() };
    listener.onStream = (stream) => this.#accept(port, stream);
    listener.onError = (error) => {
      // Streams that were taken live on, and so do the connections that have them.
      this.#ports = this.#ports.filter((one) => one !== port);
      for (const slice of [...port.slices]) if (slice.streams === 0) slice.fail(error);
      this.onerror?.(error, listener.local);
    };
    return port;
  }

  #accept(port: TcpPort, stream: ByteStream): void {
    this.#makeRoom(stream.remote.address);
    const { address, family, port: number } = stream.remote;
    const link: TcpLink = {
      port,
      remote: { address, family, port: number },
      until: this.#clock.now() + this.#timeout,
      framed: undefined as never,
      named: false,
      proven: false,
      closed: false,
      slice: undefined,
    };
    link.framed = new FramedStream(
      stream,
      (bytes) => this.#datagram(link, bytes),
      () => this.#drop(link),
    );
    this.#pending.add(link);
    if (this.#pending.size === 1) this.#timer.reset(link.until);
  }

  #makeRoom(address: string): void {
    const { maxPendingStreams = 256 } = this.#options;
    let oldest: TcpLink | undefined;
    let count = 0;
    for (const link of this.#pending) {
      if (link.remote.address !== address) continue;
      oldest ??= link;
      count++;
    }
    if (oldest !== undefined && count >= Math.max(4, maxPendingStreams / 4)) this.#drop(oldest);
    else if (this.#pending.size >= maxPendingStreams) for (const first of this.#pending) if (this.#drop(first)) break;
  }

  #datagram(link: TcpLink, bytes: Uint8Array): void {
    if (link.closed) return;
    if (link.slice !== undefined) link.slice.onDatagram?.(bytes, link.remote, 0);
    else if (!link.named) this.#first(link, bytes);
    // What follows a first request that nobody has taken yet is repeated, or was too early.
  }

  /** The frame that says whose the stream is. */
  #first(link: TcpLink, bytes: Uint8Array): void {
    const username = isStun(bytes) ? checkUsername(bytes) : undefined;
    const attachment = username && this.#router.get(username.local);
    if (username === undefined) this.#drop(link);
    else if (attachment !== undefined) {
      if (this.#adopt(link, attachment)) this.#datagram(link, bytes);
    } else {
      link.named = true;
      const request = this.#unknown.add(bytes, link.remote, link, this.#clock.now());
      if (request !== undefined) this.onunknown?.(unknownEvent(request, link.port.listener.local));
    }
  }

  #adopt(link: TcpLink, attachment: Attachment): boolean {
    const slice = attachment.sockets.find(({ port }) => port === link.port);
    if (slice?.adopt(link)) return true;
    this.#drop(link);
    return false;
  }

  #name(attachment: Attachment, fragment: string): void {
    if (this.#ports.length === 0) throw new MuxError('MUX_CLOSED', 'the shared TCP port is closed');
    const prefix = this.usernameFragmentPrefix ?? '';
    if (!fragment.startsWith(prefix)) {
      throw new MuxError('MUX_BAD_FRAGMENT', `username fragments on this port begin with ${prefix}`);
    }
    this.#router.add(fragment, attachment);
    for (const { source: link, bytes } of this.#unknown.take(fragment, this.#clock.now())) {
      if (!link.closed && this.#adopt(link, attachment)) link.slice?.replay(link, bytes);
    }
  }

  /** The connection on a stream never proved to be somebody's, or nobody came for it. */
  #expire(): void {
    const now = this.#clock.now();
    for (const link of this.#pending) {
      if (link.until > now) {
        this.#timer.reset(link.until);
        return;
      }
      this.#drop(link);
    }
  }

  /** Always true. */
  #drop(link: TcpLink): true {
    this.#pending.delete(link);
    if (link.closed) return true;
    link.closed = true;
    link.framed.close();
    link.slice?.lost(link);
    return true;
  }
}

interface AttachmentInit {
  readonly sockets: readonly TcpSlice[];
  readonly name: (fragment: string) => void;
  readonly onGone: () => void;
  readonly onPathFailed: ((local: TransportAddress, remote: TransportAddress) => void) | undefined;
  readonly onSettled: (link: TcpLink) => void;
}

class Attachment implements MuxAttachment {
  readonly sockets: readonly TcpSlice[];
  readonly #name: (fragment: string) => void;
  #open: number;

  constructor({ sockets, name, onGone, onPathFailed, onSettled }: AttachmentInit) {
    this.sockets = sockets;
    this.#name = name;
    this.#open = sockets.length;
    for (const socket of sockets) {
      socket.onGone = () => --this.#open === 0 && onGone();
      socket.onPathFailed = (remote) => onPathFailed?.(socket.local, remote);
      socket.onSettled = onSettled;
    }
  }

  restart(usernameFragment: string): void {
    if (this.#open > 0 || this.sockets.length === 0) this.#name(usernameFragment);
  }

  release(): void {
    for (const socket of this.sockets) socket.close();
  }
}
