import type { CoreEvent, DatagramCore, Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import type { Clock, ClockTimer, UdpSocket } from '@kaon/interface/network/v1';
import { formatAddress, Slot } from '@kaon/wire';
import type { ClientConnection, ConnectionTable } from './connection.ts';
import type { Hairpin } from './hairpin.ts';
import { PathCache } from './path-cache.ts';

/** Largest message in bytes: a ChannelData message of 65,535 bytes with header and padding. */
const MAX_MESSAGE = 65_544;
/** Room in front of and behind a message for a DTLS record. */
const RECORD_ROOM = 64;
/** Inputs after which output leaves although the turn of the event loop is not over: the core's outbox is bounded. */
const INPUTS_PER_FLUSH = 64;
/** Messages sent in one go before other work gets its turn. */
const MESSAGES_PER_TURN = 1024;
/** Remotes that each listening socket, and each relay socket, remembers. A relay has few peers. */
const CLIENTS_REMEMBERED = 1024;
const PEERS_REMEMBERED = 4;

/**
 * Drives a TURN server core: any number of sockets and connections in, output and events once per turn of the event loop. Unlike
 * `run` of `@kaon/runtime` it finds the way out by the identity of what the core was given, not by addresses.
 */
export class Pump<E extends CoreEvent> {
  /** Messages that could not be sent: nobody has their path any more, or the platform refused. */
  dropped = 0;
  readonly #core: DatagramCore<E>;
  readonly #clock: Clock;
  readonly #connections: ConnectionTable;
  readonly #hairpin: Hairpin | undefined;
  readonly #onEvent: (event: E) => void;
  readonly #slot = new Slot(MAX_MESSAGE + RECORD_ROOM, RECORD_ROOM);
  readonly #timer: ClockTimer;
  readonly #sockets = new Map<TransportAddress, UdpSocket>();
  readonly #byAddress = new Map<string, UdpSocket>();
  readonly #onTurn = (): void => this.#turn();
  #inputs = 0;
  #scheduled = false;
  #pumping = false;
  #stopped = false;
  #armedFor: Instant = Number.POSITIVE_INFINITY;
  #lastLocal: TransportAddress | undefined = undefined;
  #lastSocket: UdpSocket | undefined = undefined;

  constructor(
    core: DatagramCore<E>,
    clock: Clock,
    connections: ConnectionTable,
    hairpin: Hairpin | undefined,
    onEvent: (event: E) => void,
  ) {
    this.#core = core;
    this.#hairpin = hairpin;
    this.#clock = clock;
    this.#connections = connections;
    this.#onEvent = onEvent;
    this.#timer = clock.timer(() => {
      this.#armedFor = Number.POSITIVE_INFINITY;
      if (!this.#stopped) this.#pump();
    });
  }

  /** Takes what comes to a socket, and sends what leaves from its address. */
  addSocket(socket: UdpSocket, kind: 'clients' | 'relay', onError: (error: Error) => void): void {
    const paths = new PathCache(socket.local, kind === 'clients' ? CLIENTS_REMEMBERED : PEERS_REMEMBERED);
    this.#sockets.set(socket.local, socket);
    this.#byAddress.set(formatAddress(socket.local), socket);
    const hairpin = kind === 'relay' ? this.#hairpin : undefined;
    socket.onDatagram =
      hairpin === undefined
        ? (bytes, remote) => this.input(bytes, paths.path(remote))
        : (bytes, remote) => this.input(bytes, paths.path(hairpin.inbound(remote)));
    socket.onError = (error) => {
      this.removeSocket(socket);
      onError(error);
    };
  }

  /** Lets go of a socket, which stays open. */
  removeSocket(socket: UdpSocket): void {
    this.#sockets.delete(socket.local);
    this.#byAddress.delete(formatAddress(socket.local));
    if (this.#lastSocket === socket) this.#lastLocal = undefined;
    socket.onDatagram = undefined;
    socket.onError = undefined;
  }

  /** The socket that is bound there. */
  socketAt(local: TransportAddress): UdpSocket | undefined {
    return this.#sockets.get(local) ?? this.#byAddress.get(formatAddress(local));
  }

  /** Hands one message or datagram to the core. The bytes change owner. */
  input(bytes: Uint8Array, path: Path): void {
    if (this.#stopped) return;
    this.wake();
    this.#core.handleDatagram(bytes, path, this.#clock.now());
    if (++this.#inputs >= INPUTS_PER_FLUSH && !this.#pumping) this.#pump();
  }

  /** To be called after every command given to the core: its output leaves at the end of this turn. */
  wake(): void {
    if (this.#scheduled || this.#pumping || this.#stopped) return;
    this.#scheduled = true;
    this.#clock.defer(this.#onTurn);
  }

  /** Sends what waits now, from inside an event too: what is done next must come behind it. */
  sendWaiting(): void {
    const now = this.#clock.now();
    for (let sent = 0; sent < MESSAGES_PER_TURN && this.#transmit(now); sent++);
  }

  /** Sends what the core still has to say, then does nothing any more. */
  stop(): void {
    if (this.#stopped) return;
    this.sendWaiting();
    this.#stopped = true;
    this.#timer.cancel();
  }

  #turn(): void {
    this.#scheduled = false;
    if (!this.#stopped && !this.#pumping) this.#pump();
  }

  #pump(): void {
    const core = this.#core;
    const now = this.#clock.now();
    this.#inputs = 0;
    this.#pumping = true;
    let finished = true;
    try {
      if (core.pollTimeout() <= now) core.handleTimeout(now);
      finished = this.#drain(now);
    } finally {
      this.#pumping = false;
      if (!this.#stopped) {
        if (!finished) this.wake();
        this.#arm();
      }
    }
  }

  /** Whether the core has nothing left to give. */
  #drain(now: Instant): boolean {
    let left = MESSAGES_PER_TURN;
    for (;;) {
      let idle = true;
      for (let event = this.#core.pollEvent(); event !== undefined; event = this.#core.pollEvent()) {
        idle = false;
        this.#onEvent(event);
        if (this.#stopped) return true;
      }
      while (this.#transmit(now)) {
        idle = false;
        if (--left === 0) return false;
      }
      if (idle) return true;
    }
  }

  #transmit(now: Instant): boolean {
    const slot = this.#slot;
    slot.reset();
    slot.limit -= RECORD_ROOM;
    if (!this.#core.pollTransmit(slot, now)) return false;
    const { path } = slot;
    if (path === undefined) this.dropped++;
    else if (!this.#send(slot, path, now)) this.dropped++;
    return true;
  }

  #send(slot: Slot, path: Path, now: Instant): boolean {
    if (isConnection(path)) return path.transmit(slot, now);
    const socket = path.local === this.#lastLocal ? this.#lastSocket : this.#route(path.local);
    if (path.protocol === 'udp' && socket !== undefined) {
      const remote = this.#hairpin === undefined ? path.remote : this.#hairpin.outbound(path.remote);
      return socket.send(slot.buffer, slot.start, slot.end, remote, slot.ecn);
    }
    return this.#connections.find(path)?.transmit(slot, now) ?? false;
  }

  #route(local: TransportAddress): UdpSocket | undefined {
    this.#lastLocal = local;
    this.#lastSocket = this.socketAt(local);
    return this.#lastSocket;
  }

  #arm(): void {
    const at = this.#core.pollTimeout();
    if (at === this.#armedFor) return;
    this.#armedFor = at;
    if (at === Number.POSITIVE_INFINITY) this.#timer.cancel();
    else this.#timer.reset(at);
  }
}

/** Whether the core answers on the very object that it was handed for a connection. */
function isConnection(path: Path): path is ClientConnection {
  return 'transmit' in path;
}
