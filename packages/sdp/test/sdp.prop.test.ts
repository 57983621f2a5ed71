import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  codecs,
  decodeSdp,
  type MediaDescription,
  makeAttribute,
  parseSdp,
  SdpError,
  type SessionDescription,
  serializeSdp,
} from '../src/index.ts';

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,12}$/);
const word = fc.stringMatching(/^[!-~]{1,12}$/);
const value = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !/[\r\n\0]/.test(text));
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const connection = fc.record({ networkType: token, addressType: token, address: word });
const bandwidths = fc.array(fc.record({ type: token, value: number }), { minLength: 1, maxLength: 2 });
const attributes = fc.array(
  fc.oneof(
    fc.record({ name: token.map((name) => `x-${name}`) }),
    fc.record({ name: token.map((name) => `x-${name}`), value }),
    fc.constant({ name: 'mid', value: '0' }),
  ),
  { maxLength: 5 },
);
const media: fc.Arbitrary<MediaDescription> = fc.record(
  {
    kind: token,
    port: fc.nat({ max: 65535 }),
    portCount: fc.nat({ max: 65535 }),
    protocol: word,
    formats: fc.array(word, { minLength: 1, maxLength: 4 }),
    information: value,
    connections: fc.array(connection, { minLength: 1, maxLength: 2 }),
    bandwidths,
    key: value,
    attributes,
  },
  { requiredKeys: ['kind', 'port', 'protocol', 'formats', 'attributes'] },
);
const digits = fc.stringMatching(/^[0-9]{1,20}$/);
const session: fc.Arbitrary<SessionDescription> = fc.record(
  {
    version: fc.constant(0 as const),
    origin: fc.record({
      username: word,
      sessionId: digits,
      sessionVersion: digits,
      networkType: token,
      addressType: token,
      address: word,
    }),
    sessionName: value,
    information: value,
    uri: value,
    emails: fc.array(value, { minLength: 1, maxLength: 2 }),
    phones: fc.array(value, { minLength: 1, maxLength: 2 }),
    connection,
    bandwidths,
    times: fc.array(
      fc.record(
        { start: number, stop: number, repeats: fc.array(value, { minLength: 1, maxLength: 2 }) },
        { requiredKeys: ['start', 'stop'] },
      ),
      { minLength: 1, maxLength: 2 },
    ),
    timeZones: value,
    key: value,
    attributes,
    media: fc.array(media, { maxLength: 3 }),
  },
  { requiredKeys: ['version', 'origin', 'sessionName', 'times', 'attributes', 'media'] },
);

describe('descriptions', () => {
  it('parse(serialize(session)) is the session', () => {
    fc.assert(
      fc.property(session, (any) => {
        expect(parseSdp(serializeSdp(any))).toEqual(any);
      }),
      { numRuns: 200 },
    );
  });

  it('a description is written in a way that is read back, or refused', () => {
    const wild = fc.string({ unit: 'binary', maxLength: 8 });
    fc.assert(
      fc.property(session, wild, wild, (any, name, text) => {
        const changed = { ...any, sessionName: text, attributes: [{ name, value: text }] };
        try {
          expect(parseSdp(serializeSdp(changed), { attributes: 'keep' })).toEqual(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: 'SDP_INVALID_VALUE' });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('any text is read or refused', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc
        .tuple(fc.constantFrom(...'vosiuepcbtrzkam'), fc.string({ maxLength: 20 }))
        .map(([letter, rest]) => `${letter}=${rest}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean(), (some, end, begun) => {
        const begin = begun ? ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0'] : [];
        const result = decodeSdp([...begin, ...some].join(end));
        if (isMalformed(result)) {
          expect('line' in result && result.line).toBeGreaterThan(0);
        } else {
          expect(parseSdp(serializeSdp(result))).toEqual(result);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('attributes', () => {
  it('any value is read or refused, and what is read can be written and means the same', () => {
    const part = fc.constantFrom(
      ' ',
      '/',
      ':',
      ';',
      ',',
      '=',
      '~',
      '*',
      '-',
      '0',
      '1',
      '127',
      'send',
      'recv',
      'pt=',
      'a',
      'sha-256',
      'AB',
      '\r',
      '\u00e9',
    );
    const any = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(any, (text) => {
        for (const codec of codecs) {
          const meaning = codec.decode(text);
          if (isMalformed(meaning)) continue;
          const again = codec.decode(codec.encode(meaning));
          expect({ name: codec.name, again }).toEqual({ name: codec.name, again: meaning });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('makeAttribute never makes a line that cannot be part of a description', () => {
    fc.assert(
      fc.property(fc.constantFrom(...codecs), fc.string({ unit: 'binary', maxLength: 10 }), (codec, text) => {
        try {
          const { value: written = '' } = makeAttribute(codec, text as unknown);
          expect(written).not.toMatch(/[\r\n\0]/);
        } catch (error) {
          // A codec that is given another type than its own may fail in any way, but not succeed.
          if (error instanceof SdpError) expect(error.code).toBe('SDP_INVALID_VALUE');
        }
      }),
      { numRuns: 200 },
    );
  });
});
