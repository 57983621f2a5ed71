/**
 * What is answered to requests. Who has not proven an address gets no more bytes than they sent, with the exceptions that STUN
 * makes necessary: see `stranger`.
 */
import type { Instant, Path } from '@kaon/interface/core/v1';
import {
  type Attribute,
  attribute,
  type EncodeOptions,
  ERROR,
  encodeMessage,
  formatTransactionId,
  OFFERED_PASSWORD_ALGORITHMS,
  type ServerNonces,
  type StunMessage,
} from '@kaon/stun';
import { formatAddress } from '@kaon/wire';
import type { AuthenticatedUser } from './authenticator.ts';
import { AddressBuckets } from './buckets.ts';
import type { EventQueue } from './event-queue.ts';
import type { Counters } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import type { Settings } from './settings.ts';

/** A request of a known user. */
export interface UserRequest {
  readonly message: StunMessage;
  readonly path: Path;
  readonly user: AuthenticatedUser;
}

export class Replies {
  readonly #settings: Settings;
  readonly #counters: Counters;
  readonly #outbox: Outbox;
  readonly #events: EventQueue;
  readonly #nonces: ServerNonces;
  readonly #strangers: AddressBuckets;

  constructor(settings: Settings, counters: Counters, outbox: Outbox, events: EventQueue, nonces: ServerNonces) {
    this.#settings = settings;
    this.#counters = counters;
    this.#outbox = outbox;
    this.#events = events;
    this.#nonces = nonces;
    this.#strangers = new AddressBuckets(settings.smallAnswersPerSecond, settings.random);
  }

  /** Grants a request. Returns the bytes, for its retransmissions. */
  success(request: UserRequest, attributes: readonly Attribute[], now: Instant): Uint8Array {
    this.#counters.successes++;
    const bytes = this.#encode(
      request.message,
      'success',
      [...attributes, ...this.#software()],
      request.user.encodeOptions,
    );
    this.#send(bytes, request.message, request.path, undefined, now);
    return bytes;
  }

