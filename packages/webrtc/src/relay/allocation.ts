import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import type { ClockTimer } from '@kaon/interface/network/v1';
import type { LongTermCredentials, OAuthToken } from '@kaon/stun';
import { TurnClient, type TurnClientEvent } from '@kaon/turn';
import { Slot } from '@kaon/wire';
import type { Carrier } from './carrier.ts';
import { RelayedSocket } from './relayed-socket.ts';
import type { RelayEnvironment, RelayOptions } from './types.ts';

/** What an allocation tells. `redirected`, `failed` and `lost` come once at most, and last. */
export interface AllocationSink {
  allocated(sockets: readonly RelayedSocket[], mapped: TransportAddress): void;
  /** The server wants us to ask another one. */
  redirected(server: TransportAddress, domain: string | undefined): void;
  /** There was no allocation. */
  failed(error: Error): void;
  /** There is none any more. The sockets are closed. */
  lost(sockets: readonly RelayedSocket[], error: Error): void;
}

/** What an allocation is made from. */
export interface AllocationOptions {
  readonly carrier: Carrier;
  readonly credentials: LongTermCredentials | OAuthToken;
  readonly families: 'IPv4' | 'IPv6' | 'both';
  readonly environment: RelayEnvironment;
  readonly options: RelayOptions;
  readonly sink: AllocationSink;
}

/** A `TurnClient` on its carrier, and the sockets of what it allocates. */
export class Allocation {
  readonly #carrier: Carrier;
  readonly #environment: RelayEnvironment;
  readonly #sink: AllocationSink;
  readonly #client: TurnClient;
  readonly #timer: ClockTimer;
  #slot: Slot;
  /** Bytes of the largest datagram that the slot has room for. */
  #most: number;
  /** Nobody set a size: what left over another path in larger packets may still be sent again here. */
  readonly #mayGrow: boolean;
  #sockets: readonly RelayedSocket[] = [];
  /** Those that have not been closed. */
  #open = 0;
  #state: 'allocating' | 'allocated' | 'closing' | 'over' = 'allocating';
  #armedFor: Instant = Number.POSITIVE_INFINITY;
  #lingerUntil: Instant = Number.POSITIVE_INFINITY;
  #pumping = false;

