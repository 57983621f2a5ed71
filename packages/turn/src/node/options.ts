import type { TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, Network } from '@kaon/interface/network/v1';
import type { Credential, OAuthOptions, TurnServerEvent } from '../server/index.ts';

/** How clients may come. */
export type ListenerProtocol = 'udp' | 'tcp' | 'tls' | 'dtls';

/** One port that clients come to. */
export interface ListenerOptions {
  readonly protocol: ListenerProtocol;
  /** Numeric address. Default: one listener for each address of this machine, link-local ones left out. */
  readonly address?: string | undefined;
  /** Default 3478, or 5349 for TLS and DTLS (RFC 8656 §3.1). 0: any free port. */
  readonly port?: number | undefined;
  /** Certificate chain in PEM, leaf first; needed for TLS and DTLS. */
  readonly certificate?: string | undefined;
  /** Its private key in PEM (PKCS #8). */
  readonly privateKey?: string | undefined;
}

/** What a server is told in plain data. Times in milliseconds unless said otherwise. */
export interface TurnServerSettings {
  /** Realm of the users (RFC 8489 §9.2), usually the domain. */
  readonly realm: string;
  /** Default: UDP and TCP on port 3478 of every address. */
  readonly listeners?: readonly ListenerOptions[] | undefined;
  /** Passwords by user name. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** Secrets of time-limited credentials, newest first; each of them is good. See `timeLimitedCredentials`. */
  readonly secrets?: readonly string[] | undefined;
  /** Tokens of an authorization server (RFC 7635). Default none. */
  readonly oauth?: OAuthOptions | undefined;
  /** Inclusive range of ports to relay from. Default 49152 to 65535 (RFC 8656 §7.2). */
  readonly relayPorts?: readonly [min: number, max: number] | undefined;
  /**
   * Numeric addresses to relay from, at most one of each family. Default: for each family the first address that is listened
   * on, loopback ones last.
   */
  readonly relayAddresses?: readonly string[] | undefined;
  /** What peers see instead of these, at most one of each family, where 1:1 NAT is in front. */
  readonly externalAddresses?: readonly string[] | undefined;
  /** Peers that may be reached although they are denied otherwise: an address, `A-B` or `A/BITS`. */
  readonly allowedPeers?: readonly string[] | undefined;
  /** Peers that must not be reached, besides those that never may: see the guide. */
  readonly deniedPeers?: readonly string[] | undefined;
  /** Whether TCP is relayed too (RFC 6062). Default false; not with several workers. */
  readonly tcpRelay?: boolean | undefined;
  /** Whether allocations may move to another client address (RFC 8016). Default false; not with several workers. */
  readonly mobility?: boolean | undefined;
  /** Whether Binding requests are answered. Default true. */
  readonly stunBinding?: boolean | undefined;
  /** Servers that clients are sent to instead, one after the other (ALTERNATE-SERVER); of the client's family. Default none. */
  readonly alternateServers?: readonly { readonly address: string; readonly port: number }[] | undefined;
  /** Whether answers name this software. Default true. */
  readonly announceSoftware?: boolean | undefined;
  /** How long a nonce is good. Default 600,000. */
  readonly nonceLifetime?: number | undefined;
  /** Longest lifetime of an allocation. Default 3,600,000. */
  readonly maxLifetime?: number | undefined;
  /**
   * What a UDP request gets that comes without credentials and is shorter than the answer would be. `shortest` (default): the
   * shortest answer possible, no more than `smallAnswersPerSecond` for each address. `full`: as `shortest`, with all attributes.
   * `nothing`: no answer at all; clients that do not pad their first request, such as browsers, cannot allocate over UDP.
   */
  readonly smallRequests?: 'shortest' | 'full' | 'nothing' | undefined;
  /** Answers longer than their requests that one address (IPv6: one /64) gets a second, twice as many at once. Default 50. */
  readonly smallAnswersPerSecond?: number | undefined;
  /** Allocations altogether. Default 10,000. */
  readonly maxAllocations?: number | undefined;
  /** Allocations of one user. Default: `maxAllocations`. */
  readonly maxAllocationsPerUser?: number | undefined;
  /** Allocations of one client address (IPv6: one /64). Default 1000. */
  readonly maxAllocationsPerAddress?: number | undefined;
  /** Permissions of one allocation. Default 128. */
  readonly maxPermissions?: number | undefined;
  /** Channels of one allocation, or connections of one that relays TCP. Default 128. */
  readonly maxChannels?: number | undefined;
  /** Payload in bytes per second that an allocation may carry, each way. Default: no limit. */
  readonly allocationBandwidth?: number | undefined;
  /** Payload in bytes per second that all allocations of a user may carry, each way. Default: no limit. */
  readonly userBandwidth?: number | undefined;
  /** TCP, TLS and DTLS connections of clients at the same time. Default 10,000. */
  readonly maxConnections?: number | undefined;
  /** The same from one address (IPv6: one /64). Default 1000. */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** How long a connection may be silent that has no allocation. Default 60,000. */
  readonly idleTimeout?: number | undefined;
}

