import type { Instant, Path } from '@kaon/interface/core/v1';
import { encodeMessage, METHOD, type StunMessage, verifyIntegrity } from '@kaon/stun';
import { equalBytes, samePath } from '@kaon/wire';
import { randomFraction } from '../credentials.ts';
import { candidatePriority } from '../priority.ts';
import { type Context, newTransactionId, trace } from './context.ts';
import type { Generation } from './generation.ts';
import type { CandidatePair } from './pair.ts';

/**
 * Consent to send on the selected pair (RFC 7675 §5.1): a Binding request every 5 s or so, each a transaction of its
 * own; without a valid answer for 30 s sending has to stop. A request that stays unanswered is repeated twice within
 * two seconds, so that a lost packet does not look like a lost connection.
 */
export class Consent {
  readonly #context: Context;
  #subject: { readonly pair: CandidatePair; readonly generation: Generation } | undefined;
  #open: OpenCheck[] = [];
  #nextAt: Instant = Number.POSITIVE_INFINITY;
  #answeredAt: Instant = 0;
  #unansweredSince: Instant = Number.POSITIVE_INFINITY;
  #sentAt: Instant = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Begins with a pair that has just answered. */
  start(pair: CandidatePair, generation: Generation, now: Instant): void {
    this.#subject = { pair, generation };
    this.#open = [];
    this.#unansweredSince = Number.POSITIVE_INFINITY;
    this.#answeredAt = now;
    this.#sentAt = now;
    this.#schedule(now);
  }

  stop(): void {
    this.#subject = undefined;
    this.#open = [];
    this.#nextAt = Number.POSITIVE_INFINITY;
    this.#unansweredSince = Number.POSITIVE_INFINITY;
  }

  /** Something was sent on the pair: no keepalive is needed for a while (RFC 8445 §11). */
  sent(now: Instant): void {
    if (now > this.#sentAt) this.#sentAt = now;
  }

  /** Whether a check has gone unanswered for too long to call the pair connected. */
  suspect(now: Instant): boolean {
    return now >= this.#suspectAt;
  }

  /** Whether no valid answer has come for the whole timeout. */
  expired(now: Instant): boolean {
    return now >= this.#expiresAt;
  }

  /** Sends what is due: checks, their repetitions, keepalives. */
  handleTimeout(now: Instant): void {
    if (this.#subject === undefined || this.expired(now)) return;
    if (this.#nextAt <= now) this.#check(now);
    this.#repeat(now);
    if (this.#keepaliveAt <= now) this.#keepAlive(now);
  }

  pollTimeout(now: Instant): Instant {
    if (this.#subject === undefined) return Number.POSITIVE_INFINITY;
    const repeatAt = this.#open.at(-1)?.repeatAt ?? Number.POSITIVE_INFINITY;
    const suspectAt = this.#suspectAt > now ? this.#suspectAt : Number.POSITIVE_INFINITY;
    return Math.min(this.#nextAt, repeatAt, this.#keepaliveAt, this.#expiresAt, suspectAt);
  }

  /** Whether a response answers one of our checks. */
  has(message: StunMessage): boolean {
    return this.#open.some((open) => equalBytes(open.transactionId, message.transactionId));
  }

  /** Takes a response; only an authentic success from the right place renews consent. */
  handleResponse(message: StunMessage, bytes: Uint8Array, path: Path, now: Instant): void {
    const { counters } = this.#context;
    const open = this.#open.find((each) => equalBytes(each.transactionId, message.transactionId));
    const mac = this.#subject?.generation.remoteMac;
    if (open === undefined || this.#subject === undefined || mac === undefined || !verifyIntegrity(bytes, mac)) {
      counters.dropped.integrity++;
      return;
    }
    const { pair } = this.#subject;
    if (!samePath(path, pair.path) || message.class !== 'success') {
      counters.dropped.unexpected++;
      return;
    }
    pair.counters.responsesReceived++;
    if (open.repeats === 0) {
      pair.counters.currentRoundTripTime = now - open.sentAt;
      pair.counters.totalRoundTripTime += now - open.sentAt;
    }
    this.#open = [];
    this.#answeredAt = now;
    this.#unansweredSince = Number.POSITIVE_INFINITY;
  }

  get #suspectAt(): Instant {
    return this.#unansweredSince + this.#context.options.disconnectedTimeout;
  }

  get #expiresAt(): Instant {
    const { consentInterval, consentTimeout } = this.#context.options;
    if (this.#subject === undefined || consentInterval === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return this.#answeredAt + consentTimeout;
  }

  get #keepaliveAt(): Instant {
    return this.#sentAt + this.#context.options.keepaliveInterval;
  }

  #schedule(now: Instant): void {
    const { options, random } = this.#context;
    this.#nextAt = now + options.consentInterval * (0.8 + 0.4 * randomFraction(random));
  }

  #check(now: Instant): void {
    const { random, role, outbox } = this.#context;
    const { pair, generation } = this.#subject!;
    const transactionId = newTransactionId(random);
    const priority = candidatePriority('prflx', pair.local.preference);
    const request = generation.request(transactionId, [{ type: 'priority', priority }, role.attribute()]);
    outbox.push(request, pair.path);
    this.#open.push({ transactionId, request, sentAt: now, repeatAt: now + REPEAT_AFTER, repeats: 0 });
    if (this.#open.length > MAX_OPEN) this.#open.shift();
    pair.counters.consentRequestsSent++;
    if (this.#unansweredSince === Number.POSITIVE_INFINITY) this.#unansweredSince = now;
    this.#sentAt = now;
    this.#schedule(now);
    trace(this.#context, 'ice:consent-sent', now, { pair: pair.id }, pair.path.remote);
  }

  /** Only the newest check is repeated: older ones have had their chance. */
  #repeat(now: Instant): void {
    const newest = this.#open.at(-1);
    if (newest === undefined || newest.repeatAt > now) return;
    const { pair } = this.#subject!;
    newest.repeats++;
    newest.repeatAt =
      newest.repeats >= MAX_REPEATS ? Number.POSITIVE_INFINITY : now + REPEAT_AFTER * 2 ** newest.repeats;
    this.#context.outbox.push(newest.request, pair.path);
    pair.counters.consentRequestsSent++;
    this.#sentAt = now;
  }

  /** A Binding indication: nobody answers it, and NATs see it (RFC 8445 §11). */
  #keepAlive(now: Instant): void {
    this.#context.outbox.push(bindingIndication(newTransactionId(this.#context.random)), this.#subject!.pair.path);
    this.#sentAt = now;
  }
}

/** A Binding indication with nothing but a FINGERPRINT (RFC 8445 §11). */
export function bindingIndication(transactionId: Uint8Array): Uint8Array {
  return encodeMessage(
    { class: 'indication', method: METHOD.Binding, transactionId, attributes: [] },
    { fingerprint: true },
  );
}

interface OpenCheck {
  readonly transactionId: Uint8Array;
  readonly request: Uint8Array;
  readonly sentAt: Instant;
  repeatAt: Instant;
  repeats: number;
}

const REPEAT_AFTER = 500;
const MAX_REPEATS = 2;
/** More than fit into 30 s at the default pace. */
const MAX_OPEN = 16;
