import type { CryptoProvider, RandomSource } from '@kaon/interface/crypto/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import { SctpError } from './errors.ts';

/** Bounds of the retransmission timeout, in ms (RFC 9260 §6.3). */
export interface RtoOptions {
  /** Before the first measurement. Default 500. */
  readonly initial?: number | undefined;
  /**
   * Default 100, well below the 1 s of the RFC: a lone packet asks for its SACK at once (I bit), so the delay of the
   * peer's SACK need not be waited for.
   */
  readonly min?: number | undefined;
  /** Default 10000. */
  readonly max?: number | undefined;
}

/** Path MTU discovery (RFC 8899). Sizes are those of SCTP packets, in bytes. */
export interface PathMtuOptions {
  /** What every path takes; packets begin with it and fall back to it. From 256. Default: `maxPacketSize`. */
  readonly min?: number | undefined;
  /** The largest packet to look for; `setPathMtuLimit` may bound it further. Default 16384: what a DTLS record carries. */
  readonly max?: number | undefined;
  /** `on`: larger packets are probed for, and used once the peer has acknowledged one. Default `off`. */
  readonly search?: 'off' | 'on' | undefined;
}

/** What one may set on an association. */
export interface AssociationOptions {
  /** Fills bytes for tags, initial TSNs and the cookie's key. */
  readonly random: RandomSource;
  /** Authenticates the state cookie with HMAC-SHA-256. Default: SipHash-2-4, keyed at random. */
  readonly mac?: CryptoProvider['mac'] | undefined;
  readonly trace?: Trace | undefined;
  /** SCTP ports, also for what `a=sctp-port` says. Default 5000. */
  readonly localPort?: number | undefined;
  readonly remotePort?: number | undefined;
  /** Bytes that one SCTP packet may have. Default 1163: 1200 less a DTLS record's 37. A slot's limit is kept as well. */
  readonly maxPacketSize?: number | undefined;
  /** Finds larger packets than `maxPacketSize`, where the path takes them. */
  readonly pathMtu?: PathMtuOptions | undefined;
  /** The largest message `write` takes, in bytes. Default 262144. */
  readonly maxMessageSize?: number | undefined;
  /** A larger incoming message ends the association, in bytes. Default 262144. */
  readonly maxReceiveMessageSize?: number | undefined;
  /** Bytes of received data that may wait here; the advertised window. Default 4 MiB. */
  readonly receiveWindow?: number | undefined;
  /** Bytes written and not yet sent beyond which `write` returns false. Default 16 MiB. */
  readonly sendQueueLimit?: number | undefined;
  /** Streams we ask for. Default 65535. */
  readonly outboundStreams?: number | undefined;
  /** Streams the peer may use. Default 65535. */
  readonly inboundStreams?: number | undefined;
  readonly rto?: RtoOptions | undefined;
  /** Retransmissions without any answer after which the peer counts as gone (RFC 9260 §8.1). Default 10. */
  readonly maxRetransmissions?: number | undefined;
  /** Retransmissions of INIT and COOKIE ECHO before giving up. Default 8. */
  readonly maxInitRetransmits?: number | undefined;
  /** Idle time between HEARTBEATs, in ms (RFC 9260 §8.3); Infinity for none. Default 30000. */
  readonly heartbeatInterval?: number | undefined;
  /** Longest delay of a SACK, in ms (RFC 9260 §6.2: at most 500). Default 200. */
  readonly sackDelay?: number | undefined;
  /** How long a state cookie is good for, in ms (RFC 9260 §5.1.3). Default 60000. */
  readonly cookieLifetime?: number | undefined;
  /** Packets that may leave at once beyond what an arriving SACK clocks out (RFC 9260 §6.1 D). Default 32. */
  readonly maxBurst?: number | undefined;
  /**
   * What the window does once a loss or a rising delay ended slow start. `newreno` grows by a packet a round trip
   * (RFC 9260 §7.2), `cubic` by the time since the last loss (RFC 9438). Default `cubic`.
   */
  readonly congestionControl?: 'cubic' | 'newreno' | undefined;
  /** Offers and accepts packets without CRC-32C, as DTLS protects them (RFC 9653). Default true. */
  readonly zeroChecksum?: boolean | undefined;
  /** Offers and accepts I-DATA, so that a large message does not block other streams (RFC 8260). Default true. */
  readonly interleaving?: boolean | undefined;
}

/** Options with every default filled in. */
export interface Settings {
  readonly random: RandomSource;
  readonly mac: CryptoProvider['mac'] | undefined;
  readonly trace: Trace | undefined;
  readonly localPort: number;
  readonly remotePort: number;
  readonly maxPacketSize: number;
  /** With `search` off `min` is `maxPacketSize`. */
  readonly pathMtu: { readonly min: number; readonly max: number; readonly search: boolean };
  readonly maxMessageSize: number;
  readonly maxReceiveMessageSize: number;
  readonly receiveWindow: number;
  readonly sendQueueLimit: number;
  readonly outboundStreams: number;
  readonly inboundStreams: number;
  readonly rtoInitial: number;
  readonly rtoMin: number;
  readonly rtoMax: number;
  readonly maxRetransmissions: number;
  readonly maxInitRetransmits: number;
  readonly heartbeatInterval: number;
  readonly sackDelay: number;
  readonly cookieLifetime: number;
  readonly maxBurst: number;
  readonly congestionControl: 'cubic' | 'newreno';
  readonly zeroChecksum: boolean;
  readonly interleaving: boolean;
}

