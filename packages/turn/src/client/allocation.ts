/** The allocation itself: made, refreshed, moved and given up (RFC 8656 §7, §8; RFC 8016 §3). */
import type { Instant, Path, TransportAddress } from '@kaon/interface/core/v1';
import { type Attribute, attribute, ERROR, METHOD, type StunMessage, unknownRequired } from '@kaon/stun';
import { isUnspecified, sameAddress } from '@kaon/wire';
import { TurnError } from '../errors.ts';
import type { Context } from './context.ts';

/** Where an allocation stands. */
export type AllocationState = 'allocating' | 'allocated' | 'closing';

/** One allocation. */
export class Allocation {
  readonly #context: Context;
  #state: AllocationState = 'allocating';
  #dontFragment: boolean;
  /** Whether a second family is asked for also by the number that drafts had for it, which coturn goes by to this day. */
  #draftFamily = true;
  #families: readonly TransportAddress['family'][] = [];
  #ticket: Uint8Array | undefined;
  #refreshing = false;
  #migratingTo: Path | undefined;
  #refreshAt: Instant = Number.POSITIVE_INFINITY;
  #expires: Instant = Number.POSITIVE_INFINITY;
  #closeBy: Instant = Number.POSITIVE_INFINITY;

  constructor(context: Context, now: Instant) {
    this.#context = context;
    this.#dontFragment = context.settings.dontFragment ?? false;
    this.#allocate(now);
  }

  get state(): AllocationState {
    return this.#state;
  }

  /** Families of the relayed addresses; empty before there are any. */
  get families(): readonly TransportAddress['family'][] {
    return this.#families;
  }

  /** Whether Send indications ask for the DF bit. */
  get dontFragment(): boolean {
    return this.#dontFragment;
  }

  /** Where the allocation is about to move. */
  get migratingTo(): Path | undefined {
    return this.#migratingTo;
  }

