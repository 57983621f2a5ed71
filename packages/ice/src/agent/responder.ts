import type { Instant, Path } from '@kaon/interface/core/v1';
import { type Attribute, attribute, type StunMessage, unknownRequired, verifyIntegrity } from '@kaon/stun';
import { type Context, trace } from './context.ts';
import type { DropReason } from './counters.ts';
import type { Generation } from './generation.ts';

/** A check from the peer that was authentic and has been answered with success. */
export interface AcceptedCheck {
  readonly generation: Generation;
  /** PRIORITY: what the peer's source would be worth as a candidate. */
  readonly priority: number;
  readonly useCandidate: boolean;
  /** NOMINATION, when it is one: 0 is not. */
  readonly nomination: number | undefined;
  /** What the peer's network costs, if it says so. */
  readonly networkCost: number | undefined;
  /** The peer's own fragment, as its request says it. */
  readonly remoteFragment: string;
}

/** Authenticates and answers checks of the peer (RFC 8445 §7.3). What follows from them is not decided here. */
export class Responder {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Answers a request; undefined when it was dropped or refused. `generations` are those whose credentials are answered,
   * the present one first.
   */
  handleRequest(
    message: StunMessage,
    bytes: Uint8Array,
    path: Path,
    generations: readonly Generation[],
    now: Instant,
  ): AcceptedCheck | undefined {
    const { outbox, role, locals, options } = this.#context;
    const [ours = '', theirs = ''] = attribute(message, 'username')?.username.split(':', 2) ?? [];
    const generation = generations.find((each) => matches(each, ours, theirs));
    if (generation === undefined) return this.#drop('username', path, now);
    if (!verifyIntegrity(bytes, generation.localMac)) return this.#drop('integrity', path, now);
    if (locals.forBase(path.local, path.protocol) === undefined) return this.#drop('base', path, now);

    const answer = (cls: 'success' | 'error', ...attributes: readonly Attribute[]): void =>
      outbox.push(generation.response(cls, message.transactionId, attributes), path);
    const unknown = unknownRequired(message);
    if (unknown.length > 0) {
      answer('error', error(420, 'Unknown Attribute'), { type: 'unknown-attributes', types: unknown.slice(0, 32) });
      return undefined;
    }
    const priority = attribute(message, 'priority')?.priority;
    if (priority === undefined) {
      answer('error', error(400, 'Bad Request'));
      return undefined;
    }
    // A role is settled with the present credentials; those of before a restart only keep the old pair alive.
    const verdict = generation === generations[0] ? role.judge(message, options.lite) : 'agree';
    if (verdict === 'refuse') {
      answer('error', error(487, 'Role Conflict'));
      return undefined;
    }
    if (verdict === 'switch') {
      role.flip();
      generation.checklist.reprioritise(role.role);
      trace(this.#context, 'ice:role-conflict', now, { role: role.role });
      this.#context.emit({ type: 'role', role: role.role });
    }
    answer('success', { type: 'xor-mapped-address', address: path.remote });
    const useCandidate = attribute(message, 'use-candidate') !== undefined;
    const nomination = attribute(message, 'nomination')?.nomination || undefined;
    const networkCost = attribute(message, 'goog-network-info')?.networkCost;
    return { generation, priority, useCandidate, nomination, networkCost, remoteFragment: theirs };
  }

  #drop(reason: DropReason, path: Path, now: Instant): undefined {
    this.#context.counters.dropped[reason]++;
    trace(this.#context, 'ice:dropped', now, { reason }, path.remote);
    return undefined;
  }
}

/** Before the peer's fragment is known, any will do: the password is what proves it (RFC 8445 §7.3). */
function matches(generation: Generation, ours: string, theirs: string): boolean {
  if (ours !== generation.local.usernameFragment || theirs === '') return false;
  return generation.remote === undefined || generation.remote.usernameFragment === theirs;
}

function error(code: number, reason: string): Attribute {
  return { type: 'error-code', code, reason };
}
