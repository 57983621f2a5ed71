import type { RandomSource } from '@kaon/interface/crypto/v1';
import { type Attribute, attribute, type StunMessage } from '@kaon/stun';
import { randomTieBreaker } from '../credentials.ts';
import type { IceRole } from '../events.ts';

/** The agent's role, and how a conflict over it is settled (RFC 8445 §7.3.1.1, §16.1). */
export class RoleKeeper {
  role: IceRole;
  readonly #random: RandomSource;
  #tieBreaker: bigint;

  constructor(role: IceRole, random: RandomSource, tieBreaker: bigint = randomTieBreaker(random)) {
    this.role = role;
    this.#random = random;
    this.#tieBreaker = tieBreaker;
  }

  get tieBreaker(): bigint {
    return this.#tieBreaker;
  }

  /** The attribute that says the role in a check. */
  attribute(): Attribute {
    return this.role === 'controlling'
      ? { type: 'ice-controlling', tieBreaker: this.#tieBreaker }
      : { type: 'ice-controlled', tieBreaker: this.#tieBreaker };
  }

  /**
   * What a request from the peer means for our role: nothing, that we change it, or that the peer has to (487), which is
   * always so when our role is `fixed`, as that of a lite agent is.
   */
  judge(request: StunMessage, fixed = false): 'agree' | 'switch' | 'refuse' {
    const verdict = this.#judge(request);
    return fixed && verdict === 'switch' ? 'refuse' : verdict;
  }

  #judge(request: StunMessage): 'agree' | 'switch' | 'refuse' {
    const controlling = attribute(request, 'ice-controlling');
    if (this.role === 'controlling' && controlling !== undefined) {
      return this.#tieBreaker >= controlling.tieBreaker ? 'refuse' : 'switch';
    }
    const controlled = attribute(request, 'ice-controlled');
    if (this.role === 'controlled' && controlled !== undefined) {
      return this.#tieBreaker >= controlled.tieBreaker ? 'switch' : 'refuse';
    }
    return 'agree';
  }

  /** Changes sides because of a request that `judge` called for it. */
  flip(): void {
    this.role = this.role === 'controlling' ? 'controlled' : 'controlling';
  }

  /**
   * Takes a 487 answer to a check that was sent in `sentAs`. Only the first of several answers changes the role;
   * the number behind the decision must change then (RFC 8445 §16.1). Returns whether the role changed.
   */
  refused(sentAs: IceRole): boolean {
    if (sentAs !== this.role) return false;
    this.flip();
    this.#tieBreaker = randomTieBreaker(this.#random);
    return true;
  }
}
