import type { RandomSource } from '@kaon/interface/crypto/v1';
import { MdnsError } from './errors.ts';

/** What may be set on an `MdnsEndpoint`. */
export interface MdnsOptions {
  /** Source of the names. */
  readonly random: RandomSource;
  /** Milliseconds an answer may take. Default 10,000. */
  readonly timeout?: number | undefined;
  /** Ask for any name under `.local`, not only for those that stand for addresses of ICE candidates. Default false. */
  readonly anyName?: boolean | undefined;
  /** Seconds that others may keep our addresses (RFC 6762 §10). Default 120. */
  readonly ttl?: number | undefined;
}

/** Options with all defaults filled in. */
export interface ResolvedOptions {
  readonly random: RandomSource;
  readonly timeout: number;
  readonly anyName: boolean;
  readonly ttl: number;
}

/** Fills in defaults. Throws MdnsError `MDNS_BAD_OPTION`. */
export function resolveOptions({ random, timeout = 10_000, anyName = false, ttl = 120 }: MdnsOptions): ResolvedOptions {
  if (!(timeout > 0)) throw new MdnsError('MDNS_BAD_OPTION', `timeout is ${timeout}, it must be more than 0`);
  if (!Number.isInteger(ttl) || ttl < 1 || ttl > 4500) {
    throw new MdnsError('MDNS_BAD_OPTION', `ttl is ${ttl}, it must be 1 to 4500 whole seconds`);
  }
  return { random, timeout, anyName, ttl };
}
