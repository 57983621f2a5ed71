import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { codecFor, codecs, formatParameters, makeAttribute, reverseDirection, SdpError, setup } from '../src/index.ts';

/** Values and what they mean; the first column is also what is written. */
const GOOD: readonly (readonly [name: string, value: string, meaning: unknown])[] = [
  ['bundle-only', '', true],
  ['candidate', '1 1 udp 1 192.0.2.1 9 typ host', '1 1 udp 1 192.0.2.1 9 typ host'],
  ['cryptex', '', true],
  ['end-of-candidates', '', true],
  ['extmap', '1 urn:ietf:params:rtp-hdrext:toffset', { id: 1, uri: 'urn:ietf:params:rtp-hdrext:toffset' }],
  ['extmap', '2/recvonly URI:x', { id: 2, direction: 'recvonly', uri: 'URI:x' }],
  [
    'extmap',
    '4096/inactive http://example.com/x short long=1',
    { id: 4096, direction: 'inactive', uri: 'http://example.com/x', attributes: 'short long=1' },
  ],
  ['extmap-allow-mixed', '', true],
  ['fingerprint', 'sha-256 AB:CD:01', { algorithm: 'sha-256', value: 'AB:CD:01' }],
  ['fmtp', '111 minptime=10;useinbandfec=1', { format: '111', parameters: 'minptime=10;useinbandfec=1' }],
  ['fmtp', '101 0-15', { format: '101', parameters: '0-15' }],
  ['fmtp', '96 ', { format: '96', parameters: '' }],
  ['framerate', '29.97', 29.97],
  ['group', 'BUNDLE 0 audio {1}', { semantics: 'BUNDLE', mids: ['0', 'audio', '{1}'] }],
  ['group', 'BUNDLE', { semantics: 'BUNDLE', mids: [] }],
  ['ice-lite', '', true],
  ['ice-mismatch', '', true],
  ['ice-options', 'trickle ice2', ['trickle', 'ice2']],
  ['ice-pacing', '50', 50],
  ['ice-pwd', 'asd88fgpdd777uzjYhagZg', 'asd88fgpdd777uzjYhagZg'],
  ['ice-ufrag', '8hhY', '8hhY'],
  ['imageattr', '97 send [x=800,y=640] recv *', { payloadType: 97, sets: 'send [x=800,y=640] recv *' }],
  ['imageattr', '* recv *', { payloadType: '*', sets: 'recv *' }],
  ['inactive', '', true],
  ['max-message-size', '262144', 262144],
  ['max-message-size', '0', 0],
  ['maxptime', '120', 120],
  ['mid', 'data', 'data'],
  ['msid', '- t', { stream: '-', track: 't' }],
  ['msid', 's', { stream: 's' }],
  ['msid-semantic', 'WMS *', { semantic: 'WMS', ids: ['*'] }],
  ['ptime', '20', 20],
  ['recvonly', '', true],
  [
    'remote-candidates',
    '1 192.0.2.3 45664 2 192.0.2.3 45665',
    [
      { component: 1, address: '192.0.2.3', port: 45664 },
      { component: 2, address: '192.0.2.3', port: 45665 },
    ],
  ],
  // RFC 8851 §11
  [
    'rid',
    '1 send pt=97;max-width=1280;max-height=720',
    {
      id: '1',
      direction: 'send',
      payloadTypes: [97],
      restrictions: [
        ['max-width', '1280'],
        ['max-height', '720'],
      ],
    },
  ],
  ['rid', 'hi recv', { id: 'hi', direction: 'recv', restrictions: [] }],
  ['rid', 'a send pt=1,2;new', { id: 'a', direction: 'send', payloadTypes: [1, 2], restrictions: [['new', '']] }],
  ['rtcp', '9', { port: 9 }],
  [
    'rtcp',
    '53020 IN IP6 2001:db8::1',
    { port: 53020, connection: { networkType: 'IN', addressType: 'IP6', address: '2001:db8::1' } },
  ],
  ['rtcp-fb', '96 nack', { payloadType: 96, type: 'nack' }],
  ['rtcp-fb', '* ccm fir', { payloadType: '*', type: 'ccm', parameter: 'fir' }],
  ['rtcp-fb', '96 ccm tmmbr smaxpr=120', { payloadType: 96, type: 'ccm', parameter: 'tmmbr smaxpr=120' }],
  ['rtcp-mux', '', true],
  ['rtcp-mux-only', '', true],
  ['rtcp-rsize', '', true],
  ['rtcp-xr', 'rcvr-rtt=all voip-metrics', ['rcvr-rtt=all', 'voip-metrics']],
  ['rtcp-xr', '', []],
  ['rtpmap', '96 VP8/90000', { payloadType: 96, encodingName: 'VP8', clockRate: 90000 }],
  ['rtpmap', '111 opus/48000/2', { payloadType: 111, encodingName: 'opus', clockRate: 48000, encodingParameters: '2' }],
  ['sctp-init', 'AQAAHijGZpMAUAAA/////wsvSNPAAAAEgAgABoLA', 'AQAAHijGZpMAUAAA/////wsvSNPAAAAEgAgABoLA'],
  ['sctp-port', '5000', 5000],
  ['sctpmap', '5000 webrtc-datachannel 1024', { port: 5000, application: 'webrtc-datachannel', streams: 1024 }],
  ['sctpmap', '5000 webrtc-datachannel', { port: 5000, application: 'webrtc-datachannel' }],
  ['sendonly', '', true],
  ['sendrecv', '', true],
  ['setup', 'actpass', 'actpass'],
  ['setup', 'holdconn', 'holdconn'],
  // RFC 8853 §5.1, §5.6
  [
    'simulcast',
    'send 1,~4;2,3 recv c',
    {
      send: [
        [
          { rid: '1', paused: false },
          { rid: '4', paused: true },
        ],
        [
          { rid: '2', paused: false },
          { rid: '3', paused: false },
        ],
      ],
      recv: [[{ rid: 'c', paused: false }]],
    },
  ],
  ['simulcast', 'recv 1', { recv: [[{ rid: '1', paused: false }]] }],
  ['ssrc', '1 cname:{a:b}', { ssrc: 1, attribute: 'cname', value: '{a:b}' }],
  ['ssrc', '4294967295 fmtp', { ssrc: 4294967295, attribute: 'fmtp' }],
  ['ssrc-group', 'FID 1 2', { semantics: 'FID', ssrcs: [1, 2] }],
  ['tls-id', 'abc3de65cddef001be82', 'abc3de65cddef001be82'],
];

