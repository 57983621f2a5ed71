import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import type { ClockTimer } from '@kaon/interface/network/v1';
import { ERROR, type LongTermCredentials, type OAuthToken } from '@kaon/stun';
import { formatAddress, isLoopback, sameAddress } from '@kaon/wire';
import { Allocation } from './allocation.ts';
import type { Carrier } from './carrier.ts';
import { openCarrier, reasonOf } from './open-carrier.ts';
import type { RelayedSocket } from './relayed-socket.ts';
import type { RelayBase, RelayEnvironment, RelayFailure, RelayOptions, RelayProtocol } from './types.ts';

/** A server as one local address sees it. */
export interface AttemptTarget {
  readonly url: string;
  readonly protocol: RelayProtocol;
  /** What the URL names: the certificate must be for it. */
  readonly name: string;
  /** Addresses of the server in the family of the base, best first. */
  readonly addresses: readonly TransportAddress[];
  readonly base: RelayBase;
  readonly credentials: LongTermCredentials | OAuthToken;
  /** What to ask for; where the server has no such address (440) what stands behind it, never empty. */
  readonly families: readonly ('IPv4' | 'IPv6' | 'both')[];
}

/** What an attempt tells: either `relayed`, and later perhaps `gone`, or `failed`. */
export interface AttemptSink {
  relayed(sockets: readonly RelayedSocket[], carrier: Carrier, mapped: TransportAddress): void;
  gone(sockets: readonly RelayedSocket[], error: Error): void;
  failed(failure: RelayFailure): void;
}

/**
 * Gets an allocation from one server. Of several addresses the next one is tried when one has failed or takes long, beside it;
 * the first that allocates is kept (RFC 8305 §5 for connections).
 */
export class Attempt {
  readonly target: AttemptTarget;
  readonly #environment: RelayEnvironment;
  readonly #options: RelayOptions;
  readonly #sink: AttemptSink;
  readonly #tries = new Set<Try>();
  readonly #timer: ClockTimer;
  readonly #deadline: Instant;
  #nextAddress = 0;
  #nextAt: Instant = Number.POSITIVE_INFINITY;
  #failure: RelayFailure | undefined;
  #isOver = false;

  constructor(target: AttemptTarget, environment: RelayEnvironment, options: RelayOptions, sink: AttemptSink) {
    const { clock } = environment;
    this.target = target;
    this.#environment = environment;
    this.#options = options;
    this.#sink = sink;
    this.#deadline = clock.now() + (options.timeout ?? DEFAULT_TIMEOUT);
    this.#timer = clock.timer(() => this.#timeout());
  }

  /** Begins. What it tells may come from inside. */
  start(): void {
    this.#next();
  }

  /** Gives up what is under way and gives back what there is. Nothing is told any more. */
  close(): void {
    this.#isOver = true;
    this.#timer.cancel();
    for (const one of this.#tries) one.close();
    this.#tries.clear();
  }

  #next(): void {
    const server = this.target.addresses[this.#nextAddress++];
    const now = this.#environment.clock.now();
    const isStream = this.target.protocol === 'tcp' || this.target.protocol === 'tls';
    const hasMore = this.#nextAddress < this.target.addresses.length;
    this.#nextAt = hasMore ? now + (isStream ? STREAM_DELAY : DATAGRAM_DELAY) : Number.POSITIVE_INFINITY;
    this.#timer.reset(Math.min(this.#nextAt, this.#deadline));
    if (server === undefined) return;
    const one = new Try(this.target, server, this.#environment, this.#options, this.#deadline - now, {
      allocated: (sockets, carrier, mapped) => this.#allocated(one, sockets, carrier, mapped),
      failed: (error, carrier) => this.#failed(one, error, carrier),
      lost: (sockets, error) => {
        this.#tries.delete(one);
        this.#sink.gone(sockets, error);
      },
    });
    this.#tries.add(one);
    one.start();
  }

  #timeout(): void {
    if (this.#environment.clock.now() < this.#deadline) {
      this.#next();
      return;
    }
    const seconds = (this.#options.timeout ?? DEFAULT_TIMEOUT) / 1000;
    this.#fail(this.#failure ?? this.#failureOf(`the server did not answer within ${seconds} s`, undefined));
  }

  #allocated(winner: Try, sockets: readonly RelayedSocket[], carrier: Carrier, mapped: TransportAddress): void {
    this.#timer.cancel();
    this.#isOver = true;
    for (const one of this.#tries) if (one !== winner) one.close();
    this.#tries.clear();
    this.#tries.add(winner);
    this.#sink.relayed(sockets, carrier, mapped);
  }

