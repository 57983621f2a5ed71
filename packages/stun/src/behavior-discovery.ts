/** Finds out how the NAT on the way behaves, by asking a server with two addresses (RFC 5780 §4). */
import type { DatagramCore, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { RandomSource } from '@kaon/interface/crypto/v1';
import { formatAddress, isMalformed, sameAddress } from '@kaon/wire';
import type { Attribute } from './attribute.ts';
import { encodeMessage } from './encode.ts';
import { StunError } from './errors.ts';
import { formatTransactionId, METHOD, TRANSACTION_ID_LENGTH } from './header.ts';
import { attribute, decodeMessage, type StunMessage } from './message.ts';
import { ClientTransaction } from './transaction.ts';

/** What a mapping or a filter depends on (RFC 4787 §4.1, §5); `none`: there is no NAT, or no filter of its own. */
export type NatDependence = 'none' | 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

/** How a NAT behaves. */
export interface NatBehavior {
  /** Our address as the server sees it. */
  readonly mapped: TransportAddress;
  /** Which remotes see the same mapped address. `none`: they see our own. */
  readonly mapping: NatDependence;
  /** Which remotes get in through a mapping. `endpoint-independent` is said of a path that filters nothing, too. */
  readonly filtering: NatDependence;
  /** Whether hosts behind the NAT reach each other by mapped addresses (RFC 4787 §6). Undefined without a NAT. */
  readonly hairpinning: boolean | undefined;
  /**
   * How long an idle mapping lives, in ms: it was seen alive after `atLeast` and gone after `lessThan` (Infinity: never seen
   * gone). Undefined unless asked for.
   */
  readonly lifetime: { readonly atLeast: number; readonly lessThan: number } | undefined;
}

/** What a `BehaviorDiscovery` is made from. */
export interface BehaviorDiscoveryClientOptions {
  /**
   * Two sockets of one address. What the first one learns must not open doors for the second one, so both must be new:
   * bound for this and used for nothing else.
   */
  readonly sockets: readonly [mapping: TransportAddress, filtering: TransportAddress];
  /** Primary address of a server that supports RFC 5780. */
  readonly server: TransportAddress;
  readonly random: RandomSource;
  readonly now: Instant;
  /** Longest idle time in ms to try for `lifetime`; it takes several times as long to find out. Default: it is not measured. */
  readonly lifetimeUpTo?: number | undefined;
  /** Pause before the first retransmission in ms. Default 500. */
  readonly rto?: number | undefined;
  /** How often a request is sent in all; what stays without an answer is taken as filtered. Default 4. */
  readonly rc?: number | undefined;
}

/** How it ended. Each is terminal. */
export type BehaviorDiscoveryEvent =
  | { readonly type: 'finished'; readonly behavior: NatBehavior }
  /** `STUN_TIMEOUT`: the server does not answer. `STUN_BAD_RESPONSE`: it has no second address. `STUN_ERROR_RESPONSE`. */
  | { readonly type: 'failed'; readonly error: StunError };

/** Asks one question after the other (RFC 5780 §4.2 to §4.6) and reports one event. */
export class BehaviorDiscovery implements DatagramCore<BehaviorDiscoveryEvent> {
  readonly #options: BehaviorDiscoveryClientOptions;
  readonly #script: Generator<Step, NatBehavior, Answer | undefined>;
  #open: { readonly query: Query; readonly transaction: ClientTransaction; readonly path: Path } | undefined;
  #wakeAt: Instant = Number.POSITIVE_INFINITY;
  #event: BehaviorDiscoveryEvent | undefined;
  #done = false;

  /** Throws `StunError` (`STUN_INVALID_ARGUMENT`) on options that make no sense. */
  constructor(options: BehaviorDiscoveryClientOptions) {
    const [mapping, filtering] = options.sockets;
    if (mapping.family !== options.server.family || filtering.family !== mapping.family)
      throw new StunError('STUN_INVALID_ARGUMENT', 'sockets and server are of different families');
    if (sameAddress(mapping, filtering)) throw new StunError('STUN_INVALID_ARGUMENT', 'the two sockets are one');
    this.#options = options;
    this.#script = discover(options);
    this.#resume(undefined, options.now);
  }

  handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
    const open = this.#open;
    const message = decodeMessage(bytes);
    if (open === undefined || isMalformed(message) || message.method !== METHOD.Binding) return;
    if (formatTransactionId(message.transactionId) !== formatTransactionId(open.transaction.transactionId)) return;
    const { query } = open;
    if (!sameAddress(path.local, query.at ?? query.from)) return;
    if (message.class === 'request') {
      // Our own, come back by the mapped address.
      if (query.hairpin) this.#resume({ message, source: path.remote }, now);
    } else if (message.class === 'error') {
      if (!query.mayFail) this.#fail(errorOf(message));
      else this.#resume(undefined, now);
    } else if (
      message.class === 'success' &&
      !query.hairpin &&
      (query.source === undefined || sameAddress(path.remote, query.source))
    ) {
      this.#resume({ message, source: path.remote }, now);
    }
  }

  handleTimeout(now: Instant): void {
    if (this.#wakeAt <= now) {
      this.#resume(undefined, now);
      return;
    }
    const open = this.#open;
    if (open === undefined) return;
    open.transaction.handleTimeout(now);
    if (open.transaction.state === 'timed-out') this.#resume(undefined, now);
  }

  pollTimeout(): Instant {
    if (this.#done) return Number.POSITIVE_INFINITY;
    return Math.min(this.#wakeAt, this.#open?.transaction.pollTimeout() ?? Number.POSITIVE_INFINITY);
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    if (this.#open === undefined || !this.#open.transaction.pollTransmit(slot, now)) return false;
    slot.path = this.#open.path;
    return true;
  }

  pollEvent(): BehaviorDiscoveryEvent | undefined {
    const event = this.#event;
    this.#event = undefined;
    return event;
  }

  #resume(answer: Answer | undefined, now: Instant): void {
    this.#open = undefined;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    let next: IteratorResult<Step, NatBehavior>;
    try {
      next = this.#script.next(answer);
    } catch (error) {
      this.#fail(error as StunError);
      return;
    }
    if (next.done) {
      this.#done = true;
      this.#event = { type: 'finished', behavior: next.value };
    } else if ('wait' in next.value) this.#wakeAt = now + next.value.wait;
    else this.#ask(next.value, now);
  }

  #ask(query: Query, now: Instant): void {
    const { random, rto = 500, rc = 4 } = this.#options;
    const transactionId = new Uint8Array(TRANSACTION_ID_LENGTH);
    random(transactionId);
    const { attributes = [] } = query;
    const request = encodeMessage({ class: 'request', method: METHOD.Binding, transactionId, attributes });
    const transaction = new ClientTransaction({ request, transactionId, now, rto, rc, rm: 4 });
    this.#open = { query, transaction, path: { protocol: 'udp', local: query.from, remote: query.to } };
  }

  #fail(error: StunError): void {
    this.#done = true;
    this.#open = undefined;
    this.#event = { type: 'failed', error };
  }
}

