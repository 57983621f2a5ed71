/**
 * The shape of every sans-I/O state machine in Kaon.
 *
 * A core owns no socket, timer or clock. It is fed by `handle*`, drained by `poll*`, commanded by
 * plain verbs, and read by properties. The contract:
 *
 * 1. It reads no clock, randomness or environment: same inputs and seed, same outputs.
 * 2. `handle*` never throws for anything a peer can send. Misuse by the caller throws a coded error
 *    at once and changes nothing.
 * 3. `now` never goes back (a smaller value counts as the last one), and `pollTimeout()` is later
 *    than `now` right after `handleTimeout(now)`.
 * 4. Draining is never needed for correctness: undrained output waits, and it is bounded.
 * 5. Any method may be called from inside the loop that drains events.
 * 6. What `pollEvent` returns belongs to the caller for good, bytes included.
 * 7. After a terminal event (`closed`, `failed`) everything is a no-op and `pollTimeout()` is Infinity.
 */

/** Monotonic milliseconds; only differences mean anything. `Infinity` means never. */
export type Instant = number;

/** An IP address and port. Structurally what `node:dgram` reports, so a driver passes it through untouched. */
export interface TransportAddress {
  /** Numeric address without brackets; an IPv6 link-local address may carry its zone (`fe80::1%eth0`). */
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** 0 to 65535. */
  readonly port: number;
}

/** Route of one datagram. `local` names a socket that the driver owns. */
export interface Path {
  readonly protocol: 'udp' | 'tcp';
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
}

/** The two ECN bits of the IP header (RFC 3168 §5): 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE. */
export type EcnCodepoint = 0 | 1 | 2 | 3;

/** Caller-owned window for one outgoing datagram; its bytes live in `buffer[start, end)`. */
export interface TransmitSlot {
  readonly buffer: Uint8Array;
  /** First byte of the datagram. A lower layer that prepends a header moves this down. */
  start: number;
  /** One past the last byte of the datagram. */
  end: number;
  /** Nobody writes at or past it; it carries the path MTU. */
  limit: number;
  /** Where the datagram goes; set by the core that routes. */
  path: Path | undefined;
  /** ECN codepoint requested on send. */
  ecn: EcnCodepoint;
}

/** An event of a core: told apart by its literal `type`. */
export interface CoreEvent {
  readonly type: string;
}

/** A fatal outcome as it travels in `failed` events: an `Error` recognised by its `code`. */
export interface CodedError extends Error {
  readonly code: string;
}

/** A sans-I/O state machine; see the contract at the top of this module. */
export interface Core<E extends CoreEvent = CoreEvent> {
  /** Acts on every deadline at or before `now`. */
  handleTimeout(now: Instant): void;
  /** When `handleTimeout` wants to be called next; `Infinity` for never. */
  pollTimeout(): Instant;
  /** Writes the next outgoing packet into `slot` and returns true, or returns false when there is none now. */
  pollTransmit(slot: TransmitSlot, now: Instant): boolean;
  /** The next event, or undefined. Not polling is how a consumer applies back-pressure. */
  pollEvent(): E | undefined;
}

/** A core that reads datagrams off the network itself. */
export interface DatagramCore<E extends CoreEvent = CoreEvent> extends Core<E> {
  /** Takes one received datagram. The bytes change owner: the caller must not write to them again. */
  handleDatagram(bytes: Uint8Array, path: Path, now: Instant, ecn?: EcnCodepoint): void;
}
