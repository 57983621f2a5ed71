import { Connection, type DtlsCrypto } from '@kaon/dtls';
import type { Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { Clock, ClockTimer, UdpSocket } from '@kaon/interface/network/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import { addressFamily, Slot, sameAddress } from '@kaon/wire';
import type { Carrier } from './carrier.ts';

/** What a DTLS connection to a server is made from. */
export interface DtlsCarrierOptions {
  readonly socket: UdpSocket;
  readonly server: TransportAddress;
  /** Name or address that the server was found by. */
  readonly name: string;
  readonly clock: Clock;
  readonly crypto: DtlsCrypto;
  /** Milliseconds for the handshake. */
  readonly timeout: number;
  readonly trace?: Trace | undefined;
}

/** Datagrams under DTLS, as a client that shows no certificate. */
export class DtlsCarrier implements Carrier {
  readonly protocol = 'dtls';
  readonly path: Path;
  onReceive: ((bytes: Uint8Array) => void) | undefined = undefined;
  onLost: ((error: Error) => void) | undefined = undefined;
  /** Called when the handshake is through, with the chain that the server showed: who it is has not been looked at. */
  onConnected: ((chain: readonly Uint8Array[]) => void) | undefined = undefined;
  readonly #socket: UdpSocket;
  readonly #clock: Clock;
  readonly #timer: ClockTimer;
  readonly #connection: Connection;
  readonly #slot = new Slot(1280);
  #closed = false;

  constructor({ socket, server, name, clock, crypto, timeout, trace }: DtlsCarrierOptions) {
    this.#socket = socket;
    this.#clock = clock;
    this.path = { protocol: 'udp', local: socket.local, remote: server };
    this.#connection = new Connection({
      role: 'client',
      // Certificates of servers are verified by asynchronous means, after the handshake and before anything else.
      verifyPeer: () => undefined,
      crypto,
      handshakeTimeout: timeout,
      serverName: addressFamily(name) === undefined ? name : undefined,
      ...(trace !== undefined && { trace }),
    });
    this.#timer = clock.timer(() => {
      this.#connection.handleTimeout(clock.now());
      this.#pump();
    });
    socket.onDatagram = (bytes, remote) => {
      if (!sameAddress(remote, server)) return;
      this.#connection.handleRecord(bytes, this.path, clock.now());
      this.#pump();
    };
    socket.onError = (error) => this.#lost(error);
    socket.prefer?.(server);
  }

  get headroom(): number {
    return this.#connection.headroom;
  }

  get tailroom(): number {
    return this.#connection.tailroom;
  }

  get receiveBufferSize(): number | undefined {
    return this.#socket.receiveBufferSize;
  }

  /** Begins the handshake. */
  start(): void {
    this.#connection.start(this.#clock.now());
    this.#pump();
  }

  send(slot: TransmitSlot): boolean {
    if (this.#connection.state !== 'connected') return false;
    slot.limit = slot.buffer.length;
    this.#connection.seal(slot, this.#clock.now());
    return this.#socket.send(slot.buffer, slot.start, slot.end, this.path.remote);
  }

  close(): void {
    if (this.#closed) return;
    this.#connection.close(this.#clock.now());
    this.#transmit();
    this.#end();
  }

  #pump(): void {
    if (this.#closed) return;
    const connection = this.#connection;
    this.#transmit();
    for (let event = connection.pollEvent(); event !== undefined; event = connection.pollEvent()) {
      if (event.type === 'connected') this.onConnected?.(connection.peerCertificate?.chain ?? []);
      else if (event.type === 'failed') this.#lost(event.error);
      else if (event.type === 'closed') this.#lost(new Error('the server closed the connection'));
      if (this.#closed) return;
    }
    for (let bytes = connection.pollPlaintext(); bytes !== undefined; bytes = connection.pollPlaintext()) {
      this.onReceive?.(bytes);
      if (this.#closed) return;
    }
    this.#timer.reset(connection.pollTimeout());
  }

  #transmit(): void {
    const slot = this.#slot;
    for (slot.reset(); this.#connection.pollTransmit(slot, this.#clock.now()); slot.reset()) {
      this.#socket.send(slot.buffer, slot.start, slot.end, this.path.remote);
    }
  }

  #lost(error: Error): void {
    const { onLost } = this;
    this.#end();
    onLost?.(error);
  }

  #end(): void {
    this.#closed = true;
    this.#timer.cancel();
    this.#socket.close();
    this.onReceive = undefined;
    this.onLost = undefined;
    this.onConnected = undefined;
  }
}
