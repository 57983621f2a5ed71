/**
 * The candidate attribute of RFC 8839 §5.1:
 *
 *   candidate:<foundation> <component> <transport> <priority> <address> <port> typ <type>
 *     [raddr <address>] [rport <port>] *(<extension name> <extension value>)
 *
 * and of RFC 6544 §4.5: `tcptype <active|passive|so>`.
 */
import { isMalformed, MALFORMED, type Malformed } from '@kaon/wire';
import type { Candidate, CandidateType, TcpType } from './candidate.ts';
import { IceError } from './errors.ts';

/** Reads `candidate:…`, with or without `a=` in front. Throws IceError `ICE_BAD_CANDIDATE`. */
export function parseCandidate(line: string): Candidate {
  const candidate = decodeCandidate(line);
  if (isMalformed(candidate)) {
    throw new IceError('ICE_BAD_CANDIDATE', `not a candidate line (RFC 8839 §5.1): ${line.slice(0, 200)}`);
  }
  return candidate;
}

/** Like `parseCandidate`, for lines from a peer: never throws. Reads the line once and copies what is kept. */
export function decodeCandidate(line: string): Candidate | Malformed {
  if (line.length > MAX_LINE) return MALFORMED;
  const start = startOf(line);
  if (start < 0) return MALFORMED;
  const limit = endOf(line, start);
  let at = skipSpaces(line, start);
  let end = fieldEnd(line, at, limit, ICE_CHARACTER);
  if (end < 0 || end - at > 32) return MALFORMED;
  const foundation = line.slice(at, end);
  at = skipSpaces(line, end);
  end = fieldEnd(line, at, limit, VISIBLE);
  const component = number(line, at, end, 256);
  at = skipSpaces(line, end);
  end = fieldEnd(line, at, limit, VISIBLE);
  const protocol = protocolOf(line, at, end);
  at = skipSpaces(line, end);
  end = fieldEnd(line, at, limit, VISIBLE);
  const priority = number(line, at, end, 0xffff_ffff);
  at = skipSpaces(line, end);
  end = fieldEnd(line, at, limit, ADDRESS);
  if (end < 0 || end - at > MAX_ADDRESS) return MALFORMED;
  const address = line.slice(at, end);
  at = skipSpaces(line, end);
  end = fieldEnd(line, at, limit, VISIBLE);
  const port = number(line, at, end, 0xffff);
  at = skipSpaces(line, end);
  end = fieldEnd(line, at, limit, VISIBLE);
  if (end - at !== 3 || (!line.startsWith('typ', at) && line.slice(at, end).toLowerCase() !== 'typ')) return MALFORMED;
  at = skipSpaces(line, end);
  end = fieldEnd(line, at, limit, VISIBLE);
  const type = typeOf(line, at, end);
  if (protocol === undefined || type === undefined || component <= 0 || priority < 0 || port < 0) return MALFORMED;
  const candidate: Draft = { foundation, component, protocol, priority, address, port, type };
  return end === limit || decodeTail(line, end, limit, candidate) ? candidate : MALFORMED;
}

/** The line without `a=`: `candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host`. */
export function formatCandidate(candidate: Candidate): string {
  const c = candidate;
  let line = `candidate:${c.foundation} ${c.component} ${c.protocol} ${c.priority} ${c.address} ${c.port} typ ${c.type}`;
  if (c.relatedAddress !== undefined) line += ` raddr ${c.relatedAddress}`;
  if (c.relatedPort !== undefined) line += ` rport ${c.relatedPort}`;
  if (c.tcpType !== undefined) line += ` tcptype ${c.tcpType}`;
  let fragmentWritten = false;
  for (const [name, value] of c.extensions ?? []) {
    line += ` ${name} ${value}`;
    fragmentWritten ||= name === 'ufrag';
  }
  if (c.usernameFragment !== undefined && !fragmentWritten) line += ` ufrag ${c.usernameFragment}`;
  return line;
}

type Draft = { -readonly [K in keyof Candidate]: Candidate[K] };

/** Index behind `candidate:`; -1 without that. */
function startOf(line: string): number {
  return line.startsWith('candidate:') ? 10 : (PREFIX.exec(line)?.[0].length ?? -1);
}