  get deadline(): Instant {
    const refresh = this.#refreshing ? Number.POSITIVE_INFINITY : this.#refreshAt;
    return Math.min(refresh, this.#expires, this.#closeBy);
  }

  handleTimeout(now: Instant): void {
    if (now >= this.#closeBy) this.#context.end({ type: 'closed' });
    else if (now >= this.#expires) this.lost('it expired, since no refresh was answered');
    else if (now >= this.#refreshAt && !this.#refreshing) this.refresh(now);
  }

  refresh(now: Instant): void {
    if (this.#state !== 'allocated' || this.#refreshing) return;
    this.#refreshing = true;
    this.#context.requests.ask(
      {
        method: METHOD.Refresh,
        attributes: this.#lifetime(),
        path: this.#context.path,
        done: (reply, asked, now) => this.#refreshed(reply, asked, now),
      },
      now,
    );
  }

  /** Asks the server to know us by another path from now on. */
  migrate(path: Path, now: Instant): void {
    if (this.#state !== 'allocated' || this.#ticket === undefined) {
      throw new TurnError('TURN_INVALID_STATE', 'the server has given no ticket to move the allocation with');
    }
    this.#migratingTo = path;
    this.#context.requests.ask(
      {
        method: METHOD.Refresh,
        attributes: [...this.#lifetime(), { type: 'mobility-ticket', ticket: this.#ticket }],
        path,
        done: (reply, asked, now) => this.#migrated(path, reply, asked, now),
      },
      now,
    );
  }

  /** Gives the allocation up, also one that the server may be making right now. */
  close(now: Instant): void {
    if (this.#state === 'closing') return;
    const { requests } = this.#context;
    requests.clear();
    const known = this.#state === 'allocated' || requests.credentials.generation > 0;
    this.#state = 'closing';
    if (!known) {
      this.#context.end({ type: 'closed' });
      return;
    }
    this.#refreshAt = Number.POSITIVE_INFINITY;
    this.#expires = Number.POSITIVE_INFINITY;
    this.#closeBy = now + CLOSE_PATIENCE;
    requests.ask(
      {
        method: METHOD.Refresh,
        attributes: [{ type: 'lifetime', seconds: 0 }],
        path: this.#context.path,
        done: () => this.#context.end({ type: 'closed' }),
      },
      now,
    );
  }

  lost(why: string, statusCode?: number): void {
    this.#context.fail(new TurnError('TURN_ALLOCATION_LOST', `the allocation is gone: ${why}`, { statusCode }));
  }

  #allocate(now: Instant): void {
    const { path, requests, settings } = this.#context;
    const { families, transport, evenPort = false, reservationToken } = settings;
    const attributes: Attribute[] = [
      { type: 'requested-transport', protocol: transport === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP },
      ...this.#lifetime(),
    ];
    if (families === 'IPv6') attributes.push({ type: 'requested-address-family', family: 'IPv6' });
    if (families === 'both') {
      attributes.push({ type: 'additional-address-family', family: 'IPv6' });
      if (this.#draftFamily) attributes.push(DRAFT_ADDITIONAL_ADDRESS_FAMILY);
    }
    if (evenPort !== false) attributes.push({ type: 'even-port', reserveNext: evenPort === 'reserve' });
    if (reservationToken !== undefined) attributes.push({ type: 'reservation-token', token: reservationToken });
    if (this.#dontFragment) attributes.push({ type: 'dont-fragment' });
    if (settings.mobility) attributes.push({ type: 'mobility-ticket', ticket: new Uint8Array(0) });
    const done = (reply: StunMessage | undefined, asked: Instant, now: Instant): void => {
      if (reply === undefined) this.#context.fail(new TurnError('TURN_TIMEOUT', 'the server did not answer'));
      else if (reply.class === 'success') this.#allocated(reply, asked);
      else this.#refused(reply, now);
    };
    requests.ask({ method: METHOD.Allocate, attributes, path, done }, now);
  }

  #allocated(response: StunMessage, asked: Instant): void {
    const relayed = relayedOf(response);
    const mapped = attribute(response, 'xor-mapped-address')?.address;
    const lifetime = attribute(response, 'lifetime')?.seconds ?? 0;
    const unknown = unknownRequired(response).length > 0;
    if (relayed.length === 0 || mapped === undefined || lifetime === 0 || unknown) {
      const what = unknown
        ? 'has attributes that must be understood and are not known'
        : 'lacks what an allocation has';
      this.#context.fail(new TurnError('TURN_BAD_RESPONSE', `the server's success response ${what}`));
      return;
    }
    this.#state = 'allocated';
    this.#families = relayed.map(({ family }) => family);
    if (this.#context.settings.mobility) this.#ticket = attribute(response, 'mobility-ticket')?.ticket.slice();
    this.#plan(lifetime, asked);
    this.#context.emit({
      type: 'allocated',
      relayed,
      mapped,
      lifetime,
      reservationToken: attribute(response, 'reservation-token')?.token.slice(),
      refusedFamilies: response.attributes.flatMap((each) =>
        each.type === 'address-error-code' ? [{ family: each.family, statusCode: each.code, reason: each.reason }] : [],
      ),
      mobile: this.#ticket !== undefined,
    });
  }

  #refused(response: StunMessage, now: Instant): void {
    const code = attribute(response, 'error-code')?.code;
    const alternate = attribute(response, 'alternate-server')?.address;
    const { remote } = this.#context.path;
    if (code === ERROR.TryAlternate && alternate !== undefined) {
      if (alternate.family === remote.family && alternate.port !== 0 && !sameAddress(alternate, remote)) {
        const domain = attribute(response, 'alternate-domain')?.domain;
        this.#context.end({ type: 'redirected', server: alternate, domain });
        return;
      }
    }
    // RFC 8656 §7.4: whoever does not insist on DF asks again without.
    if (code === ERROR.UnknownAttribute && this.#dontFragment) {
      this.#dontFragment = false;
      this.#allocate(now);
      return;
    }
    // A server that knows both numbers may take exception to the pair.
    if (code === ERROR.BadRequest && this.#context.settings.families === 'both' && this.#draftFamily) {
      this.#draftFamily = false;
      this.#allocate(now);
      return;
    }
    this.#context.fail(errorOf(response));
  }

  #refreshed(reply: StunMessage | undefined, asked: Instant, now: Instant): void {
    this.#refreshing = false;
    if (reply?.class === 'success') {
      this.#renew(reply, asked);
      return;
    }
    const code = reply === undefined ? undefined : attribute(reply, 'error-code')?.code;
    if (reply === undefined) this.#refreshAt = now;
    else if (code === ERROR.AllocationMismatch) this.lost('the server does not know it', code);
    else if (code !== undefined && code < 500 && code !== ERROR.AllocationQuotaReached) {
      this.#context.fail(errorOf(reply));
    } else this.#refreshAt = now + RETRY_PAUSE;
  }

  #migrated(path: Path, reply: StunMessage | undefined, asked: Instant, now: Instant): void {
    // A later call of `migrate` has taken over.
    if (this.#migratingTo !== path) return;
    this.#migratingTo = undefined;
    if (reply?.class === 'success') {
      this.#context.path = path;
      this.#renew(reply, asked);
      this.#context.emit({ type: 'migrated', path });
      return;
    }
    const error = reply === undefined ? undefined : attribute(reply, 'error-code');
    const reason = error?.reason ?? 'the server did not answer';
    this.#refreshAt = Math.min(this.#refreshAt, now + RETRY_PAUSE);
    this.#context.emit({ type: 'migration-failed', statusCode: error?.code, reason });
  }

  #renew(response: StunMessage, asked: Instant): void {
    this.#ticket = attribute(response, 'mobility-ticket')?.ticket.slice() ?? this.#ticket;
    const lifetime = attribute(response, 'lifetime')?.seconds;
    if (lifetime === 0) this.lost('the server gave it up');
    else this.#plan(lifetime ?? DEFAULT_LIFETIME, asked);
  }

  /** Two minutes early there is time for three transactions that get no answer. */
  #plan(seconds: number, asked: Instant): void {
    const lifetime = seconds * 1000;
    this.#expires = asked + lifetime;
    this.#refreshAt = asked + Math.max(lifetime / 2, lifetime - 120_000);
  }

