/// <reference path="./dns-packet.d.ts" />
/**
 * The few DNS messages that stand-in names need (RFC 6762 §18): questions for addresses, and addresses.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------------------------------+-------------------------------+
 *  |              ID               |QR|  Opcode  |AA|TC|RD|  |RCODE|
 *  +-------------------------------+-------------------------------+
 *  |            QDCOUNT            |            ANCOUNT            |
 *  +-------------------------------+-------------------------------+
 *  |            NSCOUNT            |            ARCOUNT            |
 *  +-------------------------------+-------------------------------+
 *  |                questions, answers, authorities, additionals
 */
import { addressFamily, canonicalAddress, isMalformed, MALFORMED, type Malformed, readU16 } from '@kaon/wire';
import dnsPacket from 'dns-packet';

/** Record types of addresses. */
export type AddressType = 'A' | 'AAAA';

/** A question about one name. */
export interface MdnsQuestion {
  /** In lower case, without a dot at its end. */
  readonly name: string;
  /** `A`, `AAAA`, `ANY`, or another that has no answer here. */
  readonly type: string;
  /** The asker would rather be answered alone (RFC 6762 §5.4). */
  readonly unicast: boolean;
}

/** A name's address. */
export interface MdnsRecord {
  /** In lower case, without a dot at its end. */
  readonly name: string;
  readonly type: AddressType;
  /** Numeric. */
  readonly address: string;
  /** Seconds it may be kept; 0 takes it back (RFC 6762 §10.1). */
  readonly ttl: number;
  /** There is no other of this name and type (RFC 6762 §10.2). */
  readonly flush: boolean;
}

/** What is read of a message. Records that are no addresses are left out. */
export interface MdnsMessage {
  /** Only of use to askers from other ports than 5353. */
  readonly id: number;
  readonly response: boolean;
  readonly questions: readonly MdnsQuestion[];
  /** Answers and additional records; in a question, what the asker knows already (RFC 6762 §7.1). */
  readonly records: readonly MdnsRecord[];
  /** The asker is about to take the names that it asks for (RFC 6762 §8.1). */
  readonly probe: boolean;
}

/** Reads a message. Malformed: no DNS message, one with an error, or more than a link has reason to send. */
export function decodeMessage(bytes: Uint8Array): MdnsMessage | Malformed {
  if (!isPlausible(bytes)) return MALFORMED;
  const message = decodePacket(bytes);
  if (isMalformed(message) || message.opcode !== 'QUERY' || message.rcode !== 'NOERROR') return MALFORMED;
  const records: MdnsRecord[] = [];
  for (const record of message.answers) takeRecord(record, records);
  for (const record of message.additionals) takeRecord(record, records);
  const response = message.type === 'response';
  return {
    id: message.id,
    response,
    questions: response ? [] : message.questions.flatMap(questionOf),
    records,
    probe: message.authorities.length > 0,
  };
}

/** One question; the name is asked for as it stands. One to a message: Chromium reads no more. */
export function encodeQuery(name: string, type: AddressType): Uint8Array {
  return copied({ type: 'query', questions: [{ name, type, class: 'IN' }] });
}

/** What goes into an answer. */
export interface ResponseOptions {
  /** What was asked for. */
  readonly records: readonly MdnsRecord[];
  /** Addresses of names that were asked for another type (RFC 6762 §6.2). */
  readonly besides?: readonly MdnsRecord[];
  /** Names that have no other addresses than these, and the one type of address that they have (RFC 6762 §6.1). */
  readonly complete?: readonly { readonly name: string; readonly type: AddressType; readonly ttl: number }[];
  /** The question of an asker from another port, repeated to it with its id (RFC 6762 §6.7). */
  readonly asked?: { readonly id: number; readonly questions: readonly MdnsQuestion[] };
}

/** An answer. */
export function encodeResponse({ records, besides = [], complete = [], asked }: ResponseOptions): Uint8Array {
  const flush = asked === undefined;
  const written = ({ name, type, address, ttl }: MdnsRecord) => ({ name, type, ttl, flush, data: address });
  const negative = complete.map(({ name, type, ttl }) => {
    const data = { nextDomain: name, rrtypes: [type] };
    return { name, type: 'NSEC', ttl, flush, data };
  });
  // That there is no such address is an answer where there is none else.
  const isAnswered = (name: string): boolean => records.some((record) => record.name === name);
  return copied({
    id: asked?.id ?? 0,
    type: 'response',
    flags: dnsPacket.AUTHORITATIVE_ANSWER,
    questions: (asked?.questions ?? []).map(({ name, type }) => ({ name, type, class: 'IN' })),
    answers: [...records.map(written), ...negative.filter(({ name }) => !isAnswered(name))],
    additionals: [...besides.map(written), ...negative.filter(({ name }) => isAnswered(name))],
  });
}

/** The codec makes room for as many entries as the header claims, so what it claims must fit what there is. */
function isPlausible(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER || bytes.length > MAX_MESSAGE) return false;
  const questions = readU16(bytes, 4);
  const records = readU16(bytes, 6) + readU16(bytes, 8) + readU16(bytes, 10);
  return questions + records <= MAX_ENTRIES && HEADER + questions * MIN_QUESTION + records * MIN_RECORD <= bytes.length;
}

function decodePacket(bytes: Uint8Array): ReturnType<typeof dnsPacket.decode> | Malformed {
  try {
    const message = dnsPacket.decode(NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    // An address at the end is read beyond it, and comes out as zeros.
    return dnsPacket.decode.bytes <= bytes.length ? message : MALFORMED;
  } catch {
    return MALFORMED;
  }
}

function questionOf(question: { name: string; type: string; class?: string }): MdnsQuestion[] {
  const known = question.class === 'IN' || question.class === 'ANY';
  const unicast = question.class === UNICAST_IN || question.class === UNICAST_ANY;
  return known || unicast ? [{ name: normalName(question.name), type: question.type, unicast }] : [];
}

function takeRecord(
  record: { name: string; type: string; class?: string; ttl?: number; flush?: boolean; data?: unknown },
  into: MdnsRecord[],
): void {
  const { name, type, data, ttl = 0, flush = false } = record;
  if (record.class !== 'IN' || (type !== 'A' && type !== 'AAAA') || typeof data !== 'string') return;
  const address = canonicalAddress(data);
  if (address === undefined || addressFamily(address) !== (type === 'A' ? 'IPv4' : 'IPv6')) return;
  into.push({ name: normalName(name), type, address, ttl, flush });
}

/** Names are compared without regard to case (RFC 6762 §16). */
function normalName(name: string): string {
  return name.toLowerCase();
}

/** The codec's bytes may lie in a pool of the platform's; these are our own. */
function copied(message: Parameters<typeof dnsPacket.encode>[0]): Uint8Array {
  return new Uint8Array(dnsPacket.encode(message));
}

/** The codec reads Node's Buffer and nothing else, and makes one too: so there is no need to import it here. */
const NodeBuffer = dnsPacket.encode({ type: 'query' }).constructor as unknown as {
  from(buffer: ArrayBufferLike, offset: number, length: number): Uint8Array;
};

const HEADER = 12;
/** The root's name, type, class. */
const MIN_QUESTION = 5;
/** And a lifetime and the length of nothing. */
const MIN_RECORD = 11;
/** What fits an Ethernet frame. Those that need more carry no names of this kind. */
const MAX_MESSAGE = 1500;
const MAX_ENTRIES = 64;
/** How the codec writes class IN, and ANY, with the top bit set. */
const UNICAST_IN = `UNKNOWN_${0x8001}`;
const UNICAST_ANY = `UNKNOWN_${0x80ff}`;
