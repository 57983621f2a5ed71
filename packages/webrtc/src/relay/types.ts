import type { TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, Dialer, Network, UdpSocket } from '@kaon/interface/network/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import type { StunUri } from '@kaon/stun';

/** Access to a TURN server by a token (RFC 7635), as `RTCOAuthCredential` has it. */
export interface RelayToken {
  /** Key between this client and the server, base64. */
  readonly macKey: string;
  /** What the server decrypts, base64. */
  readonly accessToken: string;
}

/** One URL of a TURN server, with what it takes to be let in. */
export interface RelayServer {
  /** As the application wrote it: events carry it. */
  readonly url: string;
  readonly uri: StunUri;
  readonly username: string;
  /** A password, or a token together with the key identifier in `username`. */
  readonly credential: string | RelayToken;
}

/** A local address to reach servers from. */
export interface RelayBase {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Name of its interface. */
  readonly name: string;
}

/** The platform that relays use. */
export interface RelayEnvironment {
  readonly network: Network;
  readonly clock: Clock;
  readonly crypto: CryptoProvider;
}

/** What carries datagrams between us and a server. */
export type RelayProtocol = 'udp' | 'dtls' | 'tcp' | 'tls';

/** How servers are reached. */
export interface RelayOptions {
  /** Opens the TCP connections to servers, below TLS too: through a proxy, say. Default: `connectTcp` of the network. */
  readonly dialer?: Dialer | undefined;
  /** What `turns:` servers must show, over TLS and over DTLS. */
  readonly tls?:
    | {
        /** False: any certificate will do. Default true. */
        readonly verify?: boolean | undefined;
        /** Certificates in PEM that are trusted instead of the platform's. */
        readonly trustedCertificates?: readonly string[] | undefined;
      }
    | undefined;
  /** Families to use, towards servers and of relayed addresses. Default both. */
  readonly families?: readonly ('IPv4' | 'IPv6')[] | undefined;
  /** Lowest and highest local UDP port. Default: any. */
  readonly portRange?: readonly [min: number, max: number] | undefined;
  /** Largest UDP payload towards a server in bytes. Default 1200, and what TURN puts around it. */
  readonly mtu?: number | undefined;
  /** Milliseconds until a server that does not answer is given up, 100 to 60,000. Default 10,000. */
  readonly timeout?: number | undefined;
  /** Receives trace events. */
  readonly trace?: Trace | undefined;
}

/** What is known of a relayed socket besides its address. */
export interface RelayedAbout {
  /** URL of the server, as the application wrote it. */
  readonly url: string;
  readonly relayProtocol: RelayProtocol;
  /** Our address as the server sees it: the related address of the candidate. */
  readonly mapped: TransportAddress;
  /** The socket below: where we speak to the server from. */
  readonly base: TransportAddress;
  /** The server itself, after redirections. */
  readonly server: TransportAddress;
}

/** Why there is no relayed address, in the members of `RTCPeerConnectionIceErrorEvent` (W3C WebRTC §4.8.3). */
export interface RelayFailure {
  readonly url: string;
  /** Local address that was used; null before there was one. */
  readonly address: string | null;
  readonly port: number | null;
  /** STUN error code of the server, or 701: not reached, not found, not trusted. */
  readonly errorCode: number;
  readonly errorText: string;
}

/** Told what becomes of the servers; called only until `Relays.close`, and never from inside `openRelays`. */
export interface RelaySink {
  /** An allocation is there. The receiver owns the socket: closing it gives the allocation back. */
  relayed(socket: UdpSocket, about: RelayedAbout): void;
  /** An allocation was lost; its socket is closed. With `error` when there is a reason to tell. */
  gone(socket: UdpSocket, error?: Error): void;
  /** A server, from one local address, that gives nothing. */
  error(event: RelayFailure): void;
}

/** Relayed sockets on any number of servers. */
export interface Relays {
  /** Resolves when every server has given what it gives, or failed, or all was closed. Never rejects. */
  readonly settled: Promise<void>;
  /** Ends everything, sockets that were handed over too. Nothing is told any more. Idempotent. */
  close(): void;
}

/** The shape of `openRelays`. */
export type OpenRelays = (
  servers: readonly RelayServer[],
  bases: readonly RelayBase[],
  environment: RelayEnvironment,
  options: RelayOptions,
  sink: RelaySink,
) => Relays;
