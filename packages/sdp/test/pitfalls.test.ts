import { isMalformed } from '@kaon/wire';
import { expect, it } from 'vitest';
import { decodeSdp, parseSdp, readIceCredentials, serializeSdp } from '../src/index.ts';
import { sample } from './helpers/samples.ts';

it('a bad remote ufrag or password is an error with a line, or no credentials; it aborts nothing', () => {
  const good = sample('chromium-default-data.sdp');
  for (const [line, bad] of [
    [/a=ice-ufrag:.*\r/, 'a=ice-ufrag:\r'],
    [/a=ice-ufrag:.*\r/, 'a=ice-ufrag:a b c d\r'],
    [/a=ice-pwd:.*\r/, 'a=ice-pwd:short\r'],
    [/a=ice-pwd:.*\r/, `a=ice-pwd:${'x'.repeat(10_000)}\r`],
  ] as const) {
    const text = good.replace(line, bad);
    const lineNumber = text.slice(0, text.indexOf(bad)).split('\r\n').length;
    expect(decodeSdp(text)).toMatchObject({ malformed: true, line: lineNumber });
    const kept = parseSdp(text, { attributes: 'keep' });
    expect(readIceCredentials(kept, kept.media[0]!)).toBeUndefined();
  }
});

it('a description can be changed and written again: nothing in it is frozen or shared', () => {
  const text = sample('firefox-default-data.sdp');
  const session = parseSdp(text);
  const copy = structuredClone(session);
  expect(serializeSdp(copy)).toBe(text);
  expect(isMalformed(decodeSdp(serializeSdp({ ...session, attributes: [] })))).toBe(false);
});
