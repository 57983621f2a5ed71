/**
 * `stun:`, `stuns:`, `turn:` and `turns:` URIs (RFC 7064 §3.1, RFC 7065 §3.1):
 *
 *     stunURI = scheme ":" host [ ":" port ]
 *     turnURI = scheme ":" host [ ":" port ] [ "?transport=" transport ]
 */
import { addressFamily } from '@kaon/wire';
import { StunError } from './errors.ts';

/** A server to use, as a URI names it. */
export interface StunUri {
  readonly scheme: 'stun' | 'stuns' | 'turn' | 'turns';
  /** A name or a numeric address; IPv6 without brackets. */
  readonly host: string;
  /** 3478, or 5349 for `stuns` and `turns`, when the URI has none. */
  readonly port: number;
  /** Between us and the server: `udp` with `turns` means DTLS, `tcp` with `turns` or `stuns` TLS. */
  readonly transport: 'udp' | 'tcp';
}

/** Reads a URI. Throws `StunError` (`STUN_URI_SYNTAX`) with a sentence that says what is wrong. */
export function parseUri(text: string): StunUri {
  const colon = text.indexOf(':');
  if (colon < 0) throw syntax(text, 'it has no scheme; write stun:, stuns:, turn: or turns: in front');
  const scheme = text.slice(0, colon).toLowerCase();
  if (!isScheme(scheme)) throw syntax(text, `its scheme is ${scheme || 'empty'}, not stun, stuns, turn or turns`);
  const rest = text.slice(colon + 1);
  if (rest.startsWith('//')) throw syntax(text, 'these URIs have no // behind the scheme');
  const question = rest.indexOf('?');
  const authority = question < 0 ? rest : rest.slice(0, question);
  const transport = question < 0 ? defaultTransport(scheme) : readTransport(text, scheme, rest.slice(question + 1));
  if (authority.includes('@')) throw syntax(text, 'user name and password do not belong into the URI');
  const [host, portText] = authority.startsWith('[') ? splitLiteral(text, authority) : splitHost(text, authority);
  return { scheme, host, port: portText === undefined ? defaultPort(scheme) : readPort(text, portText), transport };
}

/** The shortest URI for this server: default port and transport are left out. */
export function formatUri(uri: StunUri): string {
  const host = addressFamily(uri.host) === 'IPv6' ? `[${uri.host}]` : uri.host;
  const port = uri.port === defaultPort(uri.scheme) ? '' : `:${uri.port}`;
  const query = uri.transport === defaultTransport(uri.scheme) ? '' : `?transport=${uri.transport}`;
  return `${uri.scheme}:${host}${port}${query}`;
}

function splitLiteral(text: string, authority: string): [host: string, port: string | undefined] {
  const bracket = authority.indexOf(']');
  if (bracket < 0) throw syntax(text, 'the bracket of its IPv6 address is not closed');
  const host = authority.slice(1, bracket);
  if (host.includes('%')) throw syntax(text, 'an IPv6 address in a URI has no zone');
  if (addressFamily(host) !== 'IPv6') throw syntax(text, `${host || 'nothing'} in brackets is not an IPv6 address`);
  const behind = authority.slice(bracket + 1);
  if (behind === '') return [host, undefined];
  if (!behind.startsWith(':')) throw syntax(text, `${behind} stands behind its IPv6 address`);
  return [host, behind.slice(1)];
}

function splitHost(text: string, authority: string): [host: string, port: string | undefined] {
  const colon = authority.indexOf(':');
  if (colon >= 0 && authority.indexOf(':', colon + 1) >= 0) throw syntax(text, 'an IPv6 address goes in brackets');
  const host = colon < 0 ? authority : authority.slice(0, colon);
  if (host === '') throw syntax(text, 'it has no host');
  if (!REG_NAME.test(host)) throw syntax(text, `${host} is not a host name`);
  return [host, colon < 0 ? undefined : authority.slice(colon + 1)];
}

function readPort(text: string, digits: string): number {
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(port >= 1 && port <= 65535)) throw syntax(text, `${digits || 'nothing'} is not a port`);
  return port;
}

function readTransport(text: string, scheme: StunUri['scheme'], query: string): StunUri['transport'] {
  if (scheme === 'stun' || scheme === 'stuns') throw syntax(text, `a ${scheme}: URI has no query`);
  const transport = /^transport=([^&]*)$/i.exec(query)?.[1]?.toLowerCase();
  if (transport === undefined)
    throw syntax(text, `its query is ${query || 'empty'}, not transport=udp or transport=tcp`);
  if (transport !== 'udp' && transport !== 'tcp') throw syntax(text, `${transport || 'nothing'} is not udp or tcp`);
  return transport;
}

function isScheme(scheme: string): scheme is StunUri['scheme'] {
  return scheme === 'stun' || scheme === 'stuns' || scheme === 'turn' || scheme === 'turns';
}

function defaultPort(scheme: StunUri['scheme']): number {
  return scheme === 'stuns' || scheme === 'turns' ? 5349 : 3478;
}

function defaultTransport(scheme: StunUri['scheme']): StunUri['transport'] {
  return scheme === 'stuns' || scheme === 'turns' ? 'tcp' : 'udp';
}

function syntax(text: string, why: string): StunError {
  return new StunError('STUN_URI_SYNTAX', `${JSON.stringify(text)} is not a STUN or TURN URI: ${why}`);
}

/** RFC 3986 §3.2.2, which also covers IPv4 addresses. */
const REG_NAME = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/;
