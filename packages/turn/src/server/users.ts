/** What is counted for each user. */
import type { Instant } from '@kaon/interface/core/v1';
import { Bucket } from './buckets.ts';

/** One user, while they have allocations. */
export interface UserAccount {
  readonly user: string;
  allocations: number;
  readonly fromClient: Bucket | undefined;
  readonly fromPeers: Bucket | undefined;
}

/** Accounts by user name; as many as there are users with allocations. */
export class Users {
  readonly #accounts = new Map<string, UserAccount>();
  readonly #bandwidth: number | undefined;

  constructor(bandwidth: number | undefined) {
    this.#bandwidth = bandwidth;
  }

  countOf(user: string): number {
    return this.#accounts.get(user)?.allocations ?? 0;
  }

  /** The account of a user, with one allocation more. */
  enter(user: string, now: Instant): UserAccount {
    const rate = this.#bandwidth;
    let account = this.#accounts.get(user);
    if (account === undefined) {
      const bucket = (): Bucket | undefined => (rate === undefined ? undefined : new Bucket(rate, now));
      account = { user, allocations: 0, fromClient: bucket(), fromPeers: bucket() };
      this.#accounts.set(user, account);
    }
    account.allocations++;
    return account;
  }

  leave(account: UserAccount): void {
    if (--account.allocations === 0) this.#accounts.delete(account.user);
  }
}
