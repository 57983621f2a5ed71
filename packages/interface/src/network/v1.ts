/** What the assembled stack needs from a platform: sockets, names, interfaces and time. */
import type { EcnCodepoint, Instant, TransportAddress } from '../core/v1.ts';

/** A bound UDP socket. */
export interface UdpSocket {
  readonly interface: 'kaon:udp-socket/1';
  /** Where it is bound, with the real port. */
  readonly local: TransportAddress;
  /**
   * Sends `buffer[start, end)`. The bytes may be reused when it returns. False: the datagram could not be
   * sent now and is lost, as on any network. Never throws for a network's reasons; a no-op after close.
   */
  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress, ecn?: EcnCodepoint): boolean;
  /** Called for each datagram; the bytes belong to the callee. */
  onDatagram: ((bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint) => void) | undefined;
  /** Called when the socket died by itself. Refused or unreachable destinations are not reported. */
  onError: ((error: Error) => void) | undefined;
  /** Closes at once. Idempotent; no callback follows. */
  close(): void;
  /** Size of the kernel's receive buffer in bytes where it can be known: windows should fit in it. */
  readonly receiveBufferSize?: number | undefined;
  /** Tells the platform which remote most datagrams go to, so that it can take a faster path. Purely an optimisation. */
  prefer?(remote: TransportAddress): void;
}

/** One address of one interface. */
export interface InterfaceAddress {
  /** `eth0`, `lo`. */
  readonly name: string;
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Loopback, link-local and so on are left to the reader, apart from this flag of the interface. */
  readonly internal: boolean;
  /** Kind of network where the platform knows it. */
  readonly type?: 'ethernet' | 'wifi' | 'cellular' | 'vpn' | 'loopback' | 'unknown' | undefined;
}

/** Options of `bindUdp`. */
export interface BindOptions {
  /** Numeric address to bind to. */
  readonly address: string;
  /** 0 or undefined: any free port. */
  readonly port?: number | undefined;
  /** Inclusive range to take a free port from; excludes `port`. */
  readonly portRange?: readonly [min: number, max: number] | undefined;
}

/** Sockets, names and interfaces. */
export interface Network {
  readonly interface: 'kaon:network/1';
  interfaces(): readonly InterfaceAddress[];
  /** Rejects when the address cannot be bound or no port is free. */
  bindUdp(options: BindOptions): Promise<UdpSocket>;
  /** Numeric addresses of a host name, in the platform's order. Rejects when there are none. */
  resolve(hostname: string, family?: 'IPv4' | 'IPv6'): Promise<readonly TransportAddress['address'][]>;
}

/** A pending callback of a `Clock`. */
export interface ClockTimer {
  /** Moves the callback to `at`; also re-arms a timer that has fired or was cancelled. */
  reset(at: Instant): void;
  cancel(): void;
}

/** Time, and the turns of an event loop. Timers and deferred calls of a real clock keep the process alive unless said otherwise. */
export interface Clock {
  readonly interface: 'kaon:clock/1';
  now(): Instant;
  /** Milliseconds since the Unix epoch that correspond to `now`, for timestamps shown to users. */
  wallClock(): number;
  /** A timer that is not armed yet. */
  timer(callback: () => void): ClockTimer;
  /** Runs `callback` once after the input of this turn of the event loop has been taken in. */
  defer(callback: () => void): void;
}
