import type { Path, TransportAddress } from '@kaon/interface/core/v1';

/** 4 or 16 bytes of an address in text, or undefined when it is neither IPv4 nor IPv6. A zone (`%eth0`) is ignored. */
export function addressToBytes(text: string): Uint8Array | undefined {
  return text.includes(':') ? ipv6ToBytes(text) : ipv4ToBytes(text);
}

/** Text of 4 or 16 bytes; IPv6 in the canonical form of RFC 5952. Undefined for any other length. */
export function addressFromBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  return bytes.length === 16 ? ipv6FromBytes(bytes) : undefined;
}

/** The family of an address in text, or undefined when it is not a numeric address. */
export function addressFamily(text: string): 'IPv4' | 'IPv6' | undefined {
  const length = addressToBytes(text)?.length;
  return length === 4 ? 'IPv4' : length === 16 ? 'IPv6' : undefined;
}

/** The address in canonical text (RFC 5952), its zone kept; undefined when it is not an address. */
export function canonicalAddress(text: string): string | undefined {
  const bytes = addressToBytes(text);
  if (bytes === undefined) return undefined;
  const zone = text.indexOf('%');
  return (addressFromBytes(bytes) as string) + (zone < 0 ? '' : text.slice(zone));
}

/** A transport address from text; throws RangeError on text that is no address or a port out of range. */
export function transportAddress(address: string, port: number): TransportAddress {
  const family = addressFamily(address);
  if (family === undefined) throw new RangeError(`${address} is not an IP address`);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new RangeError(`${port} is not a port`);
  return { address, family, port };
}

/** Whether two transport addresses are the same, letter by letter: compare canonical addresses. */
export function sameAddress(a: TransportAddress, b: TransportAddress): boolean {
  return a.port === b.port && a.address === b.address;
}

/** Whether two paths join the same sockets. */
export function samePath(a: Path, b: Path): boolean {
  return a === b || (a.protocol === b.protocol && sameAddress(a.local, b.local) && sameAddress(a.remote, b.remote));
}

/** `192.0.2.1:3478` or `[2001:db8::1]:3478`. Also good as a key. */
export function formatAddress(address: TransportAddress): string {
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  const bytes = addressToBytes(address);
  if (bytes === undefined) return false;
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes[15] === 1 && bytes.subarray(0, 15).every((byte) => byte === 0);
}

/** 169.254.0.0/16 or fe80::/10. */
export function isLinkLocal(address: string): boolean {
  const bytes = addressToBytes(address);
  if (bytes === undefined) return false;
  if (bytes.length === 4) return bytes[0] === 169 && bytes[1] === 254;
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
}

/** 0.0.0.0 or ::. */
export function isUnspecified(address: string): boolean {
  return addressToBytes(address)?.every((byte) => byte === 0) ?? false;
}

const ZERO = 0x30;
const DOT = 0x2e;

function ipv4ToBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let at = 0;
  for (let i = 0; i < 4; i++) {
    if (i > 0 && text.charCodeAt(at++) !== DOT) return undefined;
    const start = at;
    let value = 0;
    for (let digit = text.charCodeAt(at) - ZERO; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - ZERO) {
      value = 10 * value + digit;
      // No leading zeros: some parsers read them as octal.
      if (value > 255 || (at > start && value < 10)) return undefined;
    }
    if (at === start) return undefined;
    bytes[i] = value;
  }
  return at === text.length ? bytes : undefined;
}

function ipv6ToBytes(text: string): Uint8Array | undefined {
  const zone = text.indexOf('%');
  const plain = zone < 0 ? text : text.slice(0, zone);
  const halves = plain.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group (RFC 4291 §2.2).
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head, 0);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function groups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  const bytes: number[] = [];
  if (text === '') return bytes;
  const parts = text.split(':');
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (part.includes('.')) {
      const embedded = mayEndInIpv4 && i === parts.length - 1 ? ipv4ToBytes(part) : undefined;
      if (embedded === undefined) return undefined;
      bytes.push(...embedded);
    } else {
      const value = hexGroup(part);
      if (value < 0) return undefined;
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes.length > 16 ? undefined : bytes;
}

/** Up to four hexadecimal digits; -1 for anything else. */
function hexGroup(text: string): number {
  if (text.length < 1 || text.length > 4) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const lower = code | 0x20;
    if (code >= ZERO && code <= ZERO + 9) value = 16 * value + code - ZERO;
    else if (lower >= 0x61 && lower <= 0x66) value = 16 * value + lower - 0x61 + 10;
    else return -1;
  }
  return value;
}

function ipv6FromBytes(bytes: Uint8Array): string {
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push((bytes[i]! << 8) | bytes[i + 1]!);
  let bestStart = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; ) {
    let length = 0;
    while (i + length < 8 && words[i + length] === 0) length++;
    if (length > bestLength) {
      bestStart = i;
      bestLength = length;
    }
    i += Math.max(1, length);
  }
  const hex = (part: number[]): string => part.map((word) => word.toString(16)).join(':');
  // IPv4-mapped addresses are shown with their dotted part (RFC 5952 §5).
  if (bestStart === 0 && bestLength === 5 && words[5] === 0xffff) {
    return `::ffff:${bytes[12]}.${bytes[13]}.${bytes[14]}.${bytes[15]}`;
  }
  if (bestStart < 0) return hex(words);
  return `${hex(words.slice(0, bestStart))}::${hex(words.slice(bestStart + bestLength))}`;
}
