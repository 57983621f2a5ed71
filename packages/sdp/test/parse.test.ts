import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeSdp, parseSdp, SdpError, serializeSdp } from '../src/index.ts';
import { lines, MINIMUM } from './helpers/samples.ts';

const DATA = 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel';

describe('what is tolerated', () => {
  it('LF in place of CRLF, also mixed', () => {
    const expected = parseSdp(lines(...MINIMUM, DATA, 'a=mid:0'));
    expect(parseSdp(`${[...MINIMUM, DATA, 'a=mid:0'].join('\n')}\n`)).toEqual(expected);
    expect(parseSdp(`${MINIMUM.join('\n')}\r\n${DATA}\na=mid:0\r\n`)).toEqual(expected);
  });

  it('no line end, or empty lines, at the end', () => {
    const expected = parseSdp(lines(...MINIMUM));
    expect(parseSdp(MINIMUM.join('\r\n'))).toEqual(expected);
    expect(parseSdp(`${lines(...MINIMUM)}\r\n\n`)).toEqual(expected);
  });

  it('lines of a section in another order, which serializing mends', () => {
    const munged = lines(
      'v=0',
      's=-',
      't=0 0',
      'a=ice-lite',
      'o=- 1 2 IN IP4 127.0.0.1',
      DATA,
      'a=mid:0',
      'b=AS:30',
      'c=IN IP4 0.0.0.0',
    );
    expect(serializeSdp(parseSdp(munged))).toBe(
      lines(
        'v=0',
        'o=- 1 2 IN IP4 127.0.0.1',
        's=-',
        't=0 0',
        'a=ice-lite',
        DATA,
        'c=IN IP4 0.0.0.0',
        'b=AS:30',
        'a=mid:0',
      ),
    );
  });

  it('attributes nobody knows, with whatever value', () => {
    const text = lines(...MINIMUM, 'a=x-new', 'a=x-empty:', 'a=x-colons:a:b: c ', 'a=x-unicode:\u00e9\u{1f600}');
    expect(parseSdp(text).attributes).toEqual([
      { name: 'x-new' },
      { name: 'x-empty', value: '' },
      { name: 'x-colons', value: 'a:b: c ' },
      { name: 'x-unicode', value: '\u00e9\u{1f600}' },
    ]);
    expect(serializeSdp(parseSdp(text))).toBe(text);
  });

  it('an origin whose session id no number can hold', () => {
    const text = lines('v=0', 'o=- 9223372036854775807 18446744073709551616 IN IP4 127.0.0.1', 's=-', 't=0 0');
    expect(parseSdp(text).origin).toMatchObject({
      sessionId: '9223372036854775807',
      sessionVersion: '18446744073709551616',
    });
    expect(serializeSdp(parseSdp(text))).toBe(text);
  });
});

