import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, isWord } from '../codec.ts';

/** Parameters of a format. */
export interface Fmtp {
  /** A payload type, or another format of the m= line. */
  readonly format: string;
  /** As it is written, seldom nothing at all; `formatParameters` takes the usual kind apart. */
  readonly parameters: string;
}

/** `a=fmtp` (RFC 8866 §6.15). */
export const fmtp: AttributeCodec<Fmtp> = {
  name: 'fmtp',
  decode(value) {
    const space = value.indexOf(' ');
    const format = value.slice(0, Math.max(0, space));
    const parameters = value.slice(space + 1);
    return isWord(format) ? { format, parameters } : MALFORMED;
  },
  encode: ({ format, parameters }) => `${format} ${parameters}`,
};

/**
 * Takes `minptime=10;useinbandfec=1` apart, in order; names in lower case. A part without an equals sign (`0-15` of
 * telephone-event, `111/111` of red) has the name '' and all of it as value.
 */
export function formatParameters(parameters: string): [name: string, value: string][] {
  const parts: [string, string][] = [];
  for (const part of parameters.split(';')) {
    const text = part.trim();
    const equals = text.indexOf('=');
    if (text === '') continue;
    parts.push(equals < 0 ? ['', text] : [text.slice(0, equals).trim().toLowerCase(), text.slice(equals + 1).trim()]);
  }
  return parts;
}
