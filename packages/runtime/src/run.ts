import type { CoreEvent, DatagramCore, EcnCodepoint, Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import type { Clock, ClockTimer, UdpSocket } from '@kaon/interface/network/v1';
import { Slot, sameAddress } from '@kaon/wire';
import { SocketTable } from './socket-table.ts';

/** What `run` needs to know. */
export interface RunOptions<E extends CoreEvent> {
  /** Time and turns: `nodeClock`, or a virtual clock in tests. */
  readonly clock: Clock;
  /** Called with each event of the core, in order, never from inside a call into the core or the driver. */
  readonly onEvent: (event: E) => void;
  /** Sockets to begin with; more come by `addSocket`. */
  readonly sockets?: Iterable<UdpSocket> | undefined;
  /** Largest datagram in bytes that the core may write; 1200 by default (RFC 8831 §5). */
  readonly slotSize?: number | undefined;
  /** Datagrams sent in one go before other work of the event loop gets its turn; 64 by default. */
  readonly maxDatagramsPerTurn?: number | undefined;
  /** Events delivered in one go before other work of the event loop gets its turn; 256 by default. */
  readonly maxEventsPerTurn?: number | undefined;
  /** Told what `onEvent` threw. Without it the error is thrown again in a task of its own, as an uncaught exception. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Told that a socket died by itself. It has been removed already. */
  readonly onSocketError?: ((socket: UdpSocket, error: Error) => void) | undefined;
}

/** A running core. The sockets stay the caller's: the driver never closes one. */
export interface Driver {
  /** To be called after every command given to the core: its output leaves at the end of this turn at the latest. Cheap. */
  wake(): void;
  /** Gives out what the core has to send and say, at once. Does nothing when called from inside `onEvent`: that happens anyway. */
  flush(): void;
  /**
   * Takes `onDatagram` and `onError` of a socket and routes datagrams whose `path.protocol` and `path.local` are its own through
   * it. Of several with the same ones the first is sent through.
   */
  addSocket(socket: UdpSocket): void;
  /** Gives the socket up; datagrams for it are dropped from now on. */
  removeSocket(socket: UdpSocket): void;
  /** Sends what the core still has to say, then lets go of sockets and timers. No event follows. Idempotent. */
  stop(): void;
  /** Datagrams that could not be sent: no socket has their local address, or the platform refused. */
  readonly droppedDatagrams: number;
}

/**
 * Drives a core over real (or simulated) sockets: a datagram is handed over as it comes; events, output and the timer follow
 * once per turn of the event loop, however many datagrams the turn brought.
 */
export function run<E extends CoreEvent>(core: DatagramCore<E>, options: RunOptions<E>): Driver {
  const pump = new Pump(core, options);
  for (const socket of options.sockets ?? []) pump.addSocket(socket);
  pump.wake();
  return pump;
}

class Pump<E extends CoreEvent> implements Driver {
  droppedDatagrams = 0;
  readonly #core: DatagramCore<E>;
  readonly #clock: Clock;
  readonly #options: RunOptions<E>;
  readonly #maxDatagrams: number;
  readonly #maxEvents: number;
  readonly #slotSize: number;
  readonly #timer: ClockTimer;
  readonly #sockets = new SocketTable();
  readonly #onTurn = (): void => this.#turn();
  readonly #onMicrotask = (): void => this.#microtask();
  #armedFor: Instant = Number.POSITIVE_INFINITY;
  #turnScheduled = false;
  #microtaskScheduled = false;
  #flushedEarlyAt: Instant = Number.NEGATIVE_INFINITY;
  #pumping = false;
  #stopped = false;
  #lastPath: Path | undefined = undefined;
  #lastSocket: UdpSocket | undefined = undefined;

  constructor(core: DatagramCore<E>, options: RunOptions<E>) {
    this.#core = core;
    this.#clock = options.clock;
    this.#options = options;
    this.#maxDatagrams = options.maxDatagramsPerTurn ?? 64;
    this.#maxEvents = options.maxEventsPerTurn ?? 256;
    this.#slotSize = options.slotSize ?? 1200;
    this.#timer = options.clock.timer(() => this.#timerFired());
  }

  wake(): void {
    // Inside the pump its loop comes round anyway; a scheduled turn takes the command along.
    if (this.#pumping || this.#turnScheduled || this.#microtaskScheduled || this.#stopped) return;
    // The first command need not wait for the rest of the turn's input; those close behind it are bundled.
    if (this.#clock.now() - this.#flushedEarlyAt < 1) {
      this.#scheduleTurn();
    } else {
      this.#microtaskScheduled = true;
      queueMicrotask(this.#onMicrotask);
    }
  }

  flush(): void {
    if (!this.#pumping && !this.#stopped) this.#pump();
  }

  addSocket(socket: UdpSocket): void {
    if (this.#stopped || !this.#sockets.add(socket)) return;
    this.#lastPath = undefined;
    const paths = new PathCache(socket.protocol ?? 'udp', socket.local);
    socket.onDatagram = (bytes, remote, ecn) => this.#datagram(bytes, paths.path(remote), ecn);
    socket.onError = (error) => {
      this.removeSocket(socket);
      this.#guard(() => this.#options.onSocketError?.(socket, error));
    };
    this.wake();
  }

  removeSocket(socket: UdpSocket): void {
    if (!this.#sockets.remove(socket)) return;
    this.#lastPath = undefined;
    socket.onDatagram = undefined;
    socket.onError = undefined;
  }

  stop(): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    // A core that has more than this to say when it is stopped is sending data, and that ends here.
    for (let sent = 0; sent < this.#maxDatagrams && this.#transmit(now); sent++);
    this.#stopped = true;
    this.#timer.cancel();
    for (const socket of [...this.#sockets]) this.removeSocket(socket);
  }

  #datagram(bytes: Uint8Array, path: Path, ecn: EcnCodepoint): void {
    // First, so that a core that breaks its contract and throws does not also stop its own output.
    if (!this.#turnScheduled && !this.#pumping) this.#scheduleTurn();
    this.#core.handleDatagram(bytes, path, this.#clock.now(), ecn);
  }

  #timerFired(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    if (!this.#turnScheduled && !this.#pumping && !this.#stopped) this.#pump();
  }

  #scheduleTurn(): void {
    this.#turnScheduled = true;
    this.#clock.defer(this.#onTurn);
  }

  #turn(): void {
    this.#turnScheduled = false;
    this.#flushedEarlyAt = Number.NEGATIVE_INFINITY;
    if (!this.#stopped && !this.#pumping) this.#pump();
  }

  #microtask(): void {
    this.#microtaskScheduled = false;
    if (this.#stopped || this.#pumping) return;
    this.#flushedEarlyAt = this.#clock.now();
    this.#pump();
  }

  /** Events and datagrams by turns until there is neither or this turn has had its share; then the timer. */
  #pump(): void {
    const core = this.#core;
    const now = this.#clock.now();
    this.#pumping = true;
    // A core that breaks its contract and throws is loud enough: it is asked again at the next occasion, not at once for ever.
    let finished = true;
    try {
      if (core.pollTimeout() <= now) core.handleTimeout(now);
      finished = this.#drain(now);
    } finally {
      this.#pumping = false;
      if (!this.#stopped) {
        if (!finished && !this.#turnScheduled) this.#scheduleTurn();
        this.#arm();
      }
    }
  }

  /** Whether the core has nothing left to give. */
  #drain(now: Instant): boolean {
    let events = this.#maxEvents;
    let datagrams = this.#maxDatagrams;
    for (;;) {
      let idle = true;
      for (let event = this.#core.pollEvent(); event !== undefined; event = this.#core.pollEvent()) {
        idle = false;
        this.#deliver(event);
        if (this.#stopped) return true;
        if (--events === 0) break;
      }
      while (this.#transmit(now)) {
        idle = false;
        if (--datagrams === 0) return false;
      }
      if (events === 0) return false;
      if (idle) return true;
    }
  }

  #deliver(event: E): void {
    try {
      this.#options.onEvent(event);
    } catch (error) {
      this.#report(error);
    }
  }

  #transmit(now: Instant): boolean {
    const slot = borrowSlot(this.#slotSize);
    const any = this.#core.pollTransmit(slot, now);
    if (any) this.#send(slot);
    spareSlot = slot;
    return any;
  }

  #send(slot: Slot): void {
    const path = slot.path;
    const socket = path === undefined ? undefined : path === this.#lastPath ? this.#lastSocket : this.#route(path);
    if (path === undefined || socket === undefined) this.droppedDatagrams++;
    else if (!socket.send(slot.buffer, slot.start, slot.end, path.remote, slot.ecn)) this.droppedDatagrams++;
  }

  #route(path: Path): UdpSocket | undefined {
    const socket = this.#sockets.find(path);
    this.#lastPath = path;
    this.#lastSocket = socket;
    return socket;
  }

  #arm(): void {
    const at = this.#core.pollTimeout();
    if (at === this.#armedFor) return;
    this.#armedFor = at;
    if (at === Number.POSITIVE_INFINITY) this.#timer.cancel();
    else this.#timer.reset(at);
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    const onError = this.#options.onError;
    if (onError === undefined) rethrowLater(error);
    else {
      try {
        onError(error);
      } catch (another) {
        rethrowLater(another);
      }
    }
  }
}

/**
 * The slot of all drivers, undefined while one of them uses it: large datagrams would make it most of what an idle driver
 * costs. Whoever gives back last leaves theirs.
 */
let spareSlot: Slot | undefined;

/** An empty slot of `size` bytes. */
function borrowSlot(size: number): Slot {
  const slot = spareSlot !== undefined && spareSlot.buffer.length >= size ? spareSlot : new Slot(size);
  spareSlot = undefined;
  slot.reset();
  slot.limit = size;
  return slot;
}

/** The last few paths of one socket, so that a datagram costs a comparison and not an object. */
class PathCache {
  readonly #protocol: 'udp' | 'tcp';
  readonly #local: TransportAddress;
  readonly #recent: Path[] = [];
  #last: Path | undefined = undefined;
  #next = 0;

  constructor(protocol: 'udp' | 'tcp', local: TransportAddress) {
    this.#protocol = protocol;
    this.#local = local;
  }

  path(remote: TransportAddress): Path {
    const last = this.#last;
    if (last !== undefined && last.remote.port === remote.port && last.remote.address === remote.address) return last;
    const path = this.#recent.find((one) => sameAddress(one.remote, remote)) ?? this.#remember(remote);
    this.#last = path;
    return path;
  }

  #remember(remote: TransportAddress): Path {
    const { address, family, port } = remote;
    const path: Path = { protocol: this.#protocol, local: this.#local, remote: { address, family, port } };
    this.#recent[this.#next] = path;
    this.#next = (this.#next + 1) % 8;
    return path;
  }
}

function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