  /** Refuses a request of a known user. */
  refuse(request: UserRequest, code: number, now: Instant, more: readonly Attribute[] = []): void {
    const { message, path, user } = request;
    const attributes = [{ type: 'error-code', code, reason: reasonOf(code) } as const, ...more, ...this.#software()];
    this.#count(code);
    this.#events.tell({
      type: 'refused',
      client: path,
      username: user.username,
      method: message.method,
      statusCode: code,
    });
    this.#send(this.#encode(message, 'error', attributes, user.encodeOptions), message, path, code, now);
  }

  /** Sends what was sent before. */
  again(bytes: Uint8Array, path: Path): void {
    this.#outbox.answer(bytes, path);
  }

  /** Asks for credentials, or says that the request makes no sense. `length` is that of the request. */
  refuseStranger(
    message: StunMessage,
    path: Path,
    length: number,
    code: number,
    isChallenge: boolean,
    now: Instant,
  ): void {
    if (code !== ERROR.Unauthenticated || hasIntegrity(message)) this.#counters.authenticationFailures++;
    const error = (reason: string): Attribute => ({ type: 'error-code', code, reason });
    const challenge = (isFull: boolean): readonly Attribute[] =>
      isChallenge ? this.#challenge(path, isFull, now) : [];
    const texts: Texts = {
      full: () => [error(reasonOf(code)), ...challenge(true), ...this.#software()],
      shortest: () => [error(''), ...challenge(false)],
      least: isChallenge ? LEAST_CHALLENGE + this.#settings.realm.length : LEAST_ERROR,
    };
    if (this.#stranger(message, path, length, 'error', texts, code, now)) this.#count(code);
  }

  /** Answers a Binding request. */
  binding(message: StunMessage, path: Path, length: number, unknown: readonly number[], now: Instant): void {
    if (unknown.length > 0) {
      const code = ERROR.UnknownAttribute;
      const types: Attribute = { type: 'unknown-attributes', types: unknown };
      const texts: Texts = {
        full: () => [{ type: 'error-code', code, reason: reasonOf(code) }, types, ...this.#software()],
        shortest: () => [{ type: 'error-code', code, reason: '' }, types],
        least: LEAST_ERROR,
      };
      if (this.#stranger(message, path, length, 'error', texts, code, now)) this.#count(code);
      return;
    }
    const address: Attribute = { type: 'xor-mapped-address', address: path.remote };
    const texts: Texts = {
      full: () => [address, ...this.#software()],
      shortest: () => [address],
      least: LEAST_BINDING,
    };
    if (this.#stranger(message, path, length, 'success', texts, undefined, now)) {
      this.#counters.bindings++;
    }
  }

  /** A message of our own accord. */
  indication(bytes: Uint8Array, path: Path): void {
    this.#outbox.answer(bytes, path);
  }

  /**
   * Answers somebody whose address may be forged. Over TCP it cannot be. Over UDP an answer that is longer than its request
   * is cut down to what the protocol needs; if that is still longer, as it is for the bare requests that browsers begin with,
   * the address gets only so many of them. Whether it was sent.
   */
  #stranger(
    message: StunMessage,
    path: Path,
    length: number,
    cls: 'success' | 'error',
    { full, shortest, least }: Texts,
    code: number | undefined,
    now: Instant,
  ): boolean {
    const isUdp = path.protocol === 'udp';
    // What is longer in any case is decided first: a flood of requests that get nothing should cost little.
    const isLonger = isUdp && length < least;
    if (isLonger && !this.#mayBeLonger(path, now)) return false;
    const { smallRequests } = this.#settings;
    let bytes = this.#encode(message, cls, isLonger && smallRequests !== 'full' ? shortest() : full(), NO_INTEGRITY);
    if (isUdp && !isLonger && bytes.length > length) {
      if (smallRequests !== 'full') bytes = this.#encode(message, cls, shortest(), NO_INTEGRITY);
      if (bytes.length > length && !this.#mayBeLonger(path, now)) return false;
    }
    this.#send(bytes, message, path, code, now);
    return true;
  }

  /** Whether an address that may be forged gets more than it sent. */
  #mayBeLonger({ remote }: Path, now: Instant): boolean {
    const { dropped } = this.#counters;
    if (this.#settings.smallRequests === 'nothing') dropped.unanswered++;
    else if (this.#strangers.take(remote.address, now)) return true;
    else dropped.rate++;
    return false;
  }

  #challenge(path: Path, isFull: boolean, now: Instant): Attribute[] {
    const { realm, oauth } = this.#settings;
    const attributes: Attribute[] = [
      { type: 'realm', realm },
      { type: 'nonce', nonce: this.#nonces.issue(path.remote, now, isFull) },
    ];
    if (isFull) attributes.push({ type: 'password-algorithms', algorithms: OFFERED_PASSWORD_ALGORITHMS });
    if (oauth !== undefined) attributes.push({ type: 'third-party-authorization', serverName: oauth.serverName });
    return attributes;
  }

  #encode(
    request: StunMessage,
    cls: 'success' | 'error',
    attributes: readonly Attribute[],
    options: EncodeOptions,
  ): Uint8Array {
    const { method, transactionId } = request;
    const fingerprint = attribute(request, 'fingerprint') !== undefined;
    return encodeMessage({ class: cls, method, transactionId, attributes }, { ...options, fingerprint });
  }

  #send(bytes: Uint8Array, request: StunMessage, path: Path, code: number | undefined, now: Instant): void {
    this.#outbox.answer(bytes, path);
    const { trace } = this.#settings;
    if (trace === undefined) return;
    const { method, transactionId } = request;
    const pii = { remote: formatAddress(path.remote) };
    const data = { method, transactionId: formatTransactionId(transactionId), code, pii };
    trace({ time: now, name: 'turn-server:answered', data });
  }

  #software(): readonly Attribute[] {
    const { software } = this.#settings;
    return software === undefined ? [] : [{ type: 'software', software }];
  }

  #count(code: number): void {
    this.#counters.errors.set(code, (this.#counters.errors.get(code) ?? 0) + 1);
  }
}

/** What an answer says. */
interface Texts {
  full(): readonly Attribute[];
  shortest(): readonly Attribute[];
  /** Bytes that even the shortest one has at least. */
  readonly least: number;
}

/** Header and ERROR-CODE; with the headers of REALM and NONCE and what a nonce has at least; header and an IPv4 address. */
const LEAST_ERROR = 28;
const LEAST_CHALLENGE = LEAST_ERROR + 8 + 12;
const LEAST_BINDING = 32;

function hasIntegrity(message: StunMessage): boolean {
  return (
    attribute(message, 'message-integrity') !== undefined ||
    attribute(message, 'message-integrity-sha256') !== undefined
  );
}

/** For people; the number is what counts. */
export function reasonOf(code: number): string {
  return REASONS.get(code) ?? 'Error';
}

const REASONS: ReadonlyMap<number, string> = new Map([
  [ERROR.TryAlternate, 'Try Alternate'],
  [ERROR.BadRequest, 'Bad Request'],
  [ERROR.Unauthenticated, 'Unauthorized'],
  [ERROR.Forbidden, 'Forbidden'],
  [ERROR.MobilityForbidden, 'Mobility Forbidden'],
  [ERROR.UnknownAttribute, 'Unknown Attribute'],
  [ERROR.AllocationMismatch, 'Allocation Mismatch'],
  [ERROR.StaleNonce, 'Stale Nonce'],
  [ERROR.AddressFamilyNotSupported, 'Address Family not Supported'],
  [ERROR.WrongCredentials, 'Wrong Credentials'],
  [ERROR.UnsupportedTransportProtocol, 'Unsupported Transport Protocol'],
  [ERROR.PeerAddressFamilyMismatch, 'Peer Address Family Mismatch'],
  [ERROR.ConnectionAlreadyExists, 'Connection Already Exists'],
  [ERROR.ConnectionTimeoutOrFailure, 'Connection Timeout or Failure'],
  [ERROR.AllocationQuotaReached, 'Allocation Quota Reached'],
  [ERROR.ServerError, 'Server Error'],
  [ERROR.InsufficientCapacity, 'Insufficient Capacity'],
]);

const NO_INTEGRITY: EncodeOptions = {};
