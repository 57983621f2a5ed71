/** What may be set. */
import type { Instant, Path } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import type { LongTermCredentials, OAuthToken, StunCrypto } from '@kaon/stun';
import { TurnError } from './errors.ts';

/** What a `TurnClient` is made from. */
export interface TurnClientOptions {
  /** From our socket to the server. `tcp` for TCP and TLS: messages are sent once and ChannelData is padded. */
  readonly path: Path;
  /** For transaction ids. */
  readonly random: RandomSource;
  readonly now: Instant;
  /** A user name and password (RFC 8489 §9.2), or a token (RFC 7635). Default: none, which few servers take. */
  readonly credentials?: LongTermCredentials | OAuthToken | undefined;
  /** Families of the relayed addresses; `both` asks for one of each (RFC 8656 §7.1). Default `IPv4`. */
  readonly families?: 'IPv4' | 'IPv6' | 'both' | undefined;
  /** What the server speaks with peers: UDP, or TCP by RFC 6062, which needs a `tcp` path. Default `udp`. */
  readonly transport?: 'udp' | 'tcp' | undefined;
  /** Ask for an even relayed port, and with `reserve` to hold the next one back for another allocation. Default false. */
  readonly evenPort?: boolean | 'reserve' | undefined;
  /** Ask for a port that was held back: the 8 bytes that another client's `allocated` carried. */
  readonly reservationToken?: Uint8Array | undefined;
  /**
   * Ask that relayed datagrams be sent with the DF bit (RFC 8656 §14), in Send indications. A server that cannot is
   * asked again without. Default false.
   */
  readonly dontFragment?: boolean | undefined;
  /** Seconds that the allocation is asked to last between refreshes. Default: what the server has, 600. */
  readonly lifetime?: number | undefined;
  /** Ask for a ticket, so that `migrate` can move the allocation (RFC 8016). Default false. */
  readonly mobility?: boolean | undefined;
  /**
   * When a peer gets a channel: `data` with the first datagram that is no STUN message, so that checks of ICE take none;
   * `always` with the first datagram; `never` only by `prefer`. Default `data`.
   */
  readonly channels?: 'data' | 'always' | 'never' | undefined;
  /** Peer addresses kept at most, and with them permissions and channels; the one unused for longest gives way. Default 512, most 4,096. */
  readonly maxPeers?: number | undefined;
  /** Datagrams kept for each peer's address while its permission is being made; the oldest give way. Default 8. */
  readonly maxWaiting?: number | undefined;
  /** Received datagrams kept for `pollData`; further ones are dropped. Default 1,024. */
  readonly maxReceived?: number | undefined;
  /** Milliseconds without datagrams, either way, after which a permission or channel is no longer refreshed. Default 600,000. */
  readonly idleTimeout?: number | undefined;
  /** What to send as SOFTWARE. Default: nothing. */
  readonly software?: string | undefined;
  /** Pause before the first retransmission in ms. Default 500. */
  readonly rto?: number | undefined;
  /** How often a request is sent in all. Default 7. */
  readonly rc?: number | undefined;
  /** How many RTOs to wait after the last one. Default 16. */
  readonly rm?: number | undefined;
  /** Default `defaultCrypto` of @kaon/stun. */
  readonly crypto?: StunCrypto | undefined;
  readonly trace?: Trace | undefined;
}

/** Options with all defaults in place. */
export type Settings = Omit<TurnClientOptions, Defaulted> & {
  readonly [Name in Defaulted]: NonNullable<TurnClientOptions[Name]>;
};

type Defaulted = 'families' | 'transport' | 'channels' | 'maxPeers' | 'maxWaiting' | 'maxReceived' | 'idleTimeout';

/** Throws `TurnError` (`TURN_INVALID_ARGUMENT`) for what makes no sense. */
export function settings(options: TurnClientOptions): Settings {
  const { path, families = 'IPv4', transport = 'udp', evenPort = false, reservationToken, lifetime } = options;
  const { maxPeers = 512, maxWaiting = 8, maxReceived = 1024, idleTimeout = 600_000, channels = 'data' } = options;
  if (path.local.family !== path.remote.family) throw invalid('the two ends of the path are of different families');
  if (path.remote.port === 0) throw invalid('the server has no port');
  if (reservationToken !== undefined) {
    if (reservationToken.length !== 8) throw invalid('a reservation token has 8 bytes');
    // RFC 8656 §7.1: it stands for an address that exists already.
    if (evenPort !== false || families !== 'IPv4') throw invalid('a reservation token goes with no family or port');
  }
  if (families === 'both' && evenPort === 'reserve') throw invalid('a port is held back for one family only');
  if (transport === 'tcp') {
    if (path.protocol !== 'tcp') throw invalid('TCP allocations need a TCP connection to the server');
    if (evenPort !== false || reservationToken !== undefined || options.dontFragment) {
      throw invalid('evenPort, reservationToken and dontFragment are for UDP allocations');
    }
  }
  if (lifetime !== undefined && !(Number.isInteger(lifetime) && lifetime > 0 && lifetime <= 0xffffffff)) {
    throw invalid('lifetime must be a positive number of seconds');
  }
  if (!Number.isInteger(maxPeers) || maxPeers < 1 || maxPeers > 4096) throw invalid('maxPeers must be 1 to 4096');
  for (const [name, value] of Object.entries({ maxWaiting, maxReceived })) {
    if (!Number.isInteger(value) || value < 1) throw invalid(`${name} must be a positive integer`);
  }
  if (!(idleTimeout > 0)) throw invalid('idleTimeout must be positive');
  return { ...options, families, transport, channels, maxPeers, maxWaiting, maxReceived, idleTimeout };
}

function invalid(message: string): TurnError {
  return new TurnError('TURN_INVALID_ARGUMENT', message);
}
