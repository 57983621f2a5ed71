import { UfragRouter, type UnknownRequest, UnknownRequests, type UnknownRequestsOptions } from '@kaon/ice/mux';
import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type { Clock, InterfaceAddress, UdpSocket } from '@kaon/interface/network/v1';
import { MuxError } from './errors.ts';
import { type Bound, bindAll, type ListenAddresses, platformOf } from './listen.ts';
import type { AttachableMux, MuxAttachment, MuxedSocket } from './types.ts';
import { type UnknownEvent, unknownEvent } from './unknown-event.ts';

/** A socket that a `UdpMux` can be made of; those of a shard have the optional members. */
export interface MuxableSocket extends UdpSocket {
  readonly network?: InterfaceAddress | undefined;
  /** A connection has chosen a pair with this remote; `answered`: it had an answer from there. */
  claim?(remote: TransportAddress, answered: boolean): void;
}

/** What may be set on a `UdpMux` over sockets that are there already. */
export interface UdpMuxOptions {
  /** Most connections. Default 65,536. */
  readonly maxConnections?: number | undefined;
  /** How requests to unknown username fragments are kept and reported. */
  readonly unknown?: UnknownRequestsOptions | undefined;
  /** What every username fragment of a connection on this port must begin with. Default: nothing. */
  readonly usernameFragmentPrefix?: string | undefined;
  /** Time. Default: that of the process. */
  readonly clock?: Clock | undefined;
}

/** What may be set on `UdpMux.listen`. */
export interface UdpMuxListenOptions extends ListenAddresses, UdpMuxOptions {
  /** Share the port with other processes or threads that ask for the same (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean | undefined;
}

/**
 * One UDP port for any number of connections. A connection uses it by `kaon: { udpMux }` in its configuration; host
 * candidates then are the addresses of the port. Requests find their connection by the username fragment, responses by the
 * transaction id, all else by the address it comes from.
 *
 * Two connections between the same two addresses, as between two shared ports, cannot be told apart behind ICE: the one
 * that chose the address last gets its DTLS and media.
 */
export class UdpMux implements AttachableMux {
  readonly usernameFragmentPrefix: string | undefined;
  /** Called for a STUN request to a username fragment that no connection here has; see `UnknownEvent`. */
  onunknown: ((event: UnknownEvent) => void) | undefined = undefined;
  /** Called when the platform closed one of the sockets. The others go on. */
  onerror: ((error: Error, address: TransportAddress) => void) | undefined = undefined;
  readonly #clock: Clock;
  readonly #maxConnections: number | undefined;
  readonly #unknown: UnknownRequests<Port>;
  readonly #attachments = new Set<Attachment>();
  #ports: readonly Port[] = [];

  private constructor(bound: readonly Bound<MuxableSocket>[], options: UdpMuxOptions) {
    this.usernameFragmentPrefix = options.usernameFragmentPrefix;
    this.#clock = platformOf(options).clock;
    this.#maxConnections = options.maxConnections;
    this.#unknown = new UnknownRequests(options.unknown);
    this.#ports = bound.map(({ socket, network }) => this.#open(socket, network));
  }

  /** Binds the port on all addresses. Rejects with the platform's error, or with MuxError `MUX_NO_ADDRESS`. */
  static async listen(options: UdpMuxListenOptions = {}): Promise<UdpMux> {
    const { network } = platformOf(options);
    const { reusePort } = options;
    const bound = await bindAll(options, network, (address, port) => network.bindUdp({ address, port, reusePort }));
    return new UdpMux(bound, options);
  }

  /** Takes sockets over that are bound already, such as those of a shard; `close` closes them. */
  static over(sockets: readonly MuxableSocket[], options: UdpMuxOptions = {}): UdpMux {
    const bound = sockets.map((socket) => {
      const { address, family } = socket.local;
      return { socket, network: socket.network ?? { name: '', address, family, internal: false } };
    });
    return new UdpMux(bound, options);
  }

  /** Where it listens. Empty once closed. */
  get addresses(): readonly TransportAddress[] {
    return this.#ports.map(({ socket }) => socket.local);
  }

  /** Connections that are attached now. */
  get connections(): number {
    return this.#attachments.size;
  }