/** One question. */
interface Query {
  readonly from: TransportAddress;
  readonly to: TransportAddress;
  /** Socket that the answer comes to. Default: the one that asked. */
  readonly at?: TransportAddress;
  /** Where the answer must come from. Default: anywhere. */
  readonly source?: TransportAddress;
  readonly attributes?: readonly Attribute[];
  /** The request itself is to come back. */
  readonly hairpin?: boolean;
  /** An error response counts as none. */
  readonly mayFail?: boolean;
}

type Step = Query | { readonly wait: number };

interface Answer {
  readonly message: StunMessage;
  readonly source: TransportAddress;
}

/** The tests in their order. Gets the answer to what it yielded, undefined when none came; throws StunError. */
function* discover(options: BehaviorDiscoveryClientOptions): Generator<Step, NatBehavior, Answer | undefined> {
  const { server, lifetimeUpTo } = options;
  const [local, second] = options.sockets;
  // RFC 5780 §4.2: the server's second address.
  const first = mappedOf(yield { from: local, to: server }, server);
  const other = attribute(first.message, 'other-address')?.address;
  if (
    other === undefined ||
    other.family !== server.family ||
    other.address === server.address ||
    other.port === server.port
  )
    throw new StunError(
      'STUN_BAD_RESPONSE',
      `${formatAddress(server)} has no second address: it does not support RFC 5780`,
    );
  const { mapped } = first;
  const mapping = yield* mappingOf(local, server, other, mapped);
  const filtering = yield* filteringOf(second, server, other);
  const behindNat = mapping !== 'none';
  const hairpinning = behindNat
    ? (yield { from: second, to: mapped, at: local, hairpin: true, mayFail: true }) !== undefined
    : undefined;
  const lifetime =
    lifetimeUpTo === undefined || !behindNat ? undefined : yield* lifetimeOf(local, second, server, lifetimeUpTo);
  return { mapped, mapping, filtering, hairpinning, lifetime };
}

