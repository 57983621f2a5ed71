/** Asks a STUN server for the address it sees: one Binding transaction, with redirects and credentials (RFC 8489 §6, §9.2, §10). */
import type { DatagramCore, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import { canonicalAddress, formatAddress, isMalformed, sameAddress } from '@kaon/wire';
import type { Attribute } from './attribute.ts';
import { ERROR } from './attributes/error-code.ts';
import type { StunCrypto } from './crypto.ts';
import { encodeMessage } from './encode.ts';
import { StunError } from './errors.ts';
import { verifyFingerprint } from './fingerprint.ts';
import { formatTransactionId, METHOD, TRANSACTION_ID_LENGTH } from './header.ts';
import { LongTermAuthentication, type LongTermCredentials } from './long-term.ts';
import { attribute, decodeMessage, type StunMessage, unknownRequired } from './message.ts';
import type { StunTraceName } from './trace.ts';
import { ClientTransaction } from './transaction.ts';

/** What a `BindingClient` is made from. */
export interface BindingClientOptions {
  /** The socket to ask from. */
  readonly local: TransportAddress;
  /** The server to ask; same family as `local`. */
  readonly server: TransportAddress;
  /** For transaction ids. */
  readonly random: RandomSource;
  readonly now: Instant;
  /** `tcp` sends each request once and waits 39.5 s. Default `udp`. */
  readonly protocol?: 'udp' | 'tcp' | undefined;
  /** Pause before the first retransmission in ms. Default 500. */
  readonly rto?: number | undefined;
  /** How often a request is sent in all. Default 7. */
  readonly rc?: number | undefined;
  /** How many RTOs to wait after the last one. Default 16. */
  readonly rm?: number | undefined;
  /** Add FINGERPRINT to requests, and refuse responses whose FINGERPRINT is wrong or missing. Default false. */
  readonly fingerprint?: boolean | undefined;
  /** What to send as SOFTWARE. Default: nothing. */
  readonly software?: string | undefined;
  /** For servers that ask for them. */
  readonly credentials?: LongTermCredentials | undefined;
  /** Default `defaultCrypto`. */
  readonly crypto?: StunCrypto | undefined;
  readonly trace?: Trace | undefined;
}

/** How a query ended. Each is terminal. */
export type BindingClientEvent =
  | {
      readonly type: 'mapped-address';
      /** Our address as the server sees it. */
      readonly address: TransportAddress;
      /** Who said so: the configured server, or the one it sent us to. */
      readonly server: TransportAddress;
      /** Round-trip time in ms; undefined when the request had to be repeated. */
      readonly rtt: number | undefined;
    }
  /** `STUN_TIMEOUT`, `STUN_ERROR_RESPONSE` (with `statusCode`) or `STUN_BAD_RESPONSE`. */
  | { readonly type: 'failed'; readonly server: TransportAddress; readonly error: StunError };

/** A core that asks one question and reports one event. Redirects (300) are followed five times, never back. */
export class BindingClient implements DatagramCore<BindingClientEvent> {
  readonly #options: BindingClientOptions;
  readonly #authentication: LongTermAuthentication | undefined;
  readonly #asked: TransportAddress[] = [];
  #path: Path;
  #transaction: ClientTransaction;
  #retriesLeft = 2;
  #event: BindingClientEvent | undefined;
  #done = false;
  #dropped = 0;

  /** Throws `StunError` (`STUN_INVALID_ARGUMENT`) on options that make no sense. */
  constructor(options: BindingClientOptions) {
    if (options.local.family !== options.server.family) {
      throw new StunError('STUN_INVALID_ARGUMENT', 'local address and server are of different families');
    }
    this.#options = options;
    this.#authentication =
      options.credentials === undefined ? undefined : new LongTermAuthentication(options.credentials, options.crypto);
    this.#path = this.#pathTo(options.server);
    this.#transaction = this.#ask(options.now);
  }

  /** Datagrams that led to nothing: not from the server, malformed, forged, or no answer to our request. */
  get dropped(): number {
    return this.#dropped;
  }

  handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
    if (this.#done) return;
    const reason = this.#take(bytes, path, now);
    if (reason === undefined) return;
    this.#dropped++;
    const pii = { remote: formatAddress(path.remote) };
    this.#options.trace?.({ time: now, name: 'stun:dropped', data: { reason, pii } });
  }

  handleTimeout(now: Instant): void {
    this.#transaction.handleTimeout(now);
    if (this.#transaction.state === 'timed-out') this.#fail('STUN_TIMEOUT', 'the server did not answer');
  }

  pollTimeout(): Instant {
    return this.#done ? Number.POSITIVE_INFINITY : this.#transaction.pollTimeout();
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    if (this.#done || !this.#transaction.pollTransmit(slot, now)) return false;
    slot.path = this.#path;
    this.#trace('stun:request-sent', now, { retransmissions: this.#transaction.retransmissions });
    return true;
  }

  pollEvent(): BindingClientEvent | undefined {
    const event = this.#event;
    this.#event = undefined;
    return event;
  }

  /** Acts on a datagram, or says why it is dropped. */
  #take(bytes: Uint8Array, path: Path, now: Instant): string | undefined {
    if (!sameAddress(canonical(path.remote), this.#path.remote)) return 'not from the server';
    const message = decodeMessage(bytes);
    if (isMalformed(message)) return 'malformed';
    if (this.#options.fingerprint && !verifyFingerprint(bytes)) return 'wrong fingerprint';
    if (!this.#isGenuine(bytes, message)) return 'wrong integrity';
    if (message.method !== METHOD.Binding || !this.#transaction.handleResponse(message, now)) {
      return 'no response to our request';
    }
    const code = attribute(message, 'error-code')?.code;
    this.#trace('stun:response-received', now, { class: message.class, code });
    if (message.class === 'success') this.#finish(message);
    else this.#retryOrFail(message, code, now);
    return undefined;
  }

  /** A new transaction with whatever credentials are known by now. */
  #ask(now: Instant): ClientTransaction {
    const { random, rto, rc, rm, fingerprint, software, protocol } = this.#options;
    const transactionId = new Uint8Array(TRANSACTION_ID_LENGTH);
    random(transactionId);
    const attributes: Attribute[] = [];
    if (software !== undefined) attributes.push({ type: 'software', software });
    if (this.#authentication !== undefined) attributes.push(...this.#authentication.attributes());
    const request = encodeMessage(
      { class: 'request', method: METHOD.Binding, transactionId, attributes },
      { ...this.#authentication?.encodeOptions(), fingerprint },
    );
    this.#asked.push(this.#path.remote);
    return new ClientTransaction({ request, transactionId, now, rto, rc, rm, reliable: protocol === 'tcp' });
  }

  /** Error responses that ask for credentials cannot be keyed; all else must be once requests are (RFC 8489 §9.2.5). */
  #isGenuine(bytes: Uint8Array, message: StunMessage): boolean {
    const code = attribute(message, 'error-code')?.code;
    if (code === ERROR.Unauthenticated || code === ERROR.StaleNonce || code === ERROR.BadRequest) return true;
    return this.#authentication?.verify(bytes) ?? true;
  }

  #finish(response: StunMessage): void {
    const unknown = unknownRequired(response);
    if (unknown.length > 0) {
      const names = unknown.map((type) => `0x${type.toString(16).padStart(4, '0')}`).join(', ');
      this.#fail('STUN_BAD_RESPONSE', `the response has attributes that must be understood: ${names}`);
      return;
    }
    const mapped = attribute(response, 'xor-mapped-address') ?? attribute(response, 'mapped-address');
    if (mapped === undefined) {
      this.#fail('STUN_BAD_RESPONSE', 'the response has no mapped address');
      return;
    }
    this.#done = true;
    const { rtt } = this.#transaction;
    this.#event = { type: 'mapped-address', address: mapped.address, server: this.#path.remote, rtt };
  }

  #retryOrFail(response: StunMessage, code: number | undefined, now: Instant): void {
    if (code === ERROR.TryAlternate) {
      const alternate = attribute(response, 'alternate-server')?.address;
      if (alternate !== undefined && this.#mayAsk(alternate)) {
        this.#path = this.#pathTo(alternate);
        this.#transaction = this.#ask(now);
        return;
      }
    }
    if (this.#retriesLeft > 0 && this.#authentication?.handleChallenge(response)) {
      this.#retriesLeft--;
      this.#transaction = this.#ask(now);
      return;
    }
    const reason = attribute(response, 'error-code')?.reason ?? '';
    const text = `the server answered ${code ?? 'an error without a code'}${reason === '' ? '' : `: ${reason}`}`;
    this.#fail('STUN_ERROR_RESPONSE', text, code);
  }

  #mayAsk(server: TransportAddress): boolean {
    if (server.family !== this.#options.local.family || server.port === 0) return false;
    return this.#asked.length <= MAX_REDIRECTS && !this.#asked.some((asked) => sameAddress(asked, server));
  }

  #fail(code: 'STUN_TIMEOUT' | 'STUN_ERROR_RESPONSE' | 'STUN_BAD_RESPONSE', text: string, statusCode?: number): void {
    if (this.#done) return;
    this.#done = true;
    const error = new StunError(code, text, statusCode === undefined ? {} : { statusCode });
    this.#event = { type: 'failed', server: this.#path.remote, error };
  }

  #pathTo(server: TransportAddress): Path {
    return { protocol: this.#options.protocol ?? 'udp', local: this.#options.local, remote: canonical(server) };
  }

  #trace(name: StunTraceName, time: Instant, data: { readonly [key: string]: unknown }): void {
    const { trace } = this.#options;
    if (trace === undefined) return;
    const transactionId = formatTransactionId(this.#transaction.transactionId);
    trace({ time, name, data: { transactionId, ...data, pii: { remote: formatAddress(this.#path.remote) } } });
  }
}

const MAX_REDIRECTS = 5;

/** The same address as other sources spell it. */
function canonical(address: TransportAddress): TransportAddress {
  const text = canonicalAddress(address.address);
  return text === undefined || text === address.address ? address : { ...address, address: text };
}
