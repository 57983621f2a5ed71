/** From text to a description (RFC 8866 §5, RFC 8829 §5.8). */
import { isMalformed, MALFORMED } from '@kaon/wire';
import { codecFor } from './attributes.ts';
import { decimal, isToken, isWord } from './codec.ts';
import { SdpError, type SdpSyntaxError } from './errors.ts';
import type { Attribute, Bandwidth, Connection, MediaDescription, Origin, SessionDescription, Time } from './model.ts';

/** How to read. */
export interface ParseOptions {
  /** Longest text in UTF-16 units that is looked at. Default 1,048,576. */
  readonly maxLength?: number | undefined;
  /** Most media sections. Default 1024. */
  readonly maxMedia?: number | undefined;
  /**
   * `check` (default) refuses attributes that this package knows and whose values are malformed; `keep` takes them as
   * text, and the typed readers leave them out.
   */
  readonly attributes?: 'check' | 'keep' | undefined;
}

/**
 * Reads a description. Lines may end with CRLF or LF, the last one with nothing; within a section their order does not
 * matter. Throws `SdpError` (`SDP_SYNTAX`) with the number and text of the first bad line.
 */
export function parseSdp(text: string, options?: ParseOptions): SessionDescription {
  const result = decodeSdp(text, options);
  if (!isMalformed(result)) return result;
  throw new SdpError('SDP_SYNTAX', `line ${result.line}: ${result.reason}: ${JSON.stringify(result.text)}`, result);
}

/** As `parseSdp`, but returns the error. Tell it from a description with `isMalformed` of `@kaon/wire`, or by `malformed`. */
export function decodeSdp(text: string, options: ParseOptions = {}): SessionDescription | SdpSyntaxError {
  const { maxLength = 1 << 20, maxMedia = 1024, attributes = 'check' } = options;
  if (text.length > maxLength) return failure(1, text, `the description has more than ${maxLength} characters`);
  const lines = splitLines(text);
  const isSuspicious = SUSPICIOUS.test(text);
  const session = new SessionLines();
  let media: MediaLines | undefined;
  const all: MediaLines[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    let reason: string | undefined;
    const letter = line[0]!;
    if (line.charCodeAt(1) !== EQUALS) reason = 'it has to be a letter, an equals sign and a value';
    else if (isSuspicious && FORBIDDEN.test(line)) reason = 'a line has no carriage return or NUL inside';
    else if (i === 0 && line !== 'v=0') reason = 'a description begins with v=0';
    else if (letter === 'm') {
      media = MediaLines.begin(line.slice(2));
      if (media === undefined) reason = 'm= takes a kind, a port, a protocol and formats';
      else if (all.length >= maxMedia) reason = `there are more than ${maxMedia} media sections`;
      else all.push(media);
    } else if (letter === 'a') {
      reason = addAttribute((media ?? session).attributes, line.slice(2), attributes === 'check');
    } else {
      reason = (media ?? session).add(letter, line.slice(2));
    }
    if (reason !== undefined) return failure(i + 1, line, reason);
    // What a session needs must be there before the first media section (RFC 8866 §5).
    const isThrough = i + 1 === lines.length || (media === undefined && lines[i + 1]!.startsWith('m='));
    const missing = isThrough ? session.missing() : undefined;
    if (missing !== undefined) return failure(i + 2, lines[i + 1] ?? '', missing);
  }
  if (lines.length === 0) return failure(1, '', 'a description begins with v=0');
  return session.finish(all.map((section) => section.finish()));
}

/** Lines without their ends; empty ones at the end do not count. */
function splitLines(text: string): string[] {
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.charCodeAt(line.length - 1) === CARRIAGE_RETURN) lines[i] = line.slice(0, -1);
  }
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The lines of the session part, as they come. `add` and `missing` answer what is wrong, or undefined. */
class SessionLines {
  readonly attributes: Attribute[] = [];
  #origin: Origin | undefined;
  #name: string | undefined;
  #versionSeen = false;
  #connection: Connection | undefined;
  #times: { start: number; stop: number; repeats: string[] }[] = [];
  readonly #single: { i?: string; u?: string; z?: string; k?: string } = {};
  readonly #emails: string[] = [];
  readonly #phones: string[] = [];
  readonly #bandwidths: Bandwidth[] = [];

