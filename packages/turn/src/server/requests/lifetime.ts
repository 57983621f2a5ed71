import type { Instant } from '@kaon/interface/core/v1';
import { attribute, type StunMessage } from '@kaon/stun';
import type { Allocation } from '../allocation.ts';
import type { Settings } from '../settings.ts';

/** The lifetime that a request gets, in ms (RFC 8656 §7.2): what it asks for, between the default and the longest. */
export function lifetimeOf(
  settings: Pick<Settings, 'defaultLifetime' | 'maxLifetime'>,
  message: StunMessage,
  allocation: Allocation,
  now: Instant,
): number {
  const asked = (attribute(message, 'lifetime')?.seconds ?? 0) * 1000;
  const lifetime = Math.min(settings.maxLifetime, Math.max(settings.defaultLifetime, asked));
  return Math.max(0, Math.min(lifetime, allocation.notAfter - now));
}