/** Values that are read but written in another way. */
const TOLERATED: readonly (readonly [name: string, value: string, written: string])[] = [
  ['fingerprint', 'SHA-256 ab:cd', 'sha-256 AB:CD'],
  ['group', ' BUNDLE  0 ', 'BUNDLE 0'],
  ['ice-options', ' trickle', 'trickle'],
  ['msid-semantic', ' WMS', 'WMS'],
  ['max-message-size', '18446744073709551615', '9007199254740991'],
  ['max-message-size', '065536', '65536'],
  ['rtpmap', '96  VP8/90000', '96 VP8/90000'],
  ['rtcp-fb', '96 nack ', '96 nack'],
  ['simulcast', ' recv a send b', 'send b recv a'],
  ['rid', '1 send max-fps=30;pt=97', '1 send pt=97;max-fps=30'],
];

const BAD: readonly (readonly [name: string, ...values: readonly string[]])[] = [
  ['bundle-only', 'x'],
  ['candidate', '', ' 1 1 udp'],
  ['extmap', '', '1', '0 uri', '4352 uri', '1/both uri', '1/sendonly/x uri', 'x uri', '1  uri'],
  [
    'fingerprint',
    '',
    'sha-256',
    'sha-256 AB:C',
    'sha-256 ABCD',
    'sha-256 AB: CD',
    'sha-256 GG',
    ' AB:CD',
    'sha-256 AB x',
  ],
  ['fmtp', '', '111', ' x'],
  ['framerate', '', '.5', '5.', '-1', '1e3'],
  ['group', '', ' ', 'B(', 'BUNDLE a/b'],
  ['ice-options', '', ' '],
  ['ice-pacing', '', '-1', '1.5'],
  ['ice-pwd', '', 'short', 'asd88fgpdd777uzjYhagZ', 'asd88fgpdd777uzjYhag g', 'a'.repeat(257)],
  ['ice-ufrag', '', 'abc', 'ab:d', 'ab d', 'a'.repeat(257)],
  ['imageattr', '', '97', '97 both *', '128 send *', '97 send'],
  ['max-message-size', '', '-1', '1k', ' 1'],
  ['mid', '', 'a b', 'a:b', '(a)'],
  ['msid', '', ' a', 'a b c', 'a  b'],
  ['msid-semantic', '', ' '],
  ['ptime', '', 'x'],
  ['remote-candidates', '', '1 192.0.2.3', '0 192.0.2.3 1', '257 192.0.2.3 1', '1 192.0.2.3 65536', '1 192.0.2.3 1 '],
  [
    'rid',
    '',
    '1',
    '1 both',
    'a.b send',
    '1 send pt=128',
    '1 send pt=',
    '1 send pt=1;pt=2',
    '1 send ;',
    '1 send =5',
    '1 send a b',
    `${'a'.repeat(256)} send`,
  ],
  ['rtcp', '', '65536', '9 IN', '9 IN IP4', '9 IN IP4 0.0.0.0 x', 'x'],
  ['rtcp-fb', '', '96', '128 nack', 'x nack', '96 (nack)'],
  ['rtcp-xr', ' '],
  [
    'rtpmap',
    '',
    '96',
    '96 VP8',
    '128 VP8/90000',
    '96 VP8/x',
    '96 VP8/90000/2/3',
    '96 /90000',
    '96 opus/48000/',
    'VP8/90000',
    '96 VP8/4294967296',
  ],
  ['sctp-init', '', 'a b', 'AA=A'],
  ['sctp-port', '', '65536', '-1', '5000 '],
  ['sctpmap', '', '5000', '5000 webrtc-datachannel x', '65536 x', '5000 x 1 2'],
  ['setup', '', 'ACTIVE', 'both'],
  [
    'simulcast',
    '',
    'send',
    'send a recv',
    'both a',
    'send a send b',
    'send a;;b',
    'send a,',
    'send ~',
    'send a.b',
    'send a recv b send c',
  ],
  ['ssrc', '', '1', '4294967296 cname:x', 'x cname:x', '1 :x'],
  ['ssrc-group', '', 'FID x', 'FID 4294967296'],
  ['tls-id', '', 'short', 'a'.repeat(256), `${'a'.repeat(20)} b`],
];

