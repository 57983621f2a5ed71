import { Connection, HelloVerifier, type LocalCertificate, type VerifiedHello } from '@kaon/dtls';
import type { Instant, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, ClockTimer, UdpSocket } from '@kaon/interface/network/v1';
import { equalBytes, formatAddress, Slot } from '@kaon/wire';
import { addressGroup } from '../address-group.ts';
import type { ClientConnection, ConnectionHost } from './connection.ts';

/** What `DtlsListener` needs. */
export interface DtlsListenerOptions {
  readonly socket: UdpSocket;
  readonly host: ConnectionHost;
  readonly clock: Clock;
  readonly crypto: CryptoProvider;
  readonly certificate: LocalCertificate;
}

/** Handshakes under way at the same time; the oldest gives way. Their addresses are real, nothing else is known of them. */
const MAX_HANDSHAKES = 1024;
/** The same of one address (IPv6: one /64), so that nobody pushes out all others. */
const MAX_HANDSHAKES_PER_ADDRESS = 128;
/** Bytes in front of and behind a message that a record needs at most. */
const RECORD_ROOM = 64;

/** DTLS on one UDP socket: a session for each remote whose cookie came back; nothing is kept of those who only say hello. */
export class DtlsListener {
  readonly local: TransportAddress;
  /** For new sessions; those under way keep theirs. */
  certificate: LocalCertificate;
  readonly #options: DtlsListenerOptions;
  readonly #sessions = new Map<string, DtlsSession>();
  readonly #handshakes = new Set<DtlsSession>();
  readonly #slot = new Slot(1500);
  readonly #verifier: HelloVerifier;
  #last: DtlsSession | undefined = undefined;

  constructor(options: DtlsListenerOptions) {
    this.#options = options;
    this.#verifier = new HelloVerifier(options.crypto);
    this.local = options.socket.local;
    this.certificate = options.certificate;
    options.socket.onDatagram = (bytes, remote) => this.receive(bytes, remote);
  }

  /** Clients that are connected, and those whose handshake is under way. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Closes all sessions with a word to their clients, then the socket. */
  close(): void {
    for (const session of [...this.#sessions.values()]) session.close();
    this.#options.socket.close();
  }

  /** Takes a datagram. The bytes change owner. */
  receive(bytes: Uint8Array, remote: TransportAddress): void {
    if (looksLikeClientHello(bytes) && !this.#hello(bytes, remote)) return;
    const last = this.#last;
    if (last !== undefined && last.remote.port === remote.port && last.remote.address === remote.address) {
      last.receive(bytes);
      return;
    }
    const session = this.#sessions.get(nameOf(remote));
    if (session === undefined) return;
    this.#last = session;
    session.receive(bytes);
  }

  /** Whether there is a session that this hello, or a part of it, is for. Makes one when the hello has its cookie. */
  #hello(bytes: Uint8Array, remote: TransportAddress): boolean {
    const { socket, clock } = this.#options;
    const slot = this.#slot;
    slot.reset();
    const hello = this.#verifier.handle(bytes, formatAddress(remote), slot, clock.now());
    if (hello === 'none') return true;
    if (hello === 'answered') {
      socket.send(slot.buffer, slot.start, slot.end, remote);
      return false;
    }
    const name = nameOf(remote);
    const former = this.#sessions.get(name);
    if (former !== undefined) {
      if (equalBytes(former.helloRandom, hello.random)) return true;
      // The client has begun anew on the same port, and has shown that it is there (RFC 6347 §4.2.8).
      former.close();
    }
    this.#accept(hello, remote, name);
    return true;
  }

  #accept(hello: VerifiedHello, given: TransportAddress, name: string): void {
    const { socket, host, clock, crypto } = this.#options;
    const { address, family, port } = given;
    const remote: TransportAddress = { address, family, port };
    const connection = new Connection({
      role: 'server',
      certificate: this.certificate,
      requestCertificate: false,
      verifiedHello: hello,
      verifyPeer: () => undefined,
      crypto,
      handshakeTimeout: 15_000,
      retransmissionTimeout: 500,
    });
    const session = new DtlsSession(connection, hello.random, socket, remote, this.#slot, clock, {
      input: (plaintext) => host.input(plaintext, session),
      connected: () => {
        this.#handshakes.delete(session);
        // Until then it counts for nobody: whoever hears what is sent to an address can ask for it.
        if (!host.connections.admits(remote)) return false;
        host.connections.add(session);
        return true;
      },
      over: () => {
        this.#handshakes.delete(session);
        this.#sessions.delete(name);
        if (this.#last === session) this.#last = undefined;
        if (host.connections.remove(session)) host.gone(session);
      },
    });
    this.#makeRoom(remote);
    this.#handshakes.add(session);
    this.#sessions.set(name, session);
  }

  /** For a handshake from this address. */
  #makeRoom({ address }: TransportAddress): void {
    const group = addressGroup(address);
    const same = [...this.#handshakes].filter((one) => addressGroup(one.remote.address) === group);
    if (same.length >= MAX_HANDSHAKES_PER_ADDRESS) same[0]?.close();
    else if (this.#handshakes.size >= MAX_HANDSHAKES) this.#handshakes.values().next().value?.close();
  }
}

interface SessionOwner {
  input(plaintext: Uint8Array): void;
  /** False: there are too many. */
  connected(): boolean;
  over(): void;
}

class DtlsSession implements ClientConnection {
  readonly protocol = 'udp';
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
  /** By which repetitions of its hello are known. */
  readonly helloRandom: Uint8Array;
  activeAt: Instant;
  allocated = false;
  readonly #connection: Connection;
  readonly #socket: UdpSocket;
  readonly #slot: Slot;
  readonly #clock: Clock;
  readonly #timer: ClockTimer;
  readonly #owner: SessionOwner;
  #isConnected = false;
  /** There were too many when it was connected. */
  #isRefused = false;
  #isOver = false;

  constructor(
    connection: Connection,
    helloRandom: Uint8Array,
    socket: UdpSocket,
    remote: TransportAddress,
    slot: Slot,
    clock: Clock,
    owner: SessionOwner,
  ) {
    this.#connection = connection;
    this.helloRandom = helloRandom;
    this.#socket = socket;
    this.local = socket.local;
    this.remote = remote;
    this.#slot = slot;
    this.#clock = clock;
    this.activeAt = clock.now();
    this.#owner = owner;
    this.#timer = clock.timer(() => {
      connection.handleTimeout(clock.now());
      this.#drain();
    });
  }