  #failed(one: Try, error: unknown, carrier: Carrier | undefined): void {
    this.#tries.delete(one);
    if (this.#isOver) return;
    const failure = this.#failureOf(error, carrier);
    // What a server said is worth more than that another one was not reached.
    if (this.#failure === undefined || this.#failure.errorCode === UNREACHABLE) this.#failure = failure;
    if (this.#nextAddress < this.target.addresses.length) this.#next();
    else if (this.#tries.size === 0) this.#fail(this.#failure);
  }

  #fail(failure: RelayFailure): void {
    this.close();
    this.#sink.failed(failure);
  }

  #failureOf(error: unknown, carrier: Carrier | undefined): RelayFailure {
    const { base, url } = this.target;
    const statusCode = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
    const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
    const isFromServer = typeof statusCode === 'number';
    return {
      url,
      address: carrier?.path.local.address ?? base.address,
      port: carrier?.path.local.port ?? null,
      errorCode: isFromServer ? statusCode : UNREACHABLE,
      errorText: printable(isFromServer && typeof reason === 'string' && reason !== '' ? reason : reasonOf(error)),
    };
  }
}

/** Without control characters, of which some servers send one, and not too long for a log. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '').slice(0, 300);
}

/** What one try tells its attempt. */
interface TrySink {
  allocated(sockets: readonly RelayedSocket[], carrier: Carrier, mapped: TransportAddress): void;
  failed(error: unknown, carrier: Carrier | undefined): void;
  lost(sockets: readonly RelayedSocket[], error: Error): void;
}

/** One address of the server, and those that it sends us on to. */
class Try {
  readonly #abort = new AbortController();
  readonly #target: AttemptTarget;
  readonly #environment: RelayEnvironment;
  readonly #options: RelayOptions;
  readonly #timeout: number;
  readonly #sink: TrySink;
  readonly #asked: TransportAddress[] = [];
  #server: TransportAddress;
  #name: string;
  #refusals = 0;
  #allocation: Allocation | undefined;

  constructor(
    target: AttemptTarget,
    server: TransportAddress,
    environment: RelayEnvironment,
    options: RelayOptions,
    timeout: number,
    sink: TrySink,
  ) {
    this.#target = target;
    this.#server = server;
    this.#name = target.name;
    this.#environment = environment;
    this.#options = options;
    this.#timeout = timeout;
    this.#sink = sink;
  }

  start(): void {
    this.#asked.push(this.#server);
    this.#open();
  }

  #open(): void {
    const { protocol, base } = this.#target;
    const target = { protocol, base, server: this.#server, name: this.#name };
    openCarrier(target, this.#environment, this.#options, this.#timeout, this.#abort.signal).then(
      (carrier) => this.#opened(carrier),
      (error: unknown) => {
        if (!this.#abort.signal.aborted) this.#sink.failed(error, undefined);
      },
    );
  }

  close(): void {
    this.#abort.abort();
    this.#allocation?.close();
  }

  #opened(carrier: Carrier): void {
    if (this.#abort.signal.aborted) {
      carrier.close();
      return;
    }
    try {
      this.#allocation = this.#allocate(carrier);
    } catch (error) {
      // Credentials that cannot be sent, such as a user name with a control character.
      carrier.close();
      this.#sink.failed(error, undefined);
    }
  }

  #allocate(carrier: Carrier): Allocation {
    const { credentials } = this.#target;
    const families = this.#target.families[this.#refusals] ?? 'IPv4';
    return new Allocation({
      carrier,
      credentials,
      families,
      environment: this.#environment,
      options: this.#options,
      sink: {
        allocated: (sockets, mapped) => this.#sink.allocated(sockets, carrier, mapped),
        failed: (error) => this.#refused(error, carrier),
        lost: (sockets, error) => this.#sink.lost(sockets, error),
        redirected: (server, domain) => this.#redirected(server, domain, carrier),
      },
    });
  }

  #refused(error: Error, carrier: Carrier): void {
    this.#allocation = undefined;
    const isFamily = 'statusCode' in error && error.statusCode === ERROR.AddressFamilyNotSupported;
    if (isFamily && ++this.#refusals < this.#target.families.length) this.#open();
    else this.#sink.failed(error, carrier);
  }

  /** Nobody has vouched for a redirection: it may not lead into this machine, nor in circles, nor on and on. */
  #redirected(server: TransportAddress, domain: string | undefined, carrier: Carrier): void {
    this.#allocation = undefined;
    const refuse = (why: string): void =>
      this.#sink.failed(new Error(`the server sends us on to ${formatAddress(server)}, ${why}`), carrier);
    if (this.#asked.some((one) => sameAddress(one, server))) refuse('which was asked already');
    else if (this.#asked.length > MAX_REDIRECTIONS) refuse('which is one redirection too many');
    else if (server.family !== this.#server.family) refuse('which is of another family');
    else if (isLoopback(server.address) && !isLoopback(this.#server.address)) refuse('which is this machine');
    else {
      this.#server = server;
      // RFC 8489 §10: without a domain the certificate has to be for the same name as before.
      this.#name = domain ?? this.#name;
      this.start();
    }
  }
}

/** Not reached, as W3C WebRTC §4.8.3 has it. */
export const UNREACHABLE = 701;
const DEFAULT_TIMEOUT = 10_000;
const MAX_REDIRECTIONS = 4;
/** Milliseconds until the next address is tried beside one that has not answered (RFC 8305 §5). */
const STREAM_DELAY = 250;
const DATAGRAM_DELAY = 1000;