/** Fills in defaults; throws SctpError `SCTP_BAD_OPTION` on a value out of range. */
export function settle(options: AssociationOptions): Settings {
  // Smaller packets would not hold an INIT ACK with its cookie.
  const maxPacketSize = integer('maxPacketSize', options.maxPacketSize, 1163, 256, 65535);
  const rtoMin = number('rto.min', options.rto?.min, 100, 1, 60_000);
  const rtoMax = number('rto.max', options.rto?.max, Math.max(10_000, rtoMin), rtoMin, 600_000);
  return {
    random: options.random,
    mac: options.mac,
    trace: options.trace,
    localPort: integer('localPort', options.localPort, 5000, 1, 65535),
    remotePort: integer('remotePort', options.remotePort, 5000, 1, 65535),
    maxPacketSize,
    pathMtu: pathMtu(options.pathMtu ?? {}, maxPacketSize),
    maxMessageSize: integer('maxMessageSize', options.maxMessageSize, 262_144, 1, 2 ** 31),
    maxReceiveMessageSize: integer('maxReceiveMessageSize', options.maxReceiveMessageSize, 262_144, 1, 2 ** 31),
    // RFC 9260 §3.3.2 wants at least 1500 in the INIT.
    receiveWindow: integer('receiveWindow', options.receiveWindow, 4 * 1024 * 1024, 1500, 2 ** 31),
    sendQueueLimit: integer('sendQueueLimit', options.sendQueueLimit, 16 * 1024 * 1024, 1, 2 ** 40),
    outboundStreams: integer('outboundStreams', options.outboundStreams, 65535, 1, 65535),
    inboundStreams: integer('inboundStreams', options.inboundStreams, 65535, 1, 65535),
    rtoInitial: number('rto.initial', options.rto?.initial, Math.min(Math.max(500, rtoMin), rtoMax), rtoMin, rtoMax),
    rtoMin,
    rtoMax,
    maxRetransmissions: integer('maxRetransmissions', options.maxRetransmissions, 10, 0, 1000),
    maxInitRetransmits: integer('maxInitRetransmits', options.maxInitRetransmits, 8, 0, 1000),
    heartbeatInterval: number('heartbeatInterval', options.heartbeatInterval, 30_000, 1, Number.POSITIVE_INFINITY),
    sackDelay: number('sackDelay', options.sackDelay, 200, 0, 500),
    cookieLifetime: number('cookieLifetime', options.cookieLifetime, 60_000, 1, Number.POSITIVE_INFINITY),
    maxBurst: integer('maxBurst', options.maxBurst, 32, 1, 65535),
    congestionControl: algorithm(options.congestionControl),
    zeroChecksum: options.zeroChecksum ?? true,
    interleaving: options.interleaving ?? true,
  };
}

function pathMtu({ min, max, search = 'off' }: PathMtuOptions, maxPacketSize: number): Settings['pathMtu'] {
  if (search !== 'off' && search !== 'on') {
    throw new SctpError('SCTP_BAD_OPTION', `pathMtu.search is off or on, not ${search}`);
  }
  const least = integer('pathMtu.min', min, maxPacketSize, 256, 65535);
  // Packets are made of words of four bytes.
  const most = integer('pathMtu.max', max, Math.max(16_384, least), least, 65535) & ~3;
  return search === 'on'
    ? { min: least, max: Math.max(most, least), search: true }
    : { min: maxPacketSize, max: maxPacketSize, search: false };
}

function algorithm(chosen: 'cubic' | 'newreno' = 'cubic'): 'cubic' | 'newreno' {
  if (chosen === 'cubic' || chosen === 'newreno') return chosen;
  throw new SctpError('SCTP_BAD_OPTION', `congestionControl must be cubic or newreno, not ${chosen}`);
}

function number(name: string, value: number | undefined, fallback: number, min: number, max: number): number {
  const chosen = value ?? fallback;
  if (!(chosen >= min && chosen <= max)) {
    throw new SctpError('SCTP_BAD_OPTION', `${name} must be from ${min} to ${max}, not ${chosen}`);
  }
  return chosen;
}

function integer(name: string, value: number | undefined, fallback: number, min: number, max: number): number {
  const chosen = number(name, value, fallback, min, max);
  if (!Number.isInteger(chosen)) throw new SctpError('SCTP_BAD_OPTION', `${name} must be whole, not ${chosen}`);
  return chosen;
}