  receive(bytes: Uint8Array): void {
    const now = this.#clock.now();
    this.#connection.handleRecord(bytes, this, now);
    this.#drain();
  }

  transmit(slot: TransmitSlot, now: Instant): boolean {
    const connection = this.#connection;
    if (connection.state !== 'connected') return false;
    slot.limit = Math.min(slot.buffer.length, slot.end + RECORD_ROOM);
    try {
      connection.seal(slot, now);
    } catch {
      // Longer than a record can be, or 2^48 records later: this message is lost, and the end shows in the events.
      this.#drain();
      return false;
    }
    return this.#socket.send(slot.buffer, slot.start, slot.end, this.remote);
  }

  close(): void {
    this.#connection.close(this.#clock.now());
    this.#drain();
  }

  #drain(): void {
    if (this.#isOver) return;
    const connection = this.#connection;
    if (!this.#isConnected && connection.state === 'connected') {
      this.#isConnected = true;
      this.activeAt = this.#clock.now();
      this.#isRefused = !this.#owner.connected();
      if (this.#isRefused) connection.close(this.activeAt);
    }
    for (let plaintext = connection.pollPlaintext(); plaintext !== undefined; plaintext = connection.pollPlaintext()) {
      if (this.#isRefused) continue;
      this.activeAt = this.#clock.now();
      this.#owner.input(plaintext);
    }
    this.#flush();
    for (let event = connection.pollEvent(); event !== undefined; event = connection.pollEvent()) {
      if (event.type === 'closed' || event.type === 'failed') {
        this.#isOver = true;
        this.#timer.cancel();
        this.#owner.over();
        return;
      }
    }
    const at = connection.pollTimeout();
    if (at === Number.POSITIVE_INFINITY) this.#timer.cancel();
    else this.#timer.reset(at);
  }

  #flush(): void {
    const slot = this.#slot;
    slot.reset();
    while (this.#connection.pollTransmit(slot, this.#clock.now())) {
      this.#socket.send(slot.buffer, slot.start, slot.end, this.remote);
      slot.reset();
    }
  }
}

/** A handshake record (22) of the first epoch with a ClientHello (1), RFC 6347 §4.1 and §4.2.2; it may be a later fragment. */
function looksLikeClientHello(bytes: Uint8Array): boolean {
  return (
    bytes.length > 25 && bytes[0] === 22 && bytes[1] === 0xfe && bytes[3] === 0 && bytes[4] === 0 && bytes[13] === 1
  );
}

function nameOf({ address, port }: TransportAddress): string {
  return `${port} ${address}`;
}
