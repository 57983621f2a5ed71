import type { Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider, RandomSource } from '@kaon/interface/crypto/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import type { StunCrypto } from '@kaon/stun';

/** What a `TurnServer` is made from. Times are in milliseconds, rates in bytes per second. */
export interface TurnServerOptions {
  /** The realm that users belong to (RFC 8489 §9.2). Short is good: it travels in every challenge. */
  readonly realm: string;
  /** Strong randomness for nonces, tokens and tickets. */
  readonly random: RandomSource;
  /** Addresses that relay sockets are bound to. A family that is not here cannot be asked for (440). */
  readonly relayAddress: AddressPerFamily;
  /** Addresses that peers reach these at, where a NAT translates one to one. Default: those of `relayAddress`. */
  readonly externalAddress?: AddressPerFamily | undefined;
  /** Inclusive range of relay ports. Default 49152 to 65535 (RFC 8656 §7.2). */
  readonly relayPorts?: readonly [min: number, max: number] | undefined;

  /**
   * Who may allocate: a function that knows at once, or `event` for `authenticate` events that are answered by `credential`.
   * Default: nobody, unless `secrets` or `oauth` says otherwise.
   */
  readonly authenticate?: 'event' | ((username: string, realm: string) => Credential | undefined) | undefined;
  /** Shared secrets of time-limited credentials, newest first: `timeLimitedCredentials`. Needs `wallClock`. Default: none. */
  readonly secrets?: readonly string[] | undefined;
  /** Tokens of an authorization server (RFC 7635). Needs `wallClock`, and `crypto` with AEAD. Default: none. */
  readonly oauth?: OAuthOptions | undefined;
  /** Milliseconds since the Unix epoch at `now`: what credentials expire by. */
  readonly wallClock?: ((now: Instant) => number) | undefined;
  /** How long a nonce is good. Default 600,000. */
  readonly nonceLifetime?: number | undefined;
  /**
   * Requests that may wait for `credential` at a time, with `authenticate: 'event'`, a sixteenth (8 at least) of one address;
   * further ones are dropped. Default 1024.
   */
  readonly maxAuthenticating?: number | undefined;
  /**
   * What a UDP request gets that comes without credentials and is shorter than the answer would be. `shortest` (default): the
   * shortest answer possible, no more than `smallAnswersPerSecond` for each address, without PASSWORD-ALGORITHMS. `full`: as
   * `shortest`, with all attributes. `nothing`: no answer at all; clients that do not pad their first request cannot allocate.
   */
  readonly smallRequests?: 'shortest' | 'full' | 'nothing' | undefined;
  /** Answers longer than their requests that one address (IPv6: one /64) gets a second, twice as many at once. Default 50. */
  readonly smallAnswersPerSecond?: number | undefined;

  /** Ranges that must not be relayed to, besides `DEFAULT_DENIED_PEERS`: addresses, CIDR, or `first-last`. */
  readonly deniedPeers?: readonly string[] | undefined;
  /** Ranges that may be relayed to although they are denied. */
  readonly allowedPeers?: readonly string[] | undefined;
  /** Whether this user may reach this peer, asked for what the ranges let through. Default: yes. */
  readonly permit?: ((username: string, peer: TransportAddress) => boolean) | undefined;

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
  /** Payload an allocation may carry, each way. What exceeds it, and a second's burst, is dropped. Default: no limit. */
  readonly allocationBandwidth?: number | undefined;
  /** Payload that all allocations of a user may carry, each way. Default: no limit. */
  readonly userBandwidth?: number | undefined;

  /** Lifetime when the client asks for less or nothing. Default 600,000. */
  readonly defaultLifetime?: number | undefined;
  /** Longest lifetime a client gets. Default 3,600,000. */
  readonly maxLifetime?: number | undefined;

  /** Answer Binding requests. Default true. */
  readonly stunBinding?: boolean | undefined;
  /** Where to send the client of an Allocate request instead (300). Default: nowhere. */
  readonly alternateServer?: ((request: AllocateRequest) => Alternate | undefined) | undefined;
  /** Let allocations follow their clients (RFC 8016). Default true. */
  readonly mobility?: boolean | undefined;
  /** Relay TCP too (RFC 6062). Default false. */
  readonly tcpRelay?: boolean | undefined;
  /** The driver can send datagrams that must not be fragmented: see `dontFragment`. Default false: asked for, answered with 420. */
  readonly dontFragment?: boolean | undefined;
  /** What to send as SOFTWARE. Default: nothing. */
  readonly software?: string | undefined;
  /** Relayed datagrams that may wait for `pollTransmit`; further ones are dropped. Default 1024. */
  readonly maxQueued?: number | undefined;
  /** Default `defaultCrypto` of `@kaon/stun`, without AEAD. */
  readonly crypto?: TurnServerCrypto | undefined;
  readonly trace?: Trace | undefined;
}

/** One address for each family that there is. */
export interface AddressPerFamily {
  readonly IPv4?: string | undefined;
  readonly IPv6?: string | undefined;
}

/** What proves a user: a password, or the keys made from it (`longTermKey`), so that the password need not be kept. */
export type Credential = PasswordCredential | KeyCredential;

/** A user by password. */
export interface PasswordCredential {
  readonly password: string;
  /** Name that quotas count for. Default: the username. */
  readonly user?: string | undefined;
}

/** A user by keys; only the algorithms with a key here are accepted. */
export interface KeyCredential {
  /** 16 bytes: MD5 of username, realm and password. */
  readonly md5Key?: Uint8Array | undefined;
  /** 32 bytes: SHA-256 of the same. */
  readonly sha256Key?: Uint8Array | undefined;
  /** Name that quotas count for. Default: the username. */
  readonly user?: string | undefined;
}

/** The slices of a crypto provider that a server needs; `aead` only for OAuth. */
export type TurnServerCrypto = StunCrypto & Partial<Pick<CryptoProvider, 'aead'>>;

/** Tokens of an authorization server (RFC 7635). */
export interface OAuthOptions {
  /** Name of this server as tokens are sealed for it, and as THIRD-PARTY-AUTHORIZATION names it. */
  readonly serverName: string;
  /** Keys shared with the authorization server; the client's USERNAME says which. */
  readonly keys: readonly OAuthKey[];
}

/** A key shared with the authorization server (RFC 7635 §4.1). */
export interface OAuthKey {
  /** Key id, which clients send as USERNAME. */
  readonly kid: string;
  /** 16 bytes for AES-128-GCM, 32 for AES-256-GCM. */
  readonly key: Uint8Array;
}

/** An Allocate request that a server may send elsewhere. */
export interface AllocateRequest {
  readonly username: string;
  readonly client: Path;
  readonly family: 'IPv4' | 'IPv6';
  readonly protocol: 'udp' | 'tcp';
}

/** Another server (RFC 8489 §10). */
export interface Alternate {
  /** Of the family of the client's own address. */
  readonly address: TransportAddress;
  /** Name that its TLS certificate is for. */
  readonly domain?: string | undefined;
}
