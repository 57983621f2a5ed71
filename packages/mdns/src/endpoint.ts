import type { DatagramCore, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import { Deque, isMalformed } from '@kaon/wire';
import { Links, MDNS_PORT, type MdnsLink } from './endpoint/links.ts';
import { Outbox } from './endpoint/outbox.ts';
import { Resolver } from './endpoint/resolver.ts';
import { Responder } from './endpoint/responder.ts';
import type { MdnsEvent } from './events.ts';
import { decodeMessage } from './message.ts';
import { checkedName } from './names.ts';
import { type MdnsOptions, resolveOptions } from './options.ts';

/** Datagrams that were not used, by why. */
export interface MdnsDropped {
  /** No DNS message, or more of one than is read. */
  readonly malformed: number;
  /** By no link of ours, from a host that is not on the link, or an answer from another port than 5353. */
  readonly foreign: number;
}

/**
 * Multicast DNS (RFC 6762) as far as ICE needs it (draft-ietf-mmusic-mdns-ice-candidates), without I/O: looks up `.local`
 * names, and gives names to addresses of ours.
 *
 * - *handle*: `handleDatagram`, `handleTimeout`.
 * - *poll*: `pollTransmit`, `pollEvent`, `pollTimeout`.
 * - *commands*: `addLink` … `close`. They are no-ops once closed.
 * - *properties*: `dropped`, `conflicts`.
 */
export class MdnsEndpoint implements DatagramCore<MdnsEvent> {
  readonly #links = new Links();
  readonly #outbox = new Outbox();
  readonly #resolver: Resolver;
  readonly #responder: Responder;
  readonly #events = new Deque<MdnsEvent>();
  readonly #dropped = { malformed: 0, foreign: 0 };
  readonly #anyName: boolean;
  #now: Instant = Number.NEGATIVE_INFINITY;
  #state: 'open' | 'closing' | 'closed' = 'open';

  /** Throws MdnsError `MDNS_BAD_OPTION`. */
  constructor(options: MdnsOptions) {
    const resolved = resolveOptions(options);
    this.#anyName = resolved.anyName;
    this.#resolver = new Resolver(resolved, this.#links, this.#outbox, (event) => this.#emit(event));
    this.#responder = new Responder(resolved, this.#links, this.#outbox);
  }

  get dropped(): MdnsDropped {
    return { ...this.#dropped };
  }

  /** How often another host claimed a name of ours. The names are random: it is a prank. */
  get conflicts(): number {
    return this.#responder.conflicts;
  }

  /** A socket has joined the group of an interface. What is being asked for is asked there too. Throws MdnsError `MDNS_BAD_ADDRESS`. */
  addLink(link: MdnsLink, now: Instant): void {
    if (this.#begin(now) && this.#links.add(link)) this.#resolver.addLink(link);
  }

  /** The socket is gone. */
  removeLink(local: TransportAddress, now: Instant): void {
    if (this.#begin(now)) this.#links.remove(local);
  }

  /**
   * Asks for a name's addresses: `resolved` or `unresolved` follows, the former at once for what is known. Returns the name
   * as the event says it: in lower case, without a dot at its end.
   */
  resolve(name: string, now: Instant): string {
    const normal = checkedName(name, this.#anyName);
    if (!this.#begin(now)) return normal ?? name;
    const own = normal === undefined ? undefined : this.#responder.addressOf(normal);
    if (normal === undefined) this.#emit({ type: 'unresolved', name, reason: 'name' });
    // We do not hear ourselves.
    else if (own !== undefined) this.#emit({ type: 'resolved', name: normal, addresses: [own] });
    else this.#resolver.resolve(normal, this.#now);
    return normal ?? name;
  }

  /** Nobody waits for the name any more; no event follows. */
  cancel(name: string, now: Instant): void {
    if (this.#begin(now)) this.#resolver.cancel(checkedName(name, this.#anyName) ?? name);
  }

  /**
   * A new name for an address: a random UUID under `.local`. It is announced on the links with that address, and answered
   * for on all. Throws MdnsError `MDNS_BAD_ADDRESS` or `MDNS_TOO_MANY_NAMES`.
   */
  register(address: string, now: Instant): string {
    return this.#begin(now) ? this.#responder.register(address, this.#now) : '';
  }

  /** Takes a name back. */
  unregister(name: string, now: Instant): void {
    if (this.#begin(now)) this.#responder.unregister(name);
  }

  handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
    if (!this.#begin(now)) return;
    const link = this.#links.of(path);
    if (link === undefined) {
      this.#dropped.foreign++;
      return;
    }
    const message = decodeMessage(bytes);
    if (isMalformed(message)) this.#dropped.malformed++;
    else if (!message.response) this.#responder.handleQuery(message, link, path.remote, this.#now);
    // RFC 6762 §6: answers come from that port, or not from a responder.
    else if (path.remote.port !== MDNS_PORT) this.#dropped.foreign++;
    else {
      this.#resolver.handleRecords(message.records, this.#now);
      this.#responder.handleRecords(message.records, link, this.#now);
    }
  }

  handleTimeout(now: Instant): void {
    if (!this.#begin(now)) return;
    this.#resolver.handleTimeout(this.#now);
    this.#responder.handleTimeout(this.#now);
  }

  pollTimeout(): Instant {
    if (this.#state !== 'open') return Number.POSITIVE_INFINITY;
    return Math.min(this.#resolver.pollTimeout(), this.#responder.pollTimeout());
  }

  pollTransmit(slot: TransmitSlot, _now: Instant): boolean {
    return this.#state !== 'closed' && this.#outbox.poll(slot);
  }

  pollEvent(): MdnsEvent | undefined {
    const event = this.#events.shift();
    if (event !== undefined || this.#state !== 'closing' || this.#outbox.length > 0) return event;
    this.#state = 'closed';
    return { type: 'closed' };
  }

  /** Takes all names back; `closed` follows once that has been sent. Idempotent. */
  close(now: Instant): void {
    if (!this.#begin(now)) return;
    this.#responder.unregisterAll();
    this.#state = 'closing';
  }

  /** Takes the time, which never goes back; false once closed. */
  #begin(now: Instant): boolean {
    if (now > this.#now) this.#now = now;
    return this.#state === 'open';
  }

  #emit(event: MdnsEvent): void {
    // Nobody polls: the oldest news is the least useful.
    if (this.#events.length >= MAX_EVENTS) this.#events.shift();
    this.#events.push(event);
  }
}

const MAX_EVENTS = 1024;
