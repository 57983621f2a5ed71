import type { Instant, Path } from '@kaon/interface/core/v1';
import {
  type Attribute,
  attribute,
  ClientTransaction,
  formatTransactionId,
  type StunMessage,
  verifyIntegrity,
} from '@kaon/stun';
import { sameAddress, samePath } from '@kaon/wire';
import type { Candidate } from '../candidate.ts';
import type { IceRole } from '../events.ts';
import { candidatePriority } from '../priority.ts';
import { type Context, newTransactionId, trace } from './context.ts';
import type { Generation } from './generation.ts';
import { type LocalCandidate, withoutZone } from './local-candidates.ts';
import type { CandidatePair } from './pair.ts';

/** How a check ended. */
export interface CheckOutcome {
  readonly result: 'succeeded' | 'failed' | 'timed-out' | 'role-conflict';
  readonly pair: CandidatePair;
  /** The check carried USE-CANDIDATE. */
  readonly nominating: boolean;
}

/** Connectivity checks on their way (RFC 8445 §7.2). */
export class Checks {
  readonly #context: Context;
  readonly #open = new Map<string, Check>();

  constructor(context: Context) {
    this.#context = context;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Sends a check. An ordinary one moves its pair to in-progress; a nominating one leaves a valid pair valid, and says
   * `nomination` where that is given.
   */
  start(pair: CandidatePair, generation: Generation, nominating: boolean, now: Instant, nomination?: number): void {
    const { options, role, random, outbox } = this.#context;
    const { protocol } = pair.path;
    const priority = candidatePriority('prflx', pair.local.preference, 1, { protocol });
    const attributes: Attribute[] = [{ type: 'priority', priority }, role.attribute()];
    if (pair.localCost > 0) {
      attributes.push({ type: 'goog-network-info', networkId: this.#networkOf(pair), networkCost: pair.localCost });
    }
    if (nominating) attributes.push({ type: 'use-candidate' });
    if (nomination !== undefined) attributes.push({ type: 'nomination', nomination });
    const transactionId = newTransactionId(random);
    const request = generation.request(transactionId, attributes);
    if (!nominating) pair.state = 'in-progress';
    // RFC 8445 §14.3. Its N stems from a number of check lists; there is one.
    const rto = Math.max(MIN_RTO, options.pacing * generation.checklist.active);
    const transaction = new ClientTransaction({
      request,
      transactionId,
      now,
      rto,
      // Once, on a connection (RFC 6544 §7.1).
      reliable: protocol === 'tcp',
      ...(nominating ? SHORT : undefined),
    });
    const sentAs = role.role;
    // Between hosts nothing has to be opened first, and what was sent is likely to have arrived.
    const resentAt = nominating || pair.kind === 'host' ? now : Number.NEGATIVE_INFINITY;
    const check = { pair, generation, nominating, transaction, request, priority, sentAs, resentAt, last: false };
    this.#open.set(formatTransactionId(transactionId), check);
    outbox.pushTransaction(transaction, pair.path);
    pair.counters.requestsSent++;
    trace(this.#context, 'ice:check-sent', now, { pair: pair.id, nominating }, pair.path.remote);
  }

  /**
   * Sends the open check of a pair once more at once: the peer's own check just opened the way (RFC 8445 §7.3.1.4).
   * The same transaction, so it costs no state. At most once per Ta, but the first time at once where a relay or a NAT
   * may have dropped what was sent a moment ago.
   */
  resend(pair: CandidatePair, now: Instant): void {
    if (pair.path.protocol === 'tcp') return;
    for (const check of this.#open.values()) {
      if (check.pair !== pair || now - check.resentAt < this.#context.options.pacing) continue;
      check.resentAt = now;
      this.#context.outbox.push(check.request, pair.path);
      pair.counters.requestsSent++;
      return;
    }
  }

  /** Whether a check of this pair is open. */
  isOpen(pair: CandidatePair): boolean {
    for (const check of this.#open.values()) if (check.pair === pair) return true;
    return false;
  }

  /** Sends the checks of a pair no more, but takes an answer that is on its way (RFC 8445 §8.1.2). */
  settle(pair: CandidatePair): void {
    for (const check of this.#open.values()) if (check.pair === pair) check.last = true;
  }

  /** Forgets the checks of a pair; answers to them come to nothing. */
  cancel(pair: CandidatePair): void {
    for (const [id, check] of this.#open) if (check.pair === pair) this.#open.delete(id);
  }

  cancelAll(): void {
    this.#open.clear();
  }

  /** Retransmits what is due. Returns what was given up. */
  handleTimeout(now: Instant): CheckOutcome[] {
    const ended: CheckOutcome[] = [];
    for (const [id, check] of this.#open) {
      const { transaction, pair, nominating } = check;
      if (transaction.pollTimeout() > now) continue;
      if (check.last) {
        this.#open.delete(id);
        if (pair.state === 'in-progress' && !this.isOpen(pair)) pair.state = 'waiting';
        continue;
      }
      transaction.handleTimeout(now);
      if (transaction.state === 'timed-out') {
        this.#open.delete(id);
        this.#fail(check, 'timeout', now);
        ended.push({ result: 'timed-out', pair, nominating });
      } else {
        this.#context.outbox.pushTransaction(transaction, pair.path);
        pair.counters.requestsSent++;
      }
    }
    return ended;
  }

  pollTimeout(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { transaction } of this.#open.values()) earliest = Math.min(earliest, transaction.pollTimeout());
    return earliest;
  }

  /** Whether a response belongs to an open check. */
  has(message: StunMessage): boolean {
    return this.#open.has(formatTransactionId(message.transactionId));
  }

  /** Takes a response (RFC 8445 §7.2.5); undefined when it proves nothing. */
  handleResponse(message: StunMessage, bytes: Uint8Array, path: Path, now: Instant): CheckOutcome | undefined {
    const id = formatTransactionId(message.transactionId);
    const check = this.#open.get(id);
    const { counters } = this.#context;
    if (check === undefined) {
      counters.dropped.transaction++;
      return undefined;
    }
    const mac = check.generation.remoteMac;
    if (mac === undefined || !verifyIntegrity(bytes, mac)) {
      counters.dropped.integrity++;
      return undefined;
    }
    const { pair, nominating } = check;
    this.#open.delete(id);
    check.transaction.handleResponse(message, now);
    pair.counters.responsesReceived++;
    pair.heardAt = now;
    const rtt = check.transaction.rtt;
    if (rtt !== undefined) {
      pair.counters.totalRoundTripTime += rtt;
      pair.counters.currentRoundTripTime = rtt;
    }
    // Where it was sent from and to, the other way round (RFC 8445 §7.2.5.2.1).
    if (!samePath(path, pair.path)) return this.#failed(check, 'asymmetric', now);
    if (message.class === 'error') {
      if (attribute(message, 'error-code')?.code !== ROLE_CONFLICT) return this.#failed(check, 'error', now);
      return this.#roleConflict(check, now);
    }
    const mapped = attribute(message, 'xor-mapped-address')?.address;
    if (mapped === undefined) return this.#failed(check, 'no-address', now);
    pair.becomeValid(this.#localAt(mapped.address, mapped.port, check), now);
    check.generation.checklist.unfreeze(pair.foundation);
    trace(this.#context, 'ice:check-succeeded', now, { pair: pair.id, nominating }, pair.path.remote);
    return { result: 'succeeded', pair, nominating };
  }

  #roleConflict(check: Check, now: Instant): CheckOutcome {
    const { role, emit } = this.#context;
    const { pair, generation, nominating } = check;
    if (role.refused(check.sentAs)) {
      generation.checklist.reprioritise(role.role);
      trace(this.#context, 'ice:role-conflict', now, { role: role.role });
      emit({ type: 'role', role: role.role });
    }
    generation.checklist.trigger(pair);
    return { result: 'role-conflict', pair, nominating };
  }

  #failed(check: Check, reason: string, now: Instant): CheckOutcome {
    this.#fail(check, reason, now);
    return { result: 'failed', pair: check.pair, nominating: check.nominating };
  }

  /** A failed nomination takes the pair off the valid list too (RFC 8445 §8.1.1). */
  #fail(check: Check, reason: string, now: Instant): void {
    check.pair.fail();
    trace(this.#context, 'ice:check-failed', now, { pair: check.pair.id, reason }, check.pair.path.remote);
  }

  /** The local candidate that the peer sees; a peer-reflexive one when it is new (RFC 8445 §7.2.5.3.1). */
  #localAt(address: string, mappedPort: number, check: Check): LocalCandidate {
    const { locals } = this.#context;
    const { pair } = check;
    const { base, preference, protocol, tcpType, networkType, networkCost } = pair.local;
    // Each connection of an active base has a port of its own.
    const port = tcpType === 'active' ? base.port : mappedPort;
    const own = pair.local.candidate;
    if ((own.address === address && own.port === port) || sameAddress(base, { address, family: base.family, port })) {
      return pair.local;
    }
    const known = locals.at(address, port, base, protocol);
    if (known !== undefined) return known;
    const candidate: Candidate = {
      foundation: locals.foundation('prflx', base.address, protocol, ''),
      component: 1,
      protocol,
      priority: check.priority,
      address,
      port,
      type: 'prflx',
      relatedAddress: withoutZone(base.address),
      relatedPort: base.port,
      ...(tcpType === undefined ? {} : { tcpType }),
      usernameFragment: check.generation.local.usernameFragment,
    };
    const local = { candidate, base, preference, protocol, tcpType, networkType, networkCost };
    // Each answer may name another address: the peer must not fill memory with them.
    if (locals.all.length < MAX_LOCALS) locals.add(local);
    return local;
  }

  /** A number for the network that a pair starts from: equal for bases with one address. */
  #networkOf({ local }: CandidatePair): number {
    const addresses = new Set(this.#context.locals.all.map(({ base }) => base.address));
    return 1 + [...addresses].indexOf(local.base.address);
  }
}

interface Check {
  readonly pair: CandidatePair;
  readonly generation: Generation;
  readonly nominating: boolean;
  readonly transaction: ClientTransaction;
  readonly request: Uint8Array;
  readonly priority: number;
  readonly sentAs: IceRole;
  resentAt: Instant;
  /** Nobody waits for the answer. */
  last: boolean;
}

const MIN_RTO = 500;
/** A pair that was just seen to work and then does not confirm its nomination is given up after 11.5 s, not 39.5. */
const SHORT = { rc: 5, rm: 8 };
const ROLE_CONFLICT = 487;
const MAX_LOCALS = 256;