  constructor({ carrier, credentials, families, environment, options, sink }: AllocationOptions) {
    const { clock, crypto } = environment;
    this.#carrier = carrier;
    this.#environment = environment;
    this.#sink = sink;
    this.#mayGrow = options.mtu === undefined;
    this.#most = options.mtu ?? DEFAULT_MTU;
    this.#slot = this.#slotFor(this.#most);
    this.#client = new TurnClient({
      path: carrier.path,
      credentials,
      families,
      random: crypto.random,
      crypto,
      trace: options.trace,
      now: clock.now(),
    });
    this.#timer = clock.timer(() => this.#timeout());
    carrier.onReceive = (bytes) => this.#received(bytes);
    carrier.onLost = (error) => this.#ended(error);
    this.#pump();
  }

  /** Gives the allocation back to the server and the sockets up. Nothing is told any more. Idempotent. */
  close(): void {
    if (this.#state === 'closing' || this.#state === 'over') return;
    this.#state = 'closing';
    for (const socket of this.#sockets) socket.close();
    const now = this.#environment.clock.now();
    this.#lingerUntil = now + LINGER;
    this.#client.close(now);
    this.#pump();
  }

  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress): boolean {
    if (this.#state !== 'allocated') return false;
    const now = this.#environment.clock.now();
    if (this.#mayGrow && end - start > this.#most && end - start <= LARGEST) this.#setMost(end - start);
    const slot = this.#fresh();
    const result = this.#client.wrap(remote, buffer, start, end, slot, now);
    const sent = result === 'written' ? this.#carrier.send(slot, false) : result === 'waiting';
    // A permission or a channel may have been asked for.
    if (!this.#pumping) this.#transmit(now);
    return sent;
  }

  get receiveBufferSize(): number | undefined {
    return this.#carrier.receiveBufferSize;
  }

  prefer(remote: TransportAddress): void {
    if (this.#state !== 'allocated') return;
    this.#client.prefer(remote, this.#environment.clock.now());
    this.#pump();
  }

  expect(remote: TransportAddress): void {
    if (this.#state !== 'allocated') return;
    this.#client.expect(remote, this.#environment.clock.now());
    this.#pump();
  }

  /** One of the sockets was closed: with the last one the allocation goes. */
  closed(): void {
    if (--this.#open === 0) this.close();
  }

  #received(bytes: Uint8Array): void {
    if (this.#state === 'over') return;
    const now = this.#environment.clock.now();
    const { path } = this.#carrier;
    if (path.protocol === 'tcp') this.#client.handleStream(bytes, now);
    else this.#client.handleDatagram(bytes, path, now);
    for (let data = this.#client.pollData(); data !== undefined; data = this.#client.pollData()) {
      for (const socket of this.#sockets) {
        if (socket.local.family === data.peer.family) socket.onDatagram?.(data.bytes, data.peer, 0);
      }
    }
    // ChannelData is all there is to most of what comes by far, and nothing follows from it (RFC 8656 §12.4).
    if (path.protocol === 'tcp' || (bytes[0] ?? 0) < 0x40) this.#pump();
  }

  #timeout(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#environment.clock.now();
    if (now >= this.#lingerUntil) {
      // The server has had its time to confirm.
      this.#end();
      return;
    }
    this.#client.handleTimeout(now);
    this.#pump();
  }

  /** Gives out what the client has to send and to say. What it says may end it, or call back into here. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      const now = this.#environment.clock.now();
      this.#transmit(now);
      for (let event = this.#client.pollEvent(); event !== undefined; event = this.#client.pollEvent()) {
        this.#event(event);
        if (this.#isOver) return;
        this.#transmit(now);
      }
    } finally {
      this.#pumping = false;
    }
  }

  get #isOver(): boolean {
    return this.#state === 'over';
  }

  #event(event: TurnClientEvent): void {
    switch (event.type) {
      case 'allocated':
        this.#allocated(event.relayed, event.mapped);
        break;
      case 'redirected':
        this.#end();
        this.#sink.redirected(event.server, event.domain);
        break;
      case 'failed':
        this.#ended(event.error);
        break;
      case 'closed':
        this.#end();
        break;
    }
  }

  #allocated(relayed: readonly TransportAddress[], mapped: TransportAddress): void {
    if (this.#state !== 'allocating') return;
    this.#state = 'allocated';
    this.#sockets = relayed.map((local) => new RelayedSocket(local, this));
    this.#open = this.#sockets.length;
    this.#sink.allocated(this.#sockets, mapped);
  }

  #ended(error: Error): void {
    const wasAllocated = this.#state === 'allocated';
    const isTold = wasAllocated || this.#state === 'allocating';
    this.#end();
    for (const socket of this.#sockets) socket.close();
    if (!isTold) return;
    if (wasAllocated) this.#sink.lost(this.#sockets, error);
    else this.#sink.failed(error);
  }

  #end(): void {
    this.#state = 'over';
    this.#timer.cancel();
    this.#carrier.onReceive = undefined;
    this.#carrier.onLost = undefined;
    this.#carrier.close();
  }

  #transmit(now: Instant): void {
    if (this.#isOver) return;
    for (let slot = this.#fresh(); this.#client.pollTransmit(slot, now); slot = this.#fresh()) {
      this.#carrier.send(slot, true);
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#isOver) return;
    const at = Math.min(this.#client.pollTimeout(), this.#lingerUntil);
    if (at === this.#armedFor) return;
    this.#armedFor = at;
    this.#timer.reset(at);
  }

  #setMost(bytes: number): void {
    this.#most = bytes;
    this.#slot = this.#slotFor(bytes);
  }

  #slotFor(bytes: number): Slot {
    return new Slot(bytes + OVERHEAD + this.#carrier.tailroom, this.#carrier.headroom);
  }

  /** The slot, empty, with the room kept free that the carrier needs. */
  #fresh(): Slot {
    const slot = this.#slot;
    slot.reset();
    slot.limit -= this.#carrier.tailroom;
    return slot;
  }
}

/** Largest datagram to and from peers, in bytes: what the stack writes (RFC 8831 §5). */
const DEFAULT_MTU = 1200;
/** Bytes of a DTLS record, and what any cipher suite puts around it. */
const LARGEST = 16_384 + 64;
/** A Send indication to an IPv6 peer has 52 bytes around its data at most (RFC 8656 §10.1, RFC 8489 §14). */
const OVERHEAD = 64;
/** Milliseconds that a server may take to confirm that an allocation is given back. */
const LINGER = 1000;
