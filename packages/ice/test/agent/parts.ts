import { defaultCrypto } from '@kaon/stun';
import { seededRandom } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import type { Context } from '../../src/agent/context.ts';
import { Counters } from '../../src/agent/counters.ts';
import { Generation } from '../../src/agent/generation.ts';
import { type LocalCandidate, LocalCandidates } from '../../src/agent/local-candidates.ts';
import { Outbox } from '../../src/agent/outbox.ts';
import { Pacer } from '../../src/agent/pacer.ts';
import type { RemoteCandidate } from '../../src/agent/remote-candidates.ts';
import { RoleKeeper } from '../../src/agent/role.ts';
import type { AgentEvent, AgentOptions, CandidateType } from '../../src/index.ts';
import { resolveOptions } from '../../src/options.ts';
import { candidatePriority } from '../../src/priority.ts';

/** A context of its own for one part, and what the part reported. */
export function context(options: Partial<AgentOptions> = {}): Context & { readonly events: AgentEvent[] } {
  const random = seededRandom(1);
  const resolved = resolveOptions({ role: 'controlling', random, ...options });
  const events: AgentEvent[] = [];
  return {
    options: resolved,
    random,
    crypto: defaultCrypto,
    trace: options.trace,
    outbox: new Outbox(),
    pacer: new Pacer(resolved.pacing, resolved.burst),
    role: new RoleKeeper(options.role ?? 'controlling', random, options.tieBreaker),
    locals: new LocalCandidates(),
    counters: new Counters(),
    events,
    emit: (event) => void events.push(event),
  };
}

export const OURS = { usernameFragment: 'ours', password: 'o'.repeat(22) };
export const THEIRS = { usernameFragment: 'theirs', password: 't'.repeat(22) };

export function generation(limit = 100): Generation {
  const made = new Generation(OURS, defaultCrypto, context({ maxCandidatePairs: limit }).options);
  made.setRemote(THEIRS, 0);
  return made;
}

export function local(
  port: number,
  type: CandidateType = 'host',
  foundation = '1',
  address = '192.0.2.1',
): LocalCandidate {
  const base = transportAddress('192.0.2.1', port);
  const preference = 65535 - (port % 1000);
  const priority = candidatePriority(type, preference);
  const candidate = { foundation, component: 1, protocol: 'udp', priority, address, port, type } as const;
  return { candidate, base, preference, protocol: 'udp' };
}

export function remote(port: number, priority = 1000, foundation = '1', type: CandidateType = 'host'): RemoteCandidate {
  const address = transportAddress('198.51.100.1', port);
  const candidate = {
    foundation,
    component: 1,
    protocol: 'udp',
    priority,
    address: address.address,
    port,
    type,
  } as const;
  return { candidate, address };
}
