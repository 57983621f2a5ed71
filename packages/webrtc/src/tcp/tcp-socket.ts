import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream, Clock, ClockTimer, Network, StreamListener, UdpSocket } from '@kaon/interface/network/v1';
import { formatAddress, sameAddress } from '@kaon/wire';
import { FramedStream } from './framed-stream.ts';

/** The kind of TCP candidate that a socket stands for (RFC 6544 §4.5). */
export type TcpSocketType = 'active' | 'passive' | 'so';

/** What a `TcpSocket` is made from. */
export interface TcpSocketInit {
  readonly type: TcpSocketType;
  /** Numeric address of the interface; the port of what listens, 9 (discard) for an active one. */
  readonly local: TransportAddress;
  readonly network: Network;
  readonly clock: Clock;
  /** What passive and simultaneous-open ones listen with; it is the socket's from now on. */
  readonly listener?: StreamListener | undefined;
  /** Told that the connection to a remote could not be made or broke. Nothing is known of it any more. */
  readonly onPathFailed: (remote: TransportAddress) => void;
}

/**
 * The TCP connections of one ICE base as a socket for datagrams: RFC 6544 has them framed by RFC 4571.
 *
 * An active one connects when something is sent to a remote, and holds the first datagrams until it is connected. A passive
 * one sends to those who have connected to it. A simultaneous-open one listens until it first sends, and then connects from
 * the port it listened on, again after a refusal: both ends knock at about the same time.
 */
export class TcpSocket implements UdpSocket {
  readonly interface = 'kaon:udp-socket/1' as const;
  readonly protocol = 'tcp' as const;
  readonly type: TcpSocketType;
  readonly local: TransportAddress;
  onDatagram: ((bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint) => void) | undefined = undefined;
  onError: ((error: Error) => void) | undefined = undefined;
  readonly #init: TcpSocketInit;
  readonly #links = new Map<string, Link>();
  #listener: StreamListener | undefined;
  /** Gives up what is being connected; most sockets never connect. */
  #abort: AbortController | undefined = undefined;
  #closed = false;
  /** The link that was sent on last, so that a datagram costs no look-up. */
  #last: Link | undefined = undefined;

  constructor(init: TcpSocketInit) {
    this.#init = init;
    this.type = init.type;
    this.local = init.local;
    const { listener } = init;
    this.#listener = listener;
    if (listener === undefined) return;
    listener.onStream = (stream) => this.#accept(stream);
    listener.onError = (error) => this.#died(error);
  }