/** RFC 5780 §4.3. */
function* mappingOf(
  local: TransportAddress,
  server: TransportAddress,
  other: TransportAddress,
  mapped: TransportAddress,
): Generator<Step, NatDependence, Answer | undefined> {
  if (sameAddress(mapped, local)) return 'none';
  const otherAddress = { ...other, port: server.port };
  const second = mappedOf(yield { from: local, to: otherAddress }, otherAddress);
  if (sameAddress(second.mapped, mapped)) return 'endpoint-independent';
  const third = mappedOf(yield { from: local, to: other }, other);
  return sameAddress(third.mapped, second.mapped) ? 'address-dependent' : 'address-and-port-dependent';
}

/** RFC 5780 §4.4, from a socket that has asked no other address of the server. */
function* filteringOf(
  local: TransportAddress,
  server: TransportAddress,
  other: TransportAddress,
): Generator<Step, NatDependence, Answer | undefined> {
  mappedOf(yield { from: local, to: server }, server);
  const change = (changeAddress: boolean, changePort: boolean): Attribute => ({
    type: 'change-request',
    changeAddress,
    changePort,
  });
  const fromOther = yield { from: local, to: server, source: other, attributes: [change(true, true)] };
  if (fromOther !== undefined) return 'endpoint-independent';
  const source = { ...server, port: other.port };
  const fromPort = yield { from: local, to: server, source, attributes: [change(false, true)] };
  return fromPort !== undefined ? 'address-dependent' : 'address-and-port-dependent';
}

/** RFC 5780 §4.6: binary search over idle times; the answer to a question from `helper` is sent to the idle mapping. */
function* lifetimeOf(
  local: TransportAddress,
  helper: TransportAddress,
  server: TransportAddress,
  upTo: number,
): Generator<Step, NonNullable<NatBehavior['lifetime']>, Answer | undefined> {
  let atLeast = 0;
  let lessThan = Number.POSITIVE_INFINITY;
  for (let idle = upTo; ; idle = Math.round((atLeast + lessThan) / 2)) {
    const { mapped } = mappedOf(yield { from: local, to: server }, server);
    yield { wait: idle };
    const attributes: Attribute[] = [{ type: 'response-port', port: mapped.port }];
    const alive = (yield { from: helper, to: server, at: local, attributes, mayFail: true }) !== undefined;
    if (alive) atLeast = idle;
    else lessThan = idle;
    if (lessThan === Number.POSITIVE_INFINITY || lessThan - atLeast <= Math.max(1000, upTo / 64)) break;
  }
  return { atLeast, lessThan };
}

function mappedOf(
  answer: Answer | undefined,
  server: TransportAddress,
): { readonly message: StunMessage; readonly mapped: TransportAddress } {
  if (answer === undefined) throw new StunError('STUN_TIMEOUT', `${formatAddress(server)} did not answer`);
  const { message } = answer;
  const mapped = attribute(message, 'xor-mapped-address')?.address ?? attribute(message, 'mapped-address')?.address;
  if (mapped === undefined) throw new StunError('STUN_BAD_RESPONSE', 'the response has no mapped address');
  return { message, mapped };
}

function errorOf(message: StunMessage): StunError {
  const { code, reason = '' } = attribute(message, 'error-code') ?? { code: undefined };
  const text = `the server answered ${code ?? 'an error without a code'}${reason === '' ? '' : `: ${reason}`}`;
  return new StunError('STUN_ERROR_RESPONSE', text, code === undefined ? {} : { statusCode: code });
}