  #lifetime(): Attribute[] {
    const { lifetime } = this.#context.settings;
    return lifetime === undefined ? [] : [{ type: 'lifetime', seconds: lifetime }];
  }
}

/** One address of each family, as a server may give (RFC 8656 §7.3), if a peer could send there. */
function relayedOf(response: StunMessage): readonly TransportAddress[] {
  const relayed: TransportAddress[] = [];
  for (const each of response.attributes) {
    if (each.type !== 'xor-relayed-address') continue;
    const { address } = each;
    const isUsable = address.port !== 0 && !isUnspecified(address.address);
    if (isUsable && !relayed.some(({ family }) => family === address.family)) relayed.push(address);
  }
  return relayed;
}

/** An error response as an error. */
export function errorOf(response: StunMessage): TurnError {
  const { code, reason } = attribute(response, 'error-code') ?? { code: undefined, reason: '' };
  const text = `the server answered ${code ?? 'an error without a code'}${reason === '' ? '' : `: ${reason}`}`;
  const unauthorized = code === ERROR.Unauthenticated || code === ERROR.WrongCredentials;
  const name = unauthorized ? 'TURN_UNAUTHORIZED' : code === undefined ? 'TURN_BAD_RESPONSE' : 'TURN_ERROR_RESPONSE';
  return new TurnError(name, text, { statusCode: code, reason });
}

/** ADDITIONAL-ADDRESS-FAMILY for IPv6 as draft-ietf-tram-turn-ssodb numbered it: comprehension-optional, so harmless elsewhere. */
const DRAFT_ADDITIONAL_ADDRESS_FAMILY: Attribute = {
  type: 'unknown',
  attributeType: 0x8032,
  value: Uint8Array.of(2, 0, 0, 0),
};

/** IP protocol numbers in REQUESTED-TRANSPORT. */
const PROTOCOL_UDP = 17;
const PROTOCOL_TCP = 6;
/** RFC 8656 §3.2, for a server that does not say. */
const DEFAULT_LIFETIME = 600;
/** After an error that may pass, or where a path did not work. */
const RETRY_PAUSE = 5000;
/** How long `close` waits for the server. */
const CLOSE_PATIENCE = 3000;