describe('each attribute', () => {
  it.each(GOOD)('a=%s:%s is read and written', (name, value, meaning) => {
    const codec = codecFor(name)!;
    expect(codec.decode(value)).toEqual(meaning);
    expect(codec.encode(meaning)).toBe(value);
    expect(makeAttribute(codec, meaning)).toEqual(value === '' ? { name } : { name, value });
  });

  it.each(TOLERATED)('a=%s:%s is read as %s', (name, value, written) => {
    const codec = codecFor(name)!;
    const meaning = codec.decode(value);
    expect(isMalformed(meaning)).toBe(false);
    expect(codec.encode(meaning)).toBe(written);
  });

  it.each(BAD)('a=%s is refused when malformed', (name, ...values) => {
    for (const value of values) {
      expect({ value, malformed: isMalformed(codecFor(name)!.decode(value)) }).toEqual({ value, malformed: true });
    }
  });

  it('is covered here', () => {
    const covered = new Set(GOOD.map(([name]) => name));
    expect(codecs.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
    expect(new Set(codecs.map(({ name }) => name)).size).toBe(codecs.length);
  });
});

it('codecFor knows nothing of other names', () => {
  for (const name of ['', 'x-new', 'constructor', 'RTPMAP']) expect(codecFor(name)).toBeUndefined();
});

describe('makeAttribute refuses what would not be read back', () => {
  it.each<[string, unknown]>([
    ['setup', 'both'],
    ['sctp-port', 65536],
    ['sctp-port', 1.5],
    ['mid', ''],
    ['mid', 'a\r\na=x'],
    ['candidate', '1 1 udp 1 h 9 typ host\na=ice-lite'],
    ['fmtp', { format: '1', parameters: 'x\ra=y' }],
    ['group', { semantics: 'BUNDLE', mids: ['a:b'] }],
    ['ice-pwd', 'short'],
    ['extmap', { id: 0, uri: 'x' }],
    ['simulcast', {}],
  ])('a=%s %o', (name, value) => {
    expect(() => makeAttribute(codecFor(name)!, value)).toThrow(SdpError);
    expect(() => makeAttribute(codecFor(name)!, value)).toThrow(expect.objectContaining({ code: 'SDP_INVALID_VALUE' }));
  });

  it('and takes the rest', () => expect(makeAttribute(setup, 'active')).toEqual({ name: 'setup', value: 'active' }));
});

describe('formatParameters', () => {
  it.each([
    [
      'minptime=10;useinbandfec=1',
      [
        ['minptime', '10'],
        ['useinbandfec', '1'],
      ],
    ],
    [
      'Profile-Level-Id=42e01f; packetization-mode = 1;',
      [
        ['profile-level-id', '42e01f'],
        ['packetization-mode', '1'],
      ],
    ],
    ['111/111', [['', '111/111']]],
    ['0-15', [['', '0-15']]],
    ['sprop=a=b==', [['sprop', 'a=b==']]],
    ['', []],
  ])('%s', (text, expected) => expect(formatParameters(text)).toEqual(expected));
});

it('reverseDirection is what the other side sees', () => {
  expect(['sendrecv', 'sendonly', 'recvonly', 'inactive'].map((each) => reverseDirection(each as 'sendrecv'))).toEqual([
    'sendrecv',
    'recvonly',
    'sendonly',
    'inactive',
  ]);
});
