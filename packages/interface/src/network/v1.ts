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
  /**
   * Says that this remote may send something soon, so that what lies between lets it through: a TURN server needs a
   * permission. Purely an optimisation.
   */
  expect?(remote: TransportAddress): void;
  /**
   * What carries the datagrams, as in `Path`. Undefined: `udp`. With `tcp` each datagram is a frame of a stream to its
   * remote (RFC 4571), which the socket opens and closes by itself.
   */
  readonly protocol?: 'udp' | 'tcp' | undefined;
}

/** A connected stream of bytes: TCP, or TLS over it. */
export interface ByteStream {
  readonly interface: 'kaon:byte-stream/1';
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
  /** Sends `buffer[start, end)`. The bytes may be reused when it returns. False: the stream is closed, nothing was taken. */
  write(buffer: Uint8Array, start: number, end: number): boolean;
  /** Bytes written that the platform has not passed on yet. Unbounded: whoever writes looks at it. */
  readonly bufferedAmount: number;
  /** Called with what arrived, in pieces of any length; the bytes belong to the callee. What comes before it is set waits. */
  onData: ((bytes: Uint8Array) => void) | undefined;
  /** Called when `bufferedAmount` has come down to 0. */
  onDrain: (() => void) | undefined;
  /** Called once when the peer ended the stream or it broke, with the reason where there is one. Nothing follows. */
  onClose: ((error: Error | undefined) => void) | undefined;
  /** Sends what was written and ends the stream. Idempotent; no callback follows. */
  close(): void;
}

/** A bound socket that takes streams. */
export interface StreamListener {
  readonly interface: 'kaon:stream-listener/1';
  /** Where it is bound, with the real port. */
  readonly local: TransportAddress;
  /** Called for each stream; the callee owns it. Under TLS, once its handshake is through. */
  onStream: ((stream: ByteStream) => void) | undefined;
  /** Called when the listener died by itself. */
  onError: ((error: Error) => void) | undefined;
  /** Takes no more streams; those it gave out live on. Idempotent; no callback follows. */
  close(): void;
}

/** What gives up something that takes time: an `AbortSignal`, as far as it is needed. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Options of `connectTcp`, and of a dialer that stands in for it, such as one that goes through a proxy. */
export interface ConnectOptions {
  readonly remote: TransportAddress;
  /** Name that `remote` was resolved from, for proxies that would rather resolve it themselves. */
  readonly hostname?: string | undefined;
  /** Numeric address, and port, to connect from. Default: any. */
  readonly local?: { readonly address: string; readonly port?: number | undefined } | undefined;
  /** Milliseconds until it is given up. Default 10,000. */
  readonly timeout?: number | undefined;
  /** Gives it up at once: it rejects, and nothing of it is left. */
  readonly signal?: AbortSignalLike | undefined;
}

/** Opens streams: `Network.connectTcp`, or what an application puts in its place. */
export type Dialer = (options: ConnectOptions) => Promise<ByteStream>;

/** What a TLS client trusts. */
export interface TlsClientOptions {
  /** Name that the certificate must be for, sent as SNI (RFC 6066 §3). A numeric address is compared and not sent. */
  readonly hostname: string;
  /** Certificates in PEM that are trusted instead of the platform's. */
  readonly trustedCertificates?: readonly string[] | undefined;
  /** False: any certificate will do. Default true. */
  readonly verify?: boolean | undefined;
  /** Milliseconds the handshake may take. Default 10,000. */
  readonly timeout?: number | undefined;
  /** Gives the handshake up at once: it rejects, and the stream is closed. */
  readonly signal?: AbortSignalLike | undefined;
}

/** What a TLS server shows: certificate chain, leaf first, and private key, in PEM. */
export interface TlsServerOptions {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Options of `listenTcp`. */
export interface ListenOptions extends BindOptions {
  /** Streams are TLS. Default: plain TCP. */
  readonly tls?: TlsServerOptions | undefined;
}

/** Options of `bindMulticast`. */
export interface MulticastOptions {
  /** Group address, such as 224.0.0.251. */
  readonly group: string;
  /** Port to bind to and share with others of this machine, such as 5353. */
  readonly port: number;
  /** Numeric address, of the group's family, of the interface to join on and to send from; zone included where there is one. */
  readonly interfaceAddress: string;
}

/** One address of one interface. */
export interface InterfaceAddress {
  /** `eth0`, `lo`. */
  readonly name: string;
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Loopback, link-local and so on are left to the reader, apart from this flag of the interface. */
  readonly internal: boolean;
  /** Bytes of the largest IP packet that leaves in one piece, where the platform knows it. */
  readonly mtu?: number | undefined;
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
  /**
   * Share the port with other sockets that ask for the same (SO_REUSEPORT): the kernel spreads remotes over them.
   * Rejects where the platform cannot. Default false.
   */
  readonly reusePort?: boolean | undefined;
}

/** Sockets, names and interfaces. */
export interface Network {
  readonly interface: 'kaon:network/1';
  interfaces(): readonly InterfaceAddress[];
  /** Rejects when the address cannot be bound or no port is free. */
  bindUdp(options: BindOptions): Promise<UdpSocket>;
  /** Numeric addresses of a host name, in the platform's order. Rejects when there are none. */
  resolve(hostname: string, family?: 'IPv4' | 'IPv6'): Promise<readonly TransportAddress['address'][]>;
  /** Rejects, with the platform's reason, when there is no connection within the time. Absent: no TCP on this platform. */
  connectTcp?(options: ConnectOptions): Promise<ByteStream>;
  /** Rejects when the address cannot be bound. */
  listenTcp?(options: ListenOptions): Promise<StreamListener>;
  /**
   * Begins TLS as the client on a stream, which it takes over: no callback of that stream is called any more. Rejects, and
   * closes the stream, when the handshake fails or the certificate does not verify; `code` is the platform's, such as
   * `DEPTH_ZERO_SELF_SIGNED_CERT`.
   */
  startTls?(stream: ByteStream, options: TlsClientOptions): Promise<ByteStream>;
  /** Joins a multicast group. The socket gets unicast to its port as well; it does not hear itself unless the platform must. */
  bindMulticast?(options: MulticastOptions): Promise<UdpSocket>;
  /** Calls back, a little later, when `interfaces()` has changed. Does not keep the process alive. Returns what ends it. */
  watchInterfaces?(onChange: () => void): () => void;
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
