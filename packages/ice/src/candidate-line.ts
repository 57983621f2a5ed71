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

/** Like `parseCandidate`, for lines from a peer: never throws. */
export function decodeCandidate(line: string): Candidate | Malformed {
  if (line.length > MAX_LINE) return MALFORMED;
  const match = PREFIX.exec(line);
  if (match === null) return MALFORMED;
  const tokens = line.slice(match[0].length).trim().split(/ +/);
  const [foundation, component, protocol, priority, address, port, typ, type] = tokens;
  if (foundation === undefined || !ICE_CHARS_32.test(foundation)) return MALFORMED;
  if (typ?.toLowerCase() !== 'typ' || address === undefined || !ADDRESS.test(address)) return MALFORMED;
  const transport = protocol?.toLowerCase();
  const candidateType = type?.toLowerCase();
  if (transport !== 'udp' && transport !== 'tcp') return MALFORMED;
  if (!isType(candidateType)) return MALFORMED;
  const numbers = [number(component, 256), number(priority, 0xffff_ffff), number(port, 0xffff)] as const;
  if (numbers[0] === undefined || numbers[0] === 0 || numbers[1] === undefined || numbers[2] === undefined) {
    return MALFORMED;
  }
  const tail = decodeTail(tokens);
  if (isMalformed(tail)) return MALFORMED;
  return {
    foundation,
    component: numbers[0],
    protocol: transport,
    priority: numbers[1],
    address,
    port: numbers[2],
    type: candidateType,
    ...tail,
  };
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

type Tail = Pick<Candidate, 'relatedAddress' | 'relatedPort' | 'tcpType' | 'usernameFragment' | 'extensions'>;

/** Everything behind the type: name and value by turns. */
function decodeTail(tokens: readonly string[]): Tail | Malformed {
  if ((tokens.length - FIXED_TOKENS) % 2 !== 0) return MALFORMED;
  const tail: { -readonly [K in keyof Tail]: Tail[K] } = {};
  const extensions: [string, string][] = [];
  for (let i = FIXED_TOKENS; i < tokens.length; i += 2) {
    const name = tokens[i]!;
    const value = tokens[i + 1]!;
    if (!VISIBLE.test(name) || !VISIBLE.test(value)) return MALFORMED;
    switch (name.toLowerCase()) {
      case 'raddr':
        if (!ADDRESS.test(value)) return MALFORMED;
        tail.relatedAddress = value;
        break;
      case 'rport': {
        const port = number(value, 0xffff);
        if (port === undefined) return MALFORMED;
        tail.relatedPort = port;
        break;
      }
      case 'tcptype': {
        const tcpType = value.toLowerCase();
        if (tcpType !== 'active' && tcpType !== 'passive' && tcpType !== 'so') return MALFORMED;
        tail.tcpType = tcpType satisfies TcpType;
        break;
      }
      default:
        if (name === 'ufrag') tail.usernameFragment = value;
        extensions.push([name, value]);
    }
  }
  if (extensions.length > 0) tail.extensions = extensions;
  return tail;
}

function number(text: string | undefined, max: number): number | undefined {
  if (text === undefined || !/^[0-9]{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

function isType(text: string | undefined): text is CandidateType {
  return text === 'host' || text === 'srflx' || text === 'prflx' || text === 'relay';
}

const FIXED_TOKENS = 8;
/** Far above what any browser writes; keeps a hostile line from costing more than a glance. */
const MAX_LINE = 2048;
const PREFIX = /^\s*(?:a=)?candidate:/i;
const ICE_CHARS_32 = /^[A-Za-z0-9+/]{1,32}$/;
/** Numeric or a host name; anything else (RFC 8839 §5.1 allows an FQDN) cannot be a connection-address. */
const ADDRESS = /^[A-Za-z0-9:.%_-]{1,255}$/;
const VISIBLE = /^[\x21-\x7e\u0080-\uffff]+$/;