  add(letter: string, value: string): string | undefined {
    switch (letter) {
      case 'v':
        if (this.#versionSeen) return 'there is more than one v=';
        this.#versionSeen = true;
        return undefined;
      case 'o':
        if (this.#origin !== undefined) return 'there is more than one o=';
        this.#origin = readOrigin(value);
        return this.#origin === undefined ? 'o= takes six fields' : undefined;
      case 's':
        if (this.#name !== undefined) return 'there is more than one s=';
        this.#name = value;
        return undefined;
      case 'c':
        if (this.#connection !== undefined) return 'there is more than one c= in the session';
        this.#connection = readConnection(value);
        return this.#connection === undefined ? 'c= takes three fields' : undefined;
      case 'i':
      case 'u':
      case 'z':
      case 'k':
        if (this.#single[letter] !== undefined) return `there is more than one ${letter}= in the session`;
        this.#single[letter] = value;
        return undefined;
      case 'e':
        this.#emails.push(value);
        return undefined;
      case 'p':
        this.#phones.push(value);
        return undefined;
      case 'b':
        return addBandwidth(this.#bandwidths, value);
      case 't':
        return this.#addTime(value);
      case 'r':
        if (this.#times.length === 0) return 'r= belongs behind a t=';
        this.#times.at(-1)!.repeats.push(value);
        return undefined;
      default:
        return `${letter}= is not a line of a description`;
    }
  }

  missing(): string | undefined {
    if (this.#origin === undefined) return 'there has to be an o= before it';
    if (this.#name === undefined) return 'there has to be an s= before it';
    return this.#times.length === 0 ? 'there has to be a t= before it' : undefined;
  }

  finish(media: readonly MediaDescription[]): SessionDescription {
    const { i, u, z, k } = this.#single;
    return {
      version: 0,
      origin: this.#origin!,
      sessionName: this.#name!,
      ...(i !== undefined && { information: i }),
      ...(u !== undefined && { uri: u }),
      ...(this.#emails.length > 0 && { emails: this.#emails }),
      ...(this.#phones.length > 0 && { phones: this.#phones }),
      ...(this.#connection !== undefined && { connection: this.#connection }),
      ...(this.#bandwidths.length > 0 && { bandwidths: this.#bandwidths }),
      times: this.#times.map(
        ({ start, stop, repeats }): Time => ({ start, stop, ...(repeats.length > 0 && { repeats }) }),
      ),
      ...(z !== undefined && { timeZones: z }),
      ...(k !== undefined && { key: k }),
      attributes: this.attributes,
      media,
    };
  }

  #addTime(value: string): string | undefined {
    const fields = value.split(' ');
    const start = decimal(fields[0]);
    const stop = decimal(fields[1]);
    if (fields.length !== 2 || start === undefined || stop === undefined) return 't= takes two numbers';
    this.#times.push({ start, stop, repeats: [] });
    return undefined;
  }
}

/** The lines of one media section, as they come. */
class MediaLines {
  readonly attributes: Attribute[] = [];
  readonly #head: MediaHead;
  readonly #connections: Connection[] = [];
  readonly #bandwidths: Bandwidth[] = [];
  #information: string | undefined;
  #key: string | undefined;

  private constructor(head: MediaHead) {
    this.#head = head;
  }

  /** From the value of an m= line; undefined when that is malformed. */
  static begin(value: string): MediaLines | undefined {
    const [kind, ports = '', protocol, ...formats] = value.split(' ');
    const slash = ports.indexOf('/');
    const port = decimal(slash < 0 ? ports : ports.slice(0, slash), 65535);
    const portCount = slash < 0 ? undefined : decimal(ports.slice(slash + 1), 65535);
    if (port === undefined || (slash >= 0 && portCount === undefined)) return undefined;
    if (!isToken(kind) || !isWord(protocol) || formats.length === 0 || !formats.every(isWord)) return undefined;
    return new MediaLines({ kind, port, ...(portCount !== undefined && { portCount }), protocol, formats });
  }

  add(letter: string, value: string): string | undefined {
    switch (letter) {
      case 'i':
        if (this.#information !== undefined) return 'there is more than one i= in the section';
        this.#information = value;
        return undefined;
      case 'k':
        if (this.#key !== undefined) return 'there is more than one k= in the section';
        this.#key = value;
        return undefined;
      case 'c': {
        const connection = readConnection(value);
        if (connection === undefined) return 'c= takes three fields';
        this.#connections.push(connection);
        return undefined;
      }
      case 'b':
        return addBandwidth(this.#bandwidths, value);
      default:
        return `${letter}= is not a line of a media section`;
    }
  }

  finish(): MediaDescription {
    return {
      ...this.#head,
      ...(this.#information !== undefined && { information: this.#information }),
      ...(this.#connections.length > 0 && { connections: this.#connections }),
      ...(this.#bandwidths.length > 0 && { bandwidths: this.#bandwidths }),
      ...(this.#key !== undefined && { key: this.#key }),
      attributes: this.attributes,
    };
  }
}

/** What an m= line says. */
type MediaHead = Pick<MediaDescription, 'kind' | 'port' | 'portCount' | 'protocol' | 'formats'>;

function readOrigin(value: string): Origin | undefined {
  const [username, sessionId, sessionVersion, networkType, addressType, address, ...more] = value.split(' ');
  if (more.length > 0 || !isWord(username) || !isWord(address)) return undefined;
  if (!/^[0-9]+$/.test(sessionId ?? '')) return undefined;
  if (!/^[0-9]+$/.test(sessionVersion ?? '')) return undefined;
  if (!isToken(networkType) || !isToken(addressType)) return undefined;
  return { username, sessionId: sessionId!, sessionVersion: sessionVersion!, networkType, addressType, address };
}

function readConnection(value: string): Connection | undefined {
  const [networkType, addressType, address, ...more] = value.split(' ');
  if (more.length > 0 || !isToken(networkType) || !isToken(addressType) || !isWord(address)) return undefined;
  return { networkType, addressType, address };
}

function addBandwidth(to: Bandwidth[], text: string): string | undefined {
  const colon = text.indexOf(':');
  const type = text.slice(0, Math.max(0, colon));
  const value = decimal(text.slice(colon + 1));
  if (!isToken(type) || value === undefined) return 'b= takes a type, a colon and a number';
  to.push({ type, value });
  return undefined;
}

function addAttribute(to: Attribute[], text: string, check: boolean): string | undefined {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  if (!isToken(name)) return 'a= takes a name, and a value behind a colon';
  const value = colon < 0 ? undefined : text.slice(colon + 1);
  if (check && isMalformed(codecFor(name)?.decode(value ?? '') ?? true)) return `the value of a=${name} is malformed`;
  to.push(value === undefined ? { name } : { name, value });
  return undefined;
}

function failure(line: number, text: string, reason: string): SdpSyntaxError {
  return { ...MALFORMED, line, text: text.slice(0, 200), reason };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these two may not be part of a line (RFC 8866 §9, byte-string)
const FORBIDDEN = /[\r\u0000]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const SUSPICIOUS = /\r(?!\n)|\u0000/;
const EQUALS = 0x3d;
const CARRIAGE_RETURN = 0x0d;
