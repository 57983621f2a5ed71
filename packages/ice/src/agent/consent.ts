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
  #challengedAt: Instant = Number.POSITIVE_INFINITY;
  /** Who asks: we, the peer alone, or nobody. */
  #asker: Asker = 'us';

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Begins with a pair that has answered, just now or at `answeredAt`. A lite agent sends no checks: those of the peer
   * show its consent; between two lite agents there are none, and only keepalives go out.
   */
  start(
    pair: CandidatePair,
    generation: Generation,
    now: Instant,
    answeredAt: Instant = now,
    asker: Asker = 'us',
  ): void {
    this.stop();
    this.#subject = { pair, generation };
    this.#asker = asker;
    this.#answeredAt = answeredAt;
    this.#sentAt = now;
    if (asker === 'us') this.#schedule(now);
  }

  stop(): void {
    this.#subject = undefined;
    this.#open = [];
    this.#nextAt = Number.POSITIVE_INFINITY;
    this.#unansweredSince = Number.POSITIVE_INFINITY;
    this.#challengedAt = Number.POSITIVE_INFINITY;
  }

  /** Asks at once, because there is reason to doubt that the peer still uses the pair: `silent` tells what came of it. */
  challenge(now: Instant): void {
    if (this.#subject === undefined || this.#asker !== 'us' || this.#challengedAt !== Number.POSITIVE_INFINITY) return;
    this.#challengedAt = now;
    this.#check(now);
  }

  /** Whether a challenge has gone unanswered. */
  silent(now: Instant): boolean {
    return now >= this.#challengedAt + CHALLENGE_TIMEOUT;
  }

  /** Since when nothing has been answered; Infinity: nothing is open. */
  get unansweredSince(): Instant {
    return this.#unansweredSince;
  }

  /** The peer has sent a check on the pair: all the consent that a lite agent gets. */
  heard(now: Instant): void {
    if (this.#asker === 'peer') this.#answeredAt = now;
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
    const silentAt = this.#challengedAt + CHALLENGE_TIMEOUT;
    return Math.min(
      this.#nextAt,
      repeatAt,
      this.#keepaliveAt,
      this.#expiresAt,
      suspectAt,
      silentAt > now ? silentAt : Number.POSITIVE_INFINITY,
    );
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
    pair.heardAt = now;
    this.#answeredAt = now;
    this.#unansweredSince = Number.POSITIVE_INFINITY;
    this.#challengedAt = Number.POSITIVE_INFINITY;
  }

  get #suspectAt(): Instant {
    const { consentInterval, disconnectedTimeout } = this.#context.options;
    if (this.#asker === 'us') return this.#unansweredSince + disconnectedTimeout;
    // The peer asks at its own pace, which is ours by RFC 7675 §5.1.
    return this.#asker === 'peer' && this.#subject !== undefined
      ? this.#answeredAt + 1.2 * consentInterval + disconnectedTimeout
      : Number.POSITIVE_INFINITY;
  }

  get #expiresAt(): Instant {
    const { consentInterval, consentTimeout } = this.#context.options;
    const none = this.#subject === undefined || consentInterval === Number.POSITIVE_INFINITY;
    if (none || this.#asker === 'nobody') return Number.POSITIVE_INFINITY;
    return this.#answeredAt + consentTimeout;
  }

  get #keepaliveAt(): Instant {
    if (this.#asker === 'peer') return Number.POSITIVE_INFINITY;
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
    const { protocol } = pair.path;
    const priority = candidatePriority('prflx', pair.local.preference, 1, { protocol });
    const request = generation.request(transactionId, [{ type: 'priority', priority }, role.attribute()]);
    outbox.push(request, pair.path);
    // A connection loses nothing.
    const repeatAt = protocol === 'tcp' ? Number.POSITIVE_INFINITY : now + REPEAT_AFTER;
    this.#open.push({ transactionId, request, sentAt: now, repeatAt, repeats: 0 });
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

type Asker = 'us' | 'peer' | 'nobody';

interface OpenCheck {
  readonly transactionId: Uint8Array;
  readonly request: Uint8Array;
  readonly sentAt: Instant;
  repeatAt: Instant;
  repeats: number;
}

const REPEAT_AFTER = 500;
/** Time for a check and its two repetitions, and for the answer to the last. */
const CHALLENGE_TIMEOUT = 2500;
const MAX_REPEATS = 2;
/** More than fit into 30 s at the default pace. */
const MAX_OPEN = 16;
