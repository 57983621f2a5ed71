import type { AddressRewrite, Candidate, TcpType } from '@kaon/ice';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, InterfaceAddress, Network } from '@kaon/interface/network/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import type { MediaOptions } from './media/options.ts';
import type { AttachableMux } from './mux/types.ts';
import type { RelayOptions } from './relay/types.ts';

/** What Kaon lets you set beyond the standard, under the key `kaon` of `RTCConfiguration`. All of it is fixed at construction. */
export interface KaonOptions {
  /** Sockets, names and interfaces. Default: those of the process. */
  readonly network?: Network | undefined;
  /** Time. Default: that of the process. */
  readonly clock?: Clock | undefined;
  /** Cryptography. Default: the platform's, accelerated. */
  readonly crypto?: CryptoProvider | undefined;
  /** Makes host candidates of loopback addresses, too. Default false: only when the machine has no other address. */
  readonly includeLoopback?: boolean | undefined;
  /** Addresses to bind to instead of those of all interfaces. */
  readonly bindAddresses?: readonly string[] | undefined;
  /** Lowest and highest UDP port to bind to. Default: any. */
  readonly portRange?: readonly [min: number, max: number] | undefined;
  /** Which addresses of which interfaces to bind to; `internal` tells loopback. */
  readonly interfaceFilter?: ((address: InterfaceAddress) => boolean) | undefined;
  /** Which families to use. Default both. */
  readonly families?: readonly ('IPv4' | 'IPv6')[] | undefined;
  /**
   * Kinds of TCP candidates to gather (RFC 6544 §4.5). `active` connects to peers that listen, `passive` listens, `so` does
   * both at once, for peers behind NATs. Default `['active']`, as browsers; an empty list is UDP alone.
   */
  readonly tcpCandidates?: readonly TcpType[] | undefined;
  /** Lowest and highest TCP port to listen on. Default: any. */
  readonly tcpPortRange?: readonly [min: number, max: number] | undefined;
  /** A UDP port shared with other connections, in place of ports of its own. See `UdpMux`. */
  readonly udpMux?: AttachableMux | undefined;
  /** A TCP port shared with other connections, in place of passive candidates of its own. See `TcpMux`. */
  readonly tcpMux?: AttachableMux | undefined;
  /**
   * Be an ICE-lite agent (RFC 8445 §2.5): a server at a public address that answers checks and makes none. Host candidates
   * only; `iceServers` are not used.
   */
  readonly iceLite?: boolean | undefined;
  /** Move to a better pair whenever there is one, with peers that can (draft-thatcher-ice-renomination). Default false. */
  readonly renomination?: boolean | undefined;
  /** Watch the interfaces, and gather on those that come while the connection lasts. Default false: only ICE restarts look again. */
  readonly continualGathering?: boolean | undefined;
  /** Other addresses to tell the peer, such as the public one of a machine behind a one-to-one NAT. */
  readonly addressRewrites?: readonly AddressRewrite[] | undefined;
  /** What traffic over an interface costs, 0 to 999; undefined: by its type. Dear ones are avoided, by both ends. */
  readonly networkCost?:
    | ((network: Pick<InterfaceAddress, 'name' | 'address' | 'type'>) => number | undefined)
    | undefined;
  /**
   * Names in the place of addresses (draft-ietf-mmusic-mdns-ice-candidates). `resolve` looks up the peer's `.local` names,
   * `hide` also gives our own host addresses such names, `off` does neither. Default `resolve`.
   */
  readonly mdns?: 'resolve' | 'hide' | 'off' | undefined;
  /** How TURN servers are reached: proxy, certificates, timeouts. */
  readonly relay?: Pick<RelayOptions, 'dialer' | 'tls' | 'timeout'> | undefined;
  /**
   * False: take any certificate of the peer, and leave it to the application to check who it is by
   * `RTCDtlsTransport.getRemoteCertificates`, as libp2p does. Default true.
   */
  readonly verifyFingerprints?: boolean | undefined;
  /** Which local candidates to use and to signal. A host address that is refused still serves to find reflexive ones. */
  readonly candidateTypes?: readonly Candidate['type'][] | undefined;
  /** Which remote addresses to send to, by their text. */
  readonly remoteAddressFilter?: ((address: string) => boolean) | undefined;
  /** Longest message in bytes that we take, announced to the peer as `a=max-message-size`. Default 262144, at most 2^30. */
  readonly maxMessageSize?: number | undefined;
  /** Bytes that may wait to be sent, over all channels, before `send` throws OperationError. Default 16 MiB. */
  readonly sendBufferSize?: number | undefined;
  /**
   * Bytes of received messages, over all channels, that may wait before the peer is told to stop. Default: what the
   * kernel's receive buffers hold, from 512 KiB to 1 MiB.
   */
  readonly receiveBufferSize?: number | undefined;
  /** Largest UDP payload in bytes, 576 to 65507; with `pathMtu: 'auto'` what every path takes. Default 1200. */
  readonly mtu?: number | undefined;
  /**
   * `auto`: data channels use larger packets where the path takes them, up to 16 KiB to peers on this machine (RFC 8899).
   * `fixed`: never more than `mtu`. Default `auto`, and `fixed` where `mtu` is given.
   */
  readonly pathMtu?: 'auto' | 'fixed' | undefined;
  /** Milliseconds between connectivity checks. Default 50. */
  readonly checkInterval?: number | undefined;
  /** Milliseconds without an answer after which the connection is `disconnected`. Default 5000. */
  readonly disconnectedTimeout?: number | undefined;
  /** Milliseconds without consent after which the connection is `failed` (RFC 7675 §5.1). Default 30000. */
  readonly failedTimeout?: number | undefined;
  /** Milliseconds to wait for candidates of the peer before ICE fails (RFC 8863). Default 39500. */
  readonly patience?: number | undefined;
  /** How media is sent and received. */
  readonly media?: MediaOptions | undefined;
  /** Receives NSS key log lines (SSLKEYLOGFILE). They are secrets. What it throws is ignored. */
  readonly keyLog?: ((line: string) => void) | undefined;
  /** Receives the trace events of all layers. What it throws is ignored. */
  readonly trace?: Trace | undefined;
}
