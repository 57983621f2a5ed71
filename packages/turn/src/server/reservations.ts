/** Ports held back for a later allocation (RFC 8656 §7.2, §18.10). */
import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import { formatTransactionId } from '@kaon/stun';
import type { ServerState } from './state.ts';
import type { UserAccount } from './users.ts';

/** What is held back, by token. */
export class Reservations {
  readonly #state: ServerState;
  readonly #held = new Map<string, Reservation>();

  constructor(state: ServerState) {
    this.#state = state;
  }

  get hasRoom(): boolean {
    return this.#held.size < this.#state.settings.maxAllocations;
  }

  /** When the oldest one ends: they all last equally long, and a Map keeps their order. */
  get nextDeadline(): Instant {
    for (const { expiresAt } of this.#held.values()) return expiresAt;
    return Number.POSITIVE_INFINITY;
  }

  /** Holds a bound port back for a user, whose quota it takes up, and returns its token, 8 bytes. */
  add(local: TransportAddress, user: string, now: Instant): Uint8Array {
    const token = new Uint8Array(8);
    this.#state.settings.random(token);
    const account = this.#state.users.enter(user, now);
    this.#held.set(formatTransactionId(token), { local, account, expiresAt: now + RESERVATION_TIME });
    return token;
  }

  /** The port that a token is for; it is held back no longer. */
  take(token: Uint8Array, now: Instant): TransportAddress | undefined {
    const key = formatTransactionId(token);
    const reservation = this.#held.get(key);
    if (reservation === undefined || reservation.expiresAt <= now) return undefined;
    this.#held.delete(key);
    this.#state.users.leave(reservation.account);
    return reservation.local;
  }

  /** Who had the port held back that a token is for. */
  userOf(token: Uint8Array): string | undefined {
    return this.#held.get(formatTransactionId(token))?.account.user;
  }

  handleTimeout(now: Instant): void {
    for (const [key, { local, account, expiresAt }] of this.#held) {
      if (expiresAt > now) return;
      this.#held.delete(key);
      this.#state.users.leave(account);
      this.#release(local);
    }
  }

  close(): void {
    for (const { local } of this.#held.values()) this.#release(local);
    this.#held.clear();
  }

  #release(local: TransportAddress): void {
    this.#state.events.order({ type: 'release-relay', local, protocol: 'udp' });
  }
}

interface Reservation {
  readonly local: TransportAddress;
  readonly account: UserAccount;
  readonly expiresAt: Instant;
}

/** At least 30 s (RFC 8656 §7.2). */
const RESERVATION_TIME = 30_000;