/** Bad descriptions: the number of the bad line, from 1, and what the reason says. */
const BAD: readonly (readonly [what: string, line: number, reason: string, ...of: readonly string[]])[] = [
  ['nothing', 1, 'begins with v=0'],
  ['no version', 1, 'begins with v=0', 'o=- 1 2 IN IP4 127.0.0.1'],
  ['another version', 1, 'begins with v=0', 'v=1', ...MINIMUM.slice(1)],
  ['a leading empty line', 1, 'a letter, an equals sign', '', ...MINIMUM],
  ['an empty line inside', 2, 'a letter, an equals sign', 'v=0', '', ...MINIMUM.slice(1)],
  ['a second version', 5, 'more than one v=', ...MINIMUM, 'v=0'],
  ['a second origin', 5, 'more than one o=', ...MINIMUM, MINIMUM[1]!],
  ['a second session name', 5, 'more than one s=', ...MINIMUM, 's=-'],
  ['a second session connection', 6, 'more than one c=', ...MINIMUM, 'c=IN IP4 0.0.0.0', 'c=IN IP4 0.0.0.0'],
  ['a second i=', 6, 'more than one i=', ...MINIMUM, 'i=a', 'i=b'],
  ['no origin', 4, 'an o= before', 'v=0', 's=-', 't=0 0', DATA],
  ['no session name', 4, 'an s= before', 'v=0', MINIMUM[1]!, 't=0 0', DATA],
  ['no time', 4, 'a t= before', ...MINIMUM.slice(0, 3)],
  ['an origin of five fields', 2, 'six fields', 'v=0', 'o=- 1 2 IN IP4'],
  ['an origin of seven fields', 2, 'six fields', 'v=0', 'o=- 1 2 IN IP4 127.0.0.1 x'],
  ['an origin with two spaces', 2, 'six fields', 'v=0', 'o=-  1 2 IN IP4 127.0.0.1'],
  ['a session id that is no number', 2, 'six fields', 'v=0', 'o=- x 2 IN IP4 127.0.0.1'],
  ['a time of one number', 4, 'two numbers', ...MINIMUM.slice(0, 3), 't=0'],
  ['a negative time', 4, 'two numbers', ...MINIMUM.slice(0, 3), 't=-1 0'],
  ['a repetition of nothing', 2, 'behind a t=', 'v=0', 'r=7d 1h 0 25h'],
  ['a connection of two fields', 5, 'three fields', ...MINIMUM, 'c=IN IP4'],
  ['a bandwidth without a type', 5, 'a type, a colon', ...MINIMUM, 'b=:5'],
  ['a bandwidth without a number', 5, 'a type, a colon', ...MINIMUM, 'b=AS:x'],
  ['a bandwidth without a colon', 5, 'a type, a colon', ...MINIMUM, 'b=AS'],
  ['an unknown letter', 5, 'x= is not a line', ...MINIMUM, 'x=1'],
  ['a line without an equals sign', 5, 'a letter, an equals sign', ...MINIMUM, 'hello'],
  ['a line of one letter', 5, 'a letter, an equals sign', ...MINIMUM, 'a'],
  ['an origin in a media section', 6, 'o= is not a line of a media section', ...MINIMUM, DATA, MINIMUM[1]!],
  ['a time in a media section', 6, 't= is not a line of a media section', ...MINIMUM, DATA, 't=0 0'],
  ['a second i= in a media section', 7, 'more than one i=', ...MINIMUM, DATA, 'i=a', 'i=b'],
  ['a second k= in a media section', 7, 'more than one k=', ...MINIMUM, DATA, 'k=a', 'k=b'],
  ['a bad c= in a media section', 6, 'three fields', ...MINIMUM, DATA, 'c='],
  ['a media section without formats', 5, 'm= takes', ...MINIMUM, 'm=audio 9 RTP/AVP'],
  ['a media section with an empty format', 5, 'm= takes', ...MINIMUM, 'm=audio 9 RTP/AVP 0 '],
  ['a port above 65535', 5, 'm= takes', ...MINIMUM, 'm=audio 65536 RTP/AVP 0'],
  ['a negative port', 5, 'm= takes', ...MINIMUM, 'm=audio -9 RTP/AVP 0'],
  ['a port count that is no number', 5, 'm= takes', ...MINIMUM, 'm=audio 9/x RTP/AVP 0'],
  ['an attribute without a name', 5, 'a= takes a name', ...MINIMUM, 'a=:x'],
  ['an attribute whose name is no token', 5, 'a= takes a name', ...MINIMUM, 'a=r tpmap:0 x/1'],
  ['a carriage return inside a line', 5, 'no carriage return', ...MINIMUM, 'a=x:1\ra=y:2'],
  ['a NUL', 5, 'no carriage return or NUL', ...MINIMUM, 'a=x:\u0000'],
  ['a known attribute with a bad value', 6, 'value of a=sctp-port', ...MINIMUM, DATA, 'a=sctp-port:abc'],
  ['a property with a value', 6, 'value of a=rtcp-mux', ...MINIMUM, DATA, 'a=rtcp-mux:1'],
  ['an attribute that lacks its value', 6, 'value of a=mid', ...MINIMUM, DATA, 'a=mid'],
];

describe('a bad line gives an error with its number', () => {
  for (const [what, line, reason, ...of] of BAD)
    it(`${what}: line ${line}`, () => {
      const result = decodeSdp(lines(...of));
      expect(result).toEqual({
        malformed: true,
        line,
        text: of[line - 1] ?? '',
        reason: expect.stringContaining(reason),
      });
      expect(isMalformed(result)).toBe(true);
      const parse = (): unknown => parseSdp(of.join('\n'));
      expect(parse).toThrow(SdpError);
      expect(parse).toThrow(expect.objectContaining({ code: 'SDP_SYNTAX', line, text: of[line - 1] ?? '' }));
      expect(parse).toThrow(`line ${line}: `);
    });

  it('the text is cut', () => {
    const result = decodeSdp(lines(...MINIMUM, `x${'y'.repeat(1000)}`));
    expect('text' in result && result.text.length).toBe(200);
  });
});

describe('options', () => {
  it('maxLength', () => {
    const text = lines(...MINIMUM);
    expect(isMalformed(decodeSdp(text, { maxLength: text.length }))).toBe(false);
    expect(decodeSdp(text, { maxLength: text.length - 1 })).toMatchObject({
      line: 1,
      reason: expect.stringContaining(`${text.length - 1} characters`),
    });
  });

  it('maxLength is a MiB by default', () => {
    expect(isMalformed(decodeSdp(lines(...MINIMUM, `a=x:${'y'.repeat(1 << 19)}`)))).toBe(false);
    expect(isMalformed(decodeSdp(lines(...MINIMUM, `a=x:${'y'.repeat(1 << 20)}`)))).toBe(true);
  });

  it('maxMedia', () => {
    const text = lines(...MINIMUM, DATA, DATA, DATA);
    expect(isMalformed(decodeSdp(text, { maxMedia: 3 }))).toBe(false);
    expect(decodeSdp(text, { maxMedia: 2 })).toMatchObject({ line: 7, text: DATA });
    expect(decodeSdp(lines(...MINIMUM, ...Array(1025).fill(DATA)))).toMatchObject({ line: 4 + 1025 });
  });

  it('attributes: keep takes known attributes with bad values as text', () => {
    const text = lines(...MINIMUM, DATA, 'a=sctp-port:abc');
    expect(isMalformed(decodeSdp(text, { attributes: 'check' }))).toBe(true);
    expect(parseSdp(text, { attributes: 'keep' }).media[0]!.attributes).toEqual([{ name: 'sctp-port', value: 'abc' }]);
  });
});
