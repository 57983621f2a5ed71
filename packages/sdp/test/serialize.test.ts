import { describe, expect, it } from 'vitest';
import { type MediaDescription, parseSdp, SdpError, type SessionDescription, serializeSdp } from '../src/index.ts';
import { lines, MINIMUM } from './helpers/samples.ts';

const session = parseSdp(lines(...MINIMUM));
const media: MediaDescription = { kind: 'audio', port: 9, protocol: 'RTP/AVP', formats: ['0'], attributes: [] };

describe('what would not be read back is refused', () => {
  it.each<[string, Partial<SessionDescription>]>([
    ['a line break in a value', { attributes: [{ name: 'x', value: '1\r\na=y:2' }] }],
    ['a line feed in a value', { attributes: [{ name: 'x', value: '1\na=y:2' }] }],
    ['a line feed at the very end', { attributes: [{ name: 'x', value: '1\n' }] }],
    ['a carriage return in a value', { attributes: [{ name: 'x', value: '1\r2' }] }],
    ['a line break in the session name', { sessionName: '-\r\na=x' }],
    ['a name that is no token', { attributes: [{ name: 'a b' }] }],
    ['no name', { attributes: [{ name: '' }] }],
    ['no times', { times: [] }],
    ['a space in the origin', { origin: { ...session.origin, username: 'a b' } }],
    ['an empty origin field', { origin: { ...session.origin, address: '' } }],
    ['a port out of range', { media: [{ ...media, port: 65536 }] }],
    ['a broken port', { media: [{ ...media, port: 1.5 }] }],
    ['no formats', { media: [{ ...media, formats: [] }] }],
    ['a format with a space', { media: [{ ...media, formats: ['0 '] }] }],
    ['a negative bandwidth', { bandwidths: [{ type: 'AS', value: -1 }] }],
  ])('%s', (_, change) => {
    const write = (): string => serializeSdp({ ...session, ...change });
    expect(write).toThrow(SdpError);
    expect(write).toThrow(expect.objectContaining({ code: 'SDP_INVALID_VALUE' }));
  });
});

it('attributes with and without a value are told apart', () => {
  const text = serializeSdp({
    ...session,
    attributes: [{ name: 'x' }, { name: 'x', value: '' }, { name: 'x', value: 'y' }],
  });
  expect(text).toBe(lines(...MINIMUM, 'a=x', 'a=x:', 'a=x:y'));
});

it('malformed values of known attributes can be written, as they could be read', () => {
  const attributes = [{ name: 'sctp-port', value: 'abc' }];
  expect(serializeSdp({ ...session, media: [{ ...media, attributes }] })).toContain('a=sctp-port:abc');
});