  /** Remotes that are connected, or being connected to. */
  get connections(): number {
    return this.#links.size;
  }

  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress): boolean {
    if (this.#closed) return false;
    const link = this.#last !== undefined && isFor(this.#last, remote) ? this.#last : this.#linkTo(remote);
    if (link === undefined) return false;
    this.#last = link;
    if (link.framed !== undefined) return link.framed.send(buffer, start, end);
    if (link.waiting.length >= MAX_WAITING) return false;
    link.waiting.push(buffer.slice(start, end));
    return true;
  }

  prefer(remote: TransportAddress): void {
    const link = this.#links.get(formatAddress(remote));
    if (link !== undefined) link.chosen = true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort?.abort(CLOSED);
    this.onDatagram = undefined;
    this.onError = undefined;
    this.#listener?.close();
    for (const link of [...this.#links.values()]) this.#drop(link);
  }

  #linkTo(remote: TransportAddress): Link | undefined {
    const known = this.#links.get(formatAddress(remote));
    if (known !== undefined || this.type === 'passive') return known;
    if (this.#links.size >= MAX_LINKS) return undefined;
    const link = this.#newLink(remote);
    // A port that is listened on cannot be connected from.
    if (this.type === 'so') this.#stopListening();
    void this.#connect(link);
    return link;
  }

  async #connect(link: Link): Promise<void> {
    const { network, local, clock } = this.#init;
    this.#abort ??= new AbortController();
    try {
      const from = this.type === 'so' ? local : { address: local.address };
      const stream = await (network.connectTcp as NonNullable<Network['connectTcp']>)({
        remote: link.remote,
        local: from,
        timeout: CONNECT_TIMEOUT,
        signal: this.#abort.signal,
      });
      if (this.#links.get(link.key) !== link || link.framed !== undefined) stream.close();
      else this.#join(link, stream);
    } catch {
      if (this.#links.get(link.key) !== link || link.framed !== undefined) return;
      if (this.type === 'so' && ++link.attempts < MAX_ATTEMPTS) {
        link.timer = clock.timer(() => void this.#connect(link));
        link.timer.reset(clock.now() + RETRY_DELAY * link.attempts);
      } else this.#fail(link);
    }
  }

  #accept(stream: ByteStream): void {
    if (this.#closed) {
      stream.close();
      return;
    }
    const key = formatAddress(stream.remote);
    const known = this.#links.get(key);
    if (known?.framed !== undefined) this.#drop(known);
    if (this.#links.size >= MAX_LINKS && !this.#makeRoom()) {
      stream.close();
      return;
    }
    this.#join(this.#links.get(key) ?? this.#newLink(stream.remote), stream);
  }

  #newLink(remote: TransportAddress): Link {
    const key = formatAddress(remote);
    const { address, family, port } = remote;
    const link: Link = {
      key,
      remote: { address, family, port },
      framed: undefined,
      waiting: [],
      timer: undefined,
      attempts: 0,
      chosen: false,
    };
    this.#links.set(key, link);
    return link;
  }

  #join(link: Link, stream: ByteStream): void {
    link.timer?.cancel();
    const framed = new FramedStream(
      stream,
      (bytes) => this.onDatagram?.(bytes, link.remote, 0),
      () => this.#fail(link),
    );
    link.framed = framed;
    for (const bytes of link.waiting.splice(0)) framed.send(bytes, 0, bytes.length);
  }

  #fail(link: Link): void {
    if (this.#links.get(link.key) !== link) return;
    this.#drop(link);
    if (!this.#closed) this.#init.onPathFailed(link.remote);
  }

  #drop(link: Link): void {
    this.#links.delete(link.key);
    if (this.#last === link) this.#last = undefined;
    link.timer?.cancel();
    link.framed?.close();
  }

  /** Strangers may connect to what listens: the oldest that ICE has not chosen gives way. */
  #makeRoom(): boolean {
    for (const link of this.#links.values()) {
      if (link.chosen) continue;
      this.#fail(link);
      return true;
    }
    return false;
  }

  #stopListening(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  #died(error: Error): void {
    // Connections that were made live on; only an empty passive socket is of no more use.
    this.#stopListening();
    if (this.type !== 'passive' || this.#links.size > 0) return;
    const { onError } = this;
    this.close();
    onError?.(error);
  }
}

interface Link {
  readonly key: string;
  readonly remote: TransportAddress;
  framed: FramedStream | undefined;
  /** Datagrams until it is connected. */
  readonly waiting: Uint8Array[];
  timer: ClockTimer | undefined;
  attempts: number;
  /** ICE sends over it. */
  chosen: boolean;
}

function isFor(link: Link, remote: TransportAddress): boolean {
  return link.remote === remote || sameAddress(link.remote, remote);
}

/** Why a connection is given up. Nobody sees it; without it the platform makes an error with a stack trace for each socket. */
const CLOSED = 'the socket was closed';
/** Remotes of one socket at a time; an agent has at most 100 candidates of the peer. */
const MAX_LINKS = 128;
/** Checks are repeated anyway (UDP) or few (TCP). */
const MAX_WAITING = 8;
/** ms; what takes longer is no path worth having. */
const CONNECT_TIMEOUT = 10_000;
/** Simultaneous open: how often, and ms between the first two attempts. */
const MAX_ATTEMPTS = 12;
const RETRY_DELAY = 20;
