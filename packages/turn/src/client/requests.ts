/**
 * The requests that wait for an answer. Retransmission is `ClientTransaction`'s; here a request is asked anew when the
 * server wants credentials or a fresh nonce (RFC 8489 §9.2.5), whatever its method: peers that do so only for Allocate
 * and Refresh lose their channels with the first stale nonce.
 */
import type { Instant, Path, TransmitSlot } from '@kaon/interface/core/v1';
import {
  type Attribute,
  attribute,
  type ClientAuthentication,
  ClientTransaction,
  ERROR,
  encodeMessage,
  formatTransactionId,
  LongTermAuthentication,
  type LongTermCredentials,
  METHOD,
  type OAuthToken,
  type StunCrypto,
  type StunMessage,
  ThirdPartyAuthentication,
  TRANSACTION_ID_LENGTH,
} from '@kaon/stun';
import { equalBytes, formatAddress } from '@kaon/wire';
import type { TurnClientOptions } from '../options.ts';
import type { TurnTraceName } from '../trace.ts';

/** One thing to ask of the server. */
export interface Question {
  readonly method: number;
  readonly attributes: readonly Attribute[];
  readonly path: Path;
  /**
   * Called once: with the success or error response, or without one when there was none. `asked` is when the request was
   * first ready to be sent in its last form: what the server grants lasts from then on at least.
   */
  done(reply: StunMessage | undefined, asked: Instant, now: Instant): void;
}

/** Credentials with what the server said about them, which the control connection shares with data connections. */
export class TurnCredentials {
  readonly mechanism: ClientAuthentication | undefined;
  /** Counts the challenges taken, so that a request keyed for an older one is simply sent again. */
  generation = 0;

  constructor(credentials: LongTermCredentials | OAuthToken | undefined, crypto: StunCrypto | undefined) {
    if (credentials === undefined) this.mechanism = undefined;
    else if ('accessToken' in credentials) this.mechanism = new ThirdPartyAuthentication(credentials, crypto);
    else this.mechanism = new LongTermAuthentication(credentials, crypto);
  }
}

/** Requests under way on one connection or socket. */
export class Requests {
  readonly credentials: TurnCredentials;
  readonly #options: Pick<TurnClientOptions, 'random' | 'software' | 'rto' | 'rc' | 'rm' | 'trace'>;
  readonly #pending: Pending[] = [];

  constructor(
    options: Pick<TurnClientOptions, 'random' | 'software' | 'rto' | 'rc' | 'rm' | 'trace'>,
    credentials: TurnCredentials,
  ) {
    this.#options = options;
    this.credentials = credentials;
  }

  ask(question: Question, now: Instant): void {
    this.#pending.push({ question, challengesLeft: MAX_CHALLENGES, ...this.#attempt(question, now) });
  }

  /** Forgets all requests; none of them is done. */
  clear(): void {
    this.#pending.length = 0;
  }

