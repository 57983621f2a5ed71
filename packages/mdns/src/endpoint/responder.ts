import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import { addressFamily, addressToBytes, canonicalAddress, isUnspecified } from '@kaon/wire';
import { MdnsError } from '../errors.ts';
import { type AddressType, encodeResponse, type MdnsMessage, type MdnsQuestion, type MdnsRecord } from '../message.ts';
import { randomName } from '../names.ts';
import type { ResolvedOptions } from '../options.ts';
import { groupPath, type Links, MDNS_PORT, type MdnsLink } from './links.ts';
import type { Outbox } from './outbox.ts';

/** Answers for the names that it has given to addresses, and for nothing else. */
export class Responder {
  /** How often another host claimed a name of ours. */
  conflicts = 0;
  readonly #options: ResolvedOptions;
  readonly #links: Links;
  readonly #outbox: Outbox;
  readonly #names = new Map<string, Registration>();
  #unicastSince: Instant = Number.NEGATIVE_INFINITY;
  #unicastSent = 0;

  constructor(options: ResolvedOptions, links: Links, outbox: Outbox) {
    this.#options = options;
    this.#links = links;
    this.#outbox = outbox;
  }

  /**
   * Gives an address a name and announces it twice (RFC 6762 §8.3). Nobody is asked first whether it is taken: it is random
   * (draft-ietf-mmusic-mdns-ice-candidates §3.1.1). Throws MdnsError.
   */
  register(address: string, now: Instant): string {
    const canonical = canonicalAddress(address.split('%', 1)[0]!);
    if (canonical === undefined || isUnspecified(canonical)) {
      throw new MdnsError('MDNS_BAD_ADDRESS', `${address} is not the address of an interface`);
    }
    if (this.#names.size >= MAX_NAMES) {
      throw new MdnsError('MDNS_TOO_MANY_NAMES', `${MAX_NAMES} names are registered, release some`);
    }
    const name = randomName(this.#options.random);
    const type: AddressType = addressFamily(canonical) === 'IPv4' ? 'A' : 'AAAA';
    const registration: Registration = {
      name,
      type,
      address: canonical,
      saidAt: new WeakMap(),
      deniedAt: new WeakMap(),
      announceAt: now + 1000,
    };
    this.#names.set(name, registration);
    this.#announce(registration, now);
    return name;
  }

  /** Takes a name back, and says so (RFC 6762 §10.1). */
  unregister(name: string): void {
    const registration = this.#names.get(name);
    if (registration === undefined) return;
    this.#names.delete(name);
    for (const link of this.#homes(registration)) {
      this.#outbox.push(encodeResponse({ records: [{ ...this.#record(registration), ttl: 0 }] }), groupPath(link));
    }
  }

  unregisterAll(): void {
    for (const name of [...this.#names.keys()]) this.unregister(name);
  }

  addressOf(name: string): string | undefined {
    return this.#names.get(name)?.address;
  }

  handleQuery(query: MdnsMessage, link: MdnsLink, remote: TransportAddress, now: Instant): void {
    if (this.#names.size === 0) return;
    const wanted = new Map<Registration, boolean>();
    const asked: MdnsQuestion[] = [];
    for (const question of query.questions.slice(0, MAX_QUESTIONS)) {
      const registration = this.#names.get(question.name);
      if (registration === undefined || !HAS_ANSWER.has(question.type)) continue;
      asked.push(question);
      const positive = question.type === 'ANY' || question.type === registration.type;
      wanted.set(registration, positive || wanted.get(registration) === true);
    }
    for (const registration of wanted.keys()) if (this.#knows(query, registration)) wanted.delete(registration);
    if (wanted.size === 0) return;
    if (remote.port !== MDNS_PORT) this.#answerAlone(wanted, link, remote, now, { id: query.id, questions: asked });
    else if (asked.every(({ unicast }) => unicast) && this.#saidLately(wanted, link, now)) {
      this.#answerAlone(wanted, link, remote, now);
    } else if (!this.#answerAll(wanted, link, now, query.probe ? PROBE_INTERVAL : INTERVAL)) {
      // All have heard it, but this one may have begun to listen only now.
      this.#answerAlone(wanted, link, remote, now);
    }
  }

  /** What others say of our names: objected to, at most once a second on a link. */
  handleRecords(records: readonly MdnsRecord[], link: MdnsLink, now: Instant): void {
    for (const record of records) {
      const registration = this.#names.get(record.name);
      if (registration === undefined) continue;
      const ours = record.address === registration.address;
      // RFC 6762 §6.6, §9: another address, or ours about to be forgotten.
      if (ours && record.ttl * 2 >= this.#options.ttl) continue;
      if (!ours && record.ttl > 0) this.conflicts++;
      this.#answerAll(new Map([[registration, true]]), link, now, INTERVAL);
    }
  }

  handleTimeout(now: Instant): void {
    for (const registration of this.#names.values()) {
      if (registration.announceAt > now) continue;
      registration.announceAt = Number.POSITIVE_INFINITY;
      this.#announce(registration, now);
    }
  }

  pollTimeout(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { announceAt } of this.#names.values()) earliest = Math.min(earliest, announceAt);
    return earliest;
  }

  #announce(registration: Registration, now: Instant): void {
    for (const link of this.#homes(registration)) this.#answerAll(new Map([[registration, true]]), link, now, INTERVAL);
  }

  /** False: it has been said to all just now. */
  #answerAll(wanted: Wanted, link: MdnsLink, now: Instant, interval: number): boolean {
    // RFC 6762 §6: a record is not said again within a second on the same link, whoever asks.
    const lastOf = (registration: Registration, positive: boolean): Instant =>
      (positive ? registration.saidAt : registration.deniedAt).get(link) ?? Number.NEGATIVE_INFINITY;
    const fresh = new Map([...wanted].filter(([each, positive]) => now - lastOf(each, positive) >= interval));
    if (fresh.size === 0) return false;
    if (!this.#outbox.push(this.#response(fresh, this.#options.ttl), groupPath(link))) return true;
    for (const [{ saidAt, deniedAt }, positive] of fresh) (positive ? saidAt : deniedAt).set(link, now);
    return true;
  }

  #answerAlone(wanted: Wanted, link: MdnsLink, remote: TransportAddress, now: Instant, asked?: Asked): void {
    if (now - this.#unicastSince >= 1000) {
      this.#unicastSince = now;
      this.#unicastSent = 0;
    }
    if (++this.#unicastSent > MAX_UNICAST) return;
    // RFC 6762 §6.7: who does not listen to the group keeps nothing for long.
    const ttl = asked === undefined ? this.#options.ttl : Math.min(this.#options.ttl, LEGACY_TTL);
    this.#outbox.push(this.#response(wanted, ttl, asked), { protocol: 'udp', local: link.local, remote });
  }

  #response(wanted: Wanted, ttl: number, asked?: Asked): Uint8Array {
    const [records, besides]: [MdnsRecord[], MdnsRecord[]] = [[], []];
    for (const [registration, positive] of wanted) {
      (positive ? records : besides).push({ ...this.#record(registration), ttl });
    }
    const complete = [...wanted.keys()].map(({ name, type }) => ({ name, type, ttl }));
    return encodeResponse({ records, besides, complete, ...(asked === undefined ? {} : { asked }) });
  }

  #record({ name, type, address }: Registration): MdnsRecord {
    return { name, type, address, ttl: this.#options.ttl, flush: true };
  }

  /** RFC 6762 §7.1: the asker has it, and for half its time to come. */
  #knows(query: MdnsMessage, { name, address }: Registration): boolean {
    return query.records.some(
      (record) => record.name === name && record.address === address && record.ttl * 2 >= this.#options.ttl,
    );
  }

  /** RFC 6762 §5.4: the others have heard it within a quarter of its time. */
  #saidLately(wanted: Wanted, link: MdnsLink, now: Instant): boolean {
    const quarter = this.#options.ttl * 250;
    return [...wanted.keys()].every(({ saidAt }) => now - (saidAt.get(link) ?? Number.NEGATIVE_INFINITY) < quarter);
  }

  /** The links whose address it is; all of them when it is of none, as with an address behind another interface. */
  #homes({ address }: Registration): readonly MdnsLink[] {
    const bytes = addressToBytes(address)!.join();
    const homes = this.#links.all.filter(({ local }) => addressToBytes(local.address)?.join() === bytes);
    return homes.length > 0 ? homes : this.#links.all;
  }
}

interface Registration {
  readonly name: string;
  readonly type: AddressType;
  readonly address: string;
  /** When it was last said to all on a link. */
  readonly saidAt: WeakMap<MdnsLink, Instant>;
  /** When it was last said to all on a link that there is no address of the other type. */
  readonly deniedAt: WeakMap<MdnsLink, Instant>;
  /** When it is announced again. */
  announceAt: Instant;
}

/** Names to answer for, and whether with their address: else with that there is none of the type. */
type Wanted = ReadonlyMap<Registration, boolean>;

interface Asked {
  readonly id: number;
  readonly questions: readonly MdnsQuestion[];
}

const HAS_ANSWER: ReadonlySet<string> = new Set(['A', 'AAAA', 'ANY']);
const MAX_NAMES = 1024;
const MAX_QUESTIONS = 16;
/** A second, in which answers to single hosts are counted. */
const MAX_UNICAST = 64;
const LEGACY_TTL = 10;
const INTERVAL = 1000;
/** RFC 6762 §6: who is about to take a name is told sooner. */
const PROBE_INTERVAL = 250;
