/** Typed attributes: one codec per attribute, and the functions that apply codecs to sections. */
import { isMalformed, MALFORMED, type Malformed } from '@kaon/wire';
import { SdpError } from './errors.ts';
import type { Attribute, Section } from './model.ts';
import { attributeValue, attributeValues } from './section.ts';

/** How the value of one attribute is read and written. `decode` never throws; `encode` may write only what `decode` reads. */
export interface AttributeCodec<T> {
  /** `rtpmap` */
  readonly name: string;
  decode(value: string): T | Malformed;
  encode(value: T): string;
}

/** The first attribute of this kind in a section; undefined when there is none or it is malformed. */
export function readAttribute<T>(section: Section, codec: AttributeCodec<T>): T | undefined {
  const text = attributeValue(section, codec.name);
  const value = text === undefined ? MALFORMED : codec.decode(text);
  return isMalformed(value) ? undefined : value;
}

/** All attributes of this kind in a section, in order; malformed ones are left out. */
export function readAttributes<T>(section: Section, codec: AttributeCodec<T>): T[] {
  const values: T[] = [];
  for (const text of attributeValues(section, codec.name)) {
    const value = codec.decode(text);
    if (!isMalformed(value)) values.push(value);
  }
  return values;
}

/** The attribute of a media section, or of the session when the media section has none. */
export function readInherited<T>(session: Section, media: Section, codec: AttributeCodec<T>): T | undefined {
  return attributeValue(media, codec.name) === undefined ? readAttribute(session, codec) : readAttribute(media, codec);
}

/** An attribute for a section. Throws `SdpError` (`SDP_INVALID_VALUE`) for a value that would not be read back. */
export function makeAttribute<T>(codec: AttributeCodec<T>, value: T): Attribute {
  const text = codec.encode(value);
  if (LINE_BREAK.test(text) || isMalformed(codec.decode(text))) {
    throw new SdpError('SDP_INVALID_VALUE', `${JSON.stringify(text)} is not a value of a=${codec.name}`);
  }
  return text === '' ? { name: codec.name } : { name: codec.name, value: text };
}

/** A decimal number from 0 to `max` without sign, or undefined. */
export function decimal(text: string | undefined, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
  if (text === undefined || text.length === 0 || text.length > 20) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value <= max ? value : undefined;
}

/** Whether text is a token (RFC 8866 §9): printable ASCII without separators. */
export function isToken(text: string | undefined): text is string {
  if (text === undefined || text.length === 0) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80 || IS_TOKEN[code] === 0) return false;
  }
  return true;
}

/** Whether text is not empty and has no white space. */
export function isWord(text: string | undefined): text is string {
  if (text === undefined || text.length === 0) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Beyond ASCII there is more white space than one would list.
    if (code >= 0x80) return /^\S+$/.test(text);
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) return false;
  }
  return true;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL cannot be in a description (RFC 8866 §9, byte-string)
const LINE_BREAK = /[\r\n\u0000]/;
/** 1 for each character of a token; a table is several times as fast as an expression. */
const IS_TOKEN = Uint8Array.from({ length: 128 }, (_, code) =>
  /[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]/.test(String.fromCharCode(code)) ? 1 : 0,
);