  handleTimeout(now: Instant): void {
    // From the end, since whoever is told may ask anew.
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const pending = this.#pending[i];
      if (pending === undefined) continue;
      pending.transaction.handleTimeout(now);
      if (pending.transaction.state !== 'timed-out') continue;
      this.#pending.splice(i, 1);
      this.#trace('turn:request-timed-out', now, pending, {});
      pending.question.done(undefined, pending.asked, now);
    }
  }

  pollTimeout(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { transaction } of this.#pending) earliest = Math.min(earliest, transaction.pollTimeout());
    return earliest;
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    for (const pending of this.#pending) {
      if (!pending.transaction.pollTransmit(slot, now)) continue;
      slot.path = pending.question.path;
      const pii = { remote: formatAddress(pending.question.path.remote) };
      this.#trace('turn:request-sent', now, pending, { pii });
      return true;
    }
    return false;
  }

  /** Acts on a response, or says why it is dropped. `bytes` is its encoding. */
  handleResponse(message: StunMessage, bytes: Uint8Array, now: Instant): string | undefined {
    const at = this.#pending.findIndex(({ transaction }) =>
      equalBytes(transaction.transactionId, message.transactionId),
    );
    const pending = this.#pending[at];
    if (pending === undefined || pending.question.method !== message.method) return 'no response to a request of ours';
    const code = attribute(message, 'error-code')?.code;
    if (!this.#isGenuine(message, bytes, code, pending)) return 'wrong integrity';
    pending.transaction.handleResponse(message, now);
    this.#trace('turn:response-received', now, pending, { class: message.class, code });
    if (this.#shouldRetry(message, code, pending)) {
      this.#pending[at] = {
        question: pending.question,
        challengesLeft: pending.challengesLeft - 1,
        ...this.#attempt(pending.question, now),
      };
      return undefined;
    }
    this.#pending.splice(at, 1);
    pending.question.done(message, pending.asked, now);
    return undefined;
  }

  #attempt(question: Question, now: Instant): Pick<Pending, 'transaction' | 'asked' | 'generation'> {
    const { random, software, rto, rc, rm } = this.#options;
    const { mechanism, generation } = this.credentials;
    const transactionId = new Uint8Array(TRANSACTION_ID_LENGTH);
    random(transactionId);
    const attributes: Attribute[] = [...question.attributes];
    if (software !== undefined) attributes.push({ type: 'software', software });
    if (mechanism !== undefined) attributes.push(...mechanism.attributes());
    const message = { class: 'request', method: question.method, transactionId, attributes } as const;
    const request = encodeMessage(message, mechanism?.encodeOptions());
    const reliable = question.path.protocol === 'tcp';
    const transaction = new ClientTransaction({ request, transactionId, now, rto, rc, rm, reliable });
    return { transaction, asked: now, generation };
  }

  /**
   * A success must be keyed once requests are. An error that is keyed must be right, but one without any integrity is
   * believed: RFC 8489 §9.2.5 would have it ignored unless it is 401, 438 or 400, yet servers send 486, 508 and others so,
   * and whoever can guess the transaction id sits on the path and could as well stop all packets.
   */
  #isGenuine(message: StunMessage, bytes: Uint8Array, code: number | undefined, pending: Pending): boolean {
    const { mechanism } = this.credentials;
    if (mechanism === undefined || pending.generation === 0) return true;
    if (message.class === 'success') return mechanism.verify(bytes);
    if (code === ERROR.Unauthenticated || code === ERROR.StaleNonce) return true;
    const keyed = message.attributes.some(
      ({ type }) => type === 'message-integrity' || type === 'message-integrity-sha256',
    );
    return !keyed || mechanism.verify(bytes);
  }

  #shouldRetry(message: StunMessage, code: number | undefined, pending: Pending): boolean {
    const { credentials } = this;
    if (code !== ERROR.Unauthenticated && code !== ERROR.StaleNonce) return false;
    if (message.class !== 'error' || credentials.mechanism === undefined || pending.challengesLeft === 0) return false;
    // Another request has had the same answer meanwhile.
    if (pending.generation < credentials.generation) return true;
    if (!credentials.mechanism.handleChallenge(message)) return false;
    credentials.generation++;
    return true;
  }

  #trace(name: TurnTraceName, time: Instant, pending: Pending, data: { readonly [key: string]: unknown }): void {
    const { trace } = this.#options;
    if (trace === undefined) return;
    const transactionId = formatTransactionId(pending.transaction.transactionId);
    trace({ time, name, data: { method: METHOD_NAMES.get(pending.question.method), transactionId, ...data } });
  }
}

interface Pending {
  readonly question: Question;
  readonly transaction: ClientTransaction;
  readonly asked: Instant;
  /** The challenge that the request answers; 0 for none. */
  readonly generation: number;
  readonly challengesLeft: number;
}

/** One for credentials, one for a nonce that grew stale on the way, and some for nonces that several requests disturb. */
const MAX_CHALLENGES = 5;

const METHOD_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(METHOD).map(([name, code]) => [code, name]));