/** Index behind the last character that is no white space. */
function endOf(line: string, start: number): number {
  const last = line.charCodeAt(line.length - 1);
  return last > 0x20 && last < 0x7f ? line.length : Math.max(start, line.trimEnd().length);
}

function skipSpaces(line: string, at: number): number {
  let next = at;
  while (next >= 0 && line.charCodeAt(next) === SPACE) next++;
  return next;
}

/** Index behind the field at `at`; -1 when it is empty or has characters of other classes. What is behind -1 is -1 too. */
function fieldEnd(line: string, at: number, limit: number, characters: number): number {
  let end = at;
  for (; end >= 0 && end < limit; end++) {
    const code = line.charCodeAt(end);
    if (code === SPACE) break;
    if (code < 0x80 ? (CLASSES[code]! & characters) === 0 : characters !== VISIBLE) return -1;
  }
  return end > at ? end : -1;
}

/** Everything behind the type: name and value by turns. False when it is malformed. */
function decodeTail(line: string, from: number, limit: number, candidate: Draft): boolean {
  const extensions: [string, string][] = [];
  for (let end = from; end < limit; ) {
    const nameAt = skipSpaces(line, end);
    const nameEnd = fieldEnd(line, nameAt, limit, VISIBLE);
    const valueAt = skipSpaces(line, nameEnd);
    end = fieldEnd(line, valueAt, limit, VISIBLE);
    if (end < 0) return false;
    const name = line.slice(nameAt, nameEnd);
    switch (name.length === 5 || name.length === 7 ? name.toLowerCase() : '') {
      case 'raddr':
        if (end - valueAt > MAX_ADDRESS || fieldEnd(line, valueAt, limit, ADDRESS) < 0) return false;
        candidate.relatedAddress = line.slice(valueAt, end);
        break;
      case 'rport': {
        const port = number(line, valueAt, end, 0xffff);
        if (port < 0) return false;
        candidate.relatedPort = port;
        break;
      }
      case 'tcptype': {
        const tcpType = line.slice(valueAt, end).toLowerCase();
        if (tcpType !== 'active' && tcpType !== 'passive' && tcpType !== 'so') return false;
        candidate.tcpType = tcpType satisfies TcpType;
        break;
      }
      default: {
        const value = line.slice(valueAt, end);
        if (name === 'ufrag') candidate.usernameFragment = value;
        extensions.push([name, value]);
      }
    }
  }
  if (extensions.length > 0) candidate.extensions = extensions;
  return true;
}

/** The number in `line[at, end)`: 1 to 10 digits up to `max`; -1 for anything else. */
function number(line: string, at: number, end: number, max: number): number {
  if (end <= at || end - at > 10) return -1;
  let value = 0;
  for (let i = at; i < end; i++) {
    const digit = line.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= max ? value : -1;
}

function protocolOf(line: string, at: number, end: number): Candidate['protocol'] | undefined {
  if (end - at !== 3) return undefined;
  if (line.startsWith('udp', at)) return 'udp';
  const lower = line.slice(at, end).toLowerCase();
  return lower === 'udp' || lower === 'tcp' ? lower : undefined;
}

function typeOf(line: string, at: number, end: number): CandidateType | undefined {
  if (end - at === 4)
    return line.startsWith('host', at) || line.slice(at, end).toLowerCase() === 'host' ? 'host' : undefined;
  if (end - at !== 5) return undefined;
  const lower = line.slice(at, end).toLowerCase();
  return lower === 'srflx' || lower === 'prflx' || lower === 'relay' ? lower : undefined;
}

const SPACE = 0x20;
const ICE_CHARACTER = 1;
const ADDRESS = 2;
/** ASCII without space and control characters, and all that is not ASCII. */
const VISIBLE = 4;
/** The classes of each ASCII character. */
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const text = String.fromCharCode(code);
  return (
    (/[A-Za-z0-9+/]/.test(text) ? ICE_CHARACTER : 0) |
    (/[A-Za-z0-9:.%_-]/.test(text) ? ADDRESS : 0) |
    (code > 0x20 && code < 0x7f ? VISIBLE : 0)
  );
});
/** Far above what any browser writes; keeps a hostile line from costing more than a glance. */
const MAX_LINE = 2048;
/** Of an address. */
const MAX_ADDRESS = 255;
const PREFIX = /^\s*(?:a=)?candidate:/i;
