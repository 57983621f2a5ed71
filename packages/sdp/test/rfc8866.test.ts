import { expect, it } from 'vitest';
import { parseSdp, serializeSdp } from '../src/index.ts';
import { lines } from './helpers/samples.ts';

/** The description of RFC 8866 §5. */
const EXAMPLE = lines(
  'v=0',
  'o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1',
  's=Call to John Smith',
  'i=SDP Offer #1',
  'u=http://www.jdoe.example.com/home.html',
  'e=Jane Doe <jane@jdoe.example.com>',
  'p=+1 617 555-6011',
  'c=IN IP4 198.51.100.1',
  't=0 0',
  'm=audio 49170 RTP/AVP 0',
  'm=audio 49180 RTP/AVP 0',
  'm=video 51372 RTP/AVP 99',
  'c=IN IP6 2001:db8::2',
  'a=rtpmap:99 h263-1998/90000',
);

it('RFC 8866 §5: the example', () => {
  const session = parseSdp(EXAMPLE);
  expect(session).toEqual({
    version: 0,
    origin: {
      username: 'jdoe',
      sessionId: '3724394400',
      sessionVersion: '3724394405',
      networkType: 'IN',
      addressType: 'IP4',
      address: '198.51.100.1',
    },
    sessionName: 'Call to John Smith',
    information: 'SDP Offer #1',
    uri: 'http://www.jdoe.example.com/home.html',
    emails: ['Jane Doe <jane@jdoe.example.com>'],
    phones: ['+1 617 555-6011'],
    connection: { networkType: 'IN', addressType: 'IP4', address: '198.51.100.1' },
    times: [{ start: 0, stop: 0 }],
    attributes: [],
    media: [
      { kind: 'audio', port: 49170, protocol: 'RTP/AVP', formats: ['0'], attributes: [] },
      { kind: 'audio', port: 49180, protocol: 'RTP/AVP', formats: ['0'], attributes: [] },
      {
        kind: 'video',
        port: 51372,
        protocol: 'RTP/AVP',
        formats: ['99'],
        connections: [{ networkType: 'IN', addressType: 'IP6', address: '2001:db8::2' }],
        attributes: [{ name: 'rtpmap', value: '99 h263-1998/90000' }],
      },
    ],
  });
  expect(serializeSdp(session)).toBe(EXAMPLE);
});

it('RFC 8866 §5.7, §5.8, §5.10 to §5.14: every other kind of line', () => {
  const text = lines(
    'v=0',
    'o=- 1 1 IN IP6 2001:db8::1',
    's= ',
    'e=one@example.com',
    'e=two@example.com',
    'c=IN IP4 233.252.0.1/127/3',
    'b=X-YZ:128',
    'b=AS:512',
    't=3724394400 3724398000',
    'r=604800 3600 0 90000',
    'r=7d 1h 0 25h',
    't=3724484400 3724488000',
    'z=3730928400 -1h 3749680800 0',
    'k=prompt',
    'a=recvonly',
    'm=video 49170/2 RTP/AVP 31',
    'i=slides',
    'c=IN IP4 233.252.0.2/127',
    'c=IN IP4 233.252.0.3/127',
    'b=TIAS:300000',
    'k=clear:x',
    'a=sendonly',
  );
  const session = parseSdp(text);
  expect(serializeSdp(session)).toBe(text);
  expect(session.times).toEqual([
    { start: 3724394400, stop: 3724398000, repeats: ['604800 3600 0 90000', '7d 1h 0 25h'] },
    { start: 3724484400, stop: 3724488000 },
  ]);
  expect(session.media[0]).toMatchObject({
    port: 49170,
    portCount: 2,
    information: 'slides',
    bandwidths: [{ type: 'TIAS', value: 300000 }],
    key: 'clear:x',
  });
});