/** Who asks to be let in. */
export interface AuthenticationRequest {
  readonly username: string;
  readonly realm: string;
  readonly remote: TransportAddress;
}

/** Options of `createTurnServer`. */
export interface CreateTurnServerOptions extends TurnServerSettings {
  /** Looks up a user that `users` does not have and who has no time-limited credential. Undefined: refused; so is one whose look-up fails. */
  readonly authenticate?:
    | ((request: AuthenticationRequest) => Credential | undefined | Promise<Credential | undefined>)
    | undefined;
  /** Whether a user may reach a peer, after the ranges. Not with several workers. Default: yes. */
  readonly permit?: ((username: string, peer: TransportAddress) => boolean) | undefined;
  /** Threads that share the ports (SO_REUSEPORT). Quotas are for each of them. Default 1: no thread is made. */
  readonly workers?: number | undefined;
  /** Where metrics are told over HTTP. Default: nowhere. */
  readonly metrics?: { readonly address?: string | undefined; readonly port?: number | undefined } | undefined;
  /** Told what happens to allocations. */
  readonly onEvent?: ((event: TurnServerEvent) => void) | undefined;
  /** Told what went wrong without ending the server, such as a socket that died or a look-up that failed. */
  readonly onError?: ((error: Error) => void) | undefined;
  /** Sockets. Default `nodeNetwork`. Not with several workers. */
  readonly network?: Network | undefined;
  /** Default `nodeClock`. Not with several workers. */
  readonly clock?: Clock | undefined;
  /** Default `nodeCrypto`. Not with several workers. */
  readonly crypto?: CryptoProvider | undefined;
}

/** What may change while a server runs; what is left out stays. */
export interface Reload {
  readonly users?: Readonly<Record<string, string>> | undefined;
  readonly secrets?: readonly string[] | undefined;
  /** For all TLS and DTLS listeners, with `privateKey`. Connections that are there keep the old one. */
  readonly certificate?: string | undefined;
  readonly privateKey?: string | undefined;
}

/** Where a server listens. */
export interface ListeningAddress extends TransportAddress {
  readonly protocol: ListenerProtocol;
}

/** Numbers since the start, and numbers of now, by name. */
export type Metrics = Readonly<Record<string, number>>;

/** A server that runs. It keeps the process alive until it is closed. */
export interface RunningTurnServer {
  readonly addresses: readonly ListeningAddress[];
  /** Where metrics are told, when they are. */
  readonly metricsAddress: TransportAddress | undefined;
  /** Summed over the workers. */
  metrics(): Promise<Metrics>;
  /** Takes on users, secrets and certificate. Rejects, and changes nothing, when the certificate cannot be used. */
  reload(change: Reload): Promise<void>;
  /**
   * Makes no more allocations, waits until the last has ended or `timeout` milliseconds are over (default: as long as it takes),
   * then closes.
   */
  drain(timeout?: number): Promise<void>;
  /** Closes everything at once; resolves when nothing is left. Idempotent. */
  close(): Promise<void>;
  /** Resolves when the server has ended: with undefined because it was closed, else with the reason. */
  readonly ended: Promise<Error | undefined>;
  [Symbol.asyncDispose](): Promise<void>;
}