  /** What is remembered for connections and for requests without one, for metrics. Bounded and expiring. */
  get tables(): {
    readonly fragments: number;
    readonly addresses: number;
    readonly transactions: number;
    readonly unknown: number;
  } {
    const sum = { fragments: 0, addresses: 0, transactions: 0, unknown: this.#unknown.size };
    for (const { router } of this.#ports) {
      const { fragments, addresses, transactions } = router.tables;
      sum.fragments += fragments;
      sum.addresses += addresses;
      sum.transactions += transactions;
    }
    return sum;
  }

  /** As `AttachableMux` says; throws MuxError `MUX_CLOSED` or `MUX_BAD_FRAGMENT`, IceError `ICE_UFRAG_TAKEN` or `ICE_MUX_FULL`. */
  attach(usernameFragment: string): MuxAttachment {
    const attachment = new Attachment(
      this.#ports.map((port) => new Slice(port, this.#clock)),
      (fragment) => this.#name(attachment, fragment),
      () => this.#attachments.delete(attachment),
    );
    attachment.restart(usernameFragment);
    this.#attachments.add(attachment);
    return attachment;
  }

  /** Closes the sockets; every connection on the port is told. Idempotent. */
  close(): void {
    const ports = this.#ports;
    this.#ports = [];
    this.#unknown.clear();
    for (const port of ports) port.socket.close();
    const error = new MuxError('MUX_CLOSED', 'the shared UDP port was closed');
    for (const attachment of [...this.#attachments]) attachment.fail(error);
  }

  #open(socket: MuxableSocket, network: InterfaceAddress): Port {
    const port: Port = { socket, network, router: new UfragRouter<Slice>({ maxOwners: this.#maxConnections }) };
    const { router } = port;
    socket.onDatagram = (bytes, remote, ecn) => {
      if (bytes.length > 0 && bytes[0]! > 3) router.byAddress(remote)?.onDatagram?.(bytes, remote, ecn);
      else this.#stun(port, bytes, remote, ecn);
    };
    socket.onError = (error) => this.#died(port, error);
    return port;
  }

  #stun(port: Port, bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint): void {
    const now = this.#clock.now();
    const owner = port.router.route(bytes, remote, now);
    if (owner === undefined) return;
    if (owner !== 'unknown') {
      owner.onDatagram?.(bytes, remote, ecn);
      return;
    }
    const request = this.#unknown.add(bytes, remote, port, now);
    if (request !== undefined) this.onunknown?.(unknownEvent(request, port.socket.local));
  }

  /** All ports know the same fragments. */
  #name(attachment: Attachment, fragment: string): void {
    if (this.#ports.length === 0) throw new MuxError('MUX_CLOSED', 'the shared UDP port is closed');
    const prefix = this.usernameFragmentPrefix ?? '';
    if (!fragment.startsWith(prefix)) {
      throw new MuxError('MUX_BAD_FRAGMENT', `username fragments on this port begin with ${prefix}`);
    }
    for (const slice of attachment.sockets) slice.port.router.add(fragment, slice);
    for (const request of this.#unknown.take(fragment, this.#clock.now())) {
      attachment.sockets.find(({ port }) => port === request.source)?.replay(request);
    }
  }

  #died(port: Port, error: Error): void {
    this.#ports = this.#ports.filter((one) => one !== port);
    for (const attachment of [...this.#attachments]) {
      for (const slice of attachment.sockets) if (slice.port === port) slice.fail(error);
    }
    this.onerror?.(error, port.socket.local);
  }
}

interface Port {
  readonly socket: MuxableSocket;
  readonly network: InterfaceAddress;
  readonly router: UfragRouter<Slice>;
}

class Attachment implements MuxAttachment {
  readonly sockets: readonly Slice[];
  readonly #name: (fragment: string) => void;
  readonly #onGone: () => void;
  #open: number;

  constructor(sockets: readonly Slice[], name: (fragment: string) => void, onGone: () => void) {
    this.sockets = sockets;
    this.#name = name;
    this.#onGone = onGone;
    this.#open = sockets.length;
    for (const socket of sockets) socket.onGone = () => --this.#open === 0 && this.#onGone();
  }

  restart(usernameFragment: string): void {
    if (this.#open > 0 || this.sockets.length === 0) this.#name(usernameFragment);
  }

  release(): void {
    for (const socket of this.sockets) socket.close();
  }

  fail(error: Error): void {
    for (const socket of this.sockets) socket.fail(error);
  }
}

/** One connection's share of one socket. */
class Slice implements MuxedSocket {
  readonly interface = 'kaon:udp-socket/1';
  readonly port: Port;
  onError: ((error: Error) => void) | undefined = undefined;
  /** For its attachment. */
  onGone: (() => void) | undefined = undefined;
  readonly #clock: Clock;
  #onDatagram: UdpSocket['onDatagram'] = undefined;
  #waiting: UnknownRequest<Port>[] = [];
  #closed = false;

  constructor(port: Port, clock: Clock) {
    this.port = port;
    this.#clock = clock;
  }

  get local(): TransportAddress {
    return this.port.socket.local;
  }

  get network(): InterfaceAddress {
    return this.port.network;
  }

  get receiveBufferSize(): number | undefined {
    return this.port.socket.receiveBufferSize;
  }

  get onDatagram(): UdpSocket['onDatagram'] {
    return this.#onDatagram;
  }

  set onDatagram(listener: UdpSocket['onDatagram']) {
    this.#onDatagram = listener;
    if (listener !== undefined && this.#waiting.length > 0) this.#clock.defer(() => this.#replayAll());
  }

  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress, ecn?: EcnCodepoint): boolean {
    if (this.#closed) return false;
    const { socket, router } = this.port;
    if (buffer[start]! < 2) router.sent(buffer, start, end, remote, this, this.#clock.now());
    return socket.send(buffer, start, end, remote, ecn);
  }

  prefer(remote: TransportAddress): void {
    if (this.#closed) return;
    const { socket, router } = this.port;
    router.prefer(remote, this, this.#clock.now());
    socket.claim?.(remote, router.isAnswered(remote, this));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onDatagram = undefined;
    this.onError = undefined;
    this.#waiting = [];
    this.port.router.remove(this);
    this.onGone?.();
  }

  fail(error: Error): void {
    const { onError } = this;
    if (this.#closed) return;
    this.close();
    onError?.(error);
  }

  /** A request that was here before the connection; it comes once there is someone to take it. */
  replay(request: UnknownRequest<Port>): void {
    this.#waiting.push(request);
    if (this.#onDatagram !== undefined) this.#clock.defer(() => this.#replayAll());
  }

  #replayAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    // By the router, which learns the address by it.
    for (const { bytes, remote } of waiting) this.port.socket.onDatagram?.(bytes, remote, 0);
  }
}
