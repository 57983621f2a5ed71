import { describe, expect, it } from 'vitest';
import {
  attributeValue,
  attributeValues,
  fingerprint,
  hasAttribute,
  isDataSection,
  isRejected,
  mid,
  parseSdp,
  readAttribute,
  readAttributes,
  readCandidates,
  readDirection,
  readEndOfCandidates,
  readFingerprints,
  readGroups,
  readIceCredentials,
  readIceLite,
  readIceOptions,
  readInherited,
  readMaxMessageSize,
  readMid,
  readRtpCodecs,
  readSctpPort,
  readSetup,
  readTlsId,
} from '../src/index.ts';
import { lines, MINIMUM } from './helpers/samples.ts';

/** A session with these lines, and a media section with those. */
function make(
  session: readonly string[],
  media: readonly string[],
  m = 'application 9 UDP/DTLS/SCTP webrtc-datachannel',
) {
  const parsed = parseSdp(lines(...MINIMUM, ...session, `m=${m}`, ...media), { attributes: 'keep' });
  return [parsed, parsed.media[0]!] as const;
}

const ufrag = 'a=ice-ufrag:abcd';
const pwd = 'a=ice-pwd:0123456789abcdef012345';

describe('the media section comes before the session', () => {
  it('fingerprints: all of one or all of the other', () => {
    const a = 'a=fingerprint:sha-1 AA';
    const b = 'a=fingerprint:sha-256 BB';
    const c = 'a=fingerprint:sha-256 CC';
    const values = (session: string[], media: string[]) =>
      readFingerprints(...make(session, media)).map(({ value }) => value);
    expect(values([a], [b, c])).toEqual(['BB', 'CC']);
    expect(values([a, b], [])).toEqual(['AA', 'BB']);
    expect(values([], [])).toEqual([]);
  });

  it('setup, tls-id, ice-options', () => {
    const session = ['a=setup:actpass', 'a=tls-id:sssssssssssssssssssss', 'a=ice-options:trickle'];
    const media = ['a=setup:active', 'a=tls-id:mmmmmmmmmmmmmmmmmmmmm', 'a=ice-options:ice2'];
    const read = (...args: ReturnType<typeof make>) => [
      readSetup(...args),
      readTlsId(...args)?.[0],
      readIceOptions(...args),
    ];
    expect(read(...make(session, media))).toEqual(['active', 'm', ['ice2']]);
    expect(read(...make(session, []))).toEqual(['actpass', 's', ['trickle']]);
    expect(read(...make([], []))).toEqual([undefined, undefined, []]);
  });

  it('ICE credentials', () => {
    const found = { usernameFragment: 'abcd', password: '0123456789abcdef012345' };
    expect(readIceCredentials(...make([], [ufrag, pwd]))).toEqual(found);
    expect(readIceCredentials(...make([ufrag, pwd], []))).toEqual(found);
    expect(readIceCredentials(...make([ufrag], [pwd]))).toEqual(found);
    expect(readIceCredentials(...make([], [ufrag]))).toBeUndefined();
    expect(readIceCredentials(...make([], []))).toBeUndefined();
  });

  it('direction: sendrecv when nobody says otherwise', () => {
    expect(readDirection(...make([], []))).toBe('sendrecv');
    expect(readDirection(...make(['a=recvonly'], []))).toBe('recvonly');
    expect(readDirection(...make(['a=recvonly'], ['a=inactive']))).toBe('inactive');
    expect(readDirection(...make([], ['a=sendonly:x']))).toBe('sendrecv');
  });

  it('end of candidates: either', () => {
    expect(readEndOfCandidates(...make([], []))).toBe(false);
    expect(readEndOfCandidates(...make(['a=end-of-candidates'], []))).toBe(true);
    expect(readEndOfCandidates(...make([], ['a=end-of-candidates']))).toBe(true);
  });

  it('a malformed attribute of the media section hides the one of the session', () => {
    expect(readInherited(...make(['a=mid:s'], ['a=mid:a b']), mid)).toBeUndefined();
  });
});

describe('single readers', () => {
  it('candidates as RTCIceCandidate has them', () => {
    const candidate = '1 1 udp 1 192.0.2.1 9 typ host';
    expect(readCandidates(make([], [`a=candidate:${candidate}`, 'a=candidate:'])[1])).toEqual([
      `candidate:${candidate}`,
    ]);
  });

  it('the SCTP port, new and old', () => {
    expect(readSctpPort(make([], ['a=sctp-port:5001'])[1])).toBe(5001);
    expect(readSctpPort(make([], ['a=sctpmap:5002 webrtc-datachannel 1024'], 'application 9 DTLS/SCTP 5002')[1])).toBe(
      5002,
    );
    expect(readSctpPort(make([], [])[1])).toBeUndefined();
  });

  it('the largest message', () => {
    expect(readMaxMessageSize(make([], ['a=max-message-size:0'])[1])).toBe(0);
    expect(readMaxMessageSize(make([], [])[1])).toBeUndefined();
  });

  it('groups, all or of one kind', () => {
    const [session] = make(['a=group:BUNDLE 0 1', 'a=group:LS 0 1', 'a=group:BUNDLE 2'], []);
    expect(readGroups(session).length).toBe(3);
    expect(readGroups(session, 'BUNDLE').map(({ mids }) => mids)).toEqual([['0', '1'], ['2']]);
  });

  it('mid and ice-lite', () => {
    const [session, media] = make(['a=ice-lite'], ['a=mid:x']);
    expect([readMid(media), readMid(session), readIceLite(session), readIceLite(media)]).toEqual([
      'x',
      undefined,
      true,
      false,
    ]);
  });

  it('data sections by all their names', () => {
    for (const protocol of ['UDP/DTLS/SCTP', 'TCP/DTLS/SCTP', 'DTLS/SCTP']) {
      expect(isDataSection(make([], [], `application 9 ${protocol} 5000`)[1])).toBe(true);
    }
    expect(isDataSection(make([], [], 'application 9 UDP/BFCP *')[1])).toBe(false);
    expect(isDataSection(make([], [], 'audio 9 UDP/DTLS/SCTP 5000')[1])).toBe(false);
  });

  it('rejected sections, not those left to their bundle', () => {
    expect(isRejected(make([], [], 'audio 0 RTP/AVP 0')[1])).toBe(true);
    expect(isRejected(make([], ['a=bundle-only'], 'audio 0 RTP/AVP 0')[1])).toBe(false);
    expect(isRejected(make([], [])[1])).toBe(false);
  });
});

describe('attributes by name', () => {
  const [, media] = make([], ['a=x:1', 'a=y', 'a=x:2', 'a=x']);

  it('as text', () => {
    expect(attributeValue(media, 'x')).toBe('1');
    expect(attributeValue(media, 'y')).toBe('');
    expect(attributeValue(media, 'z')).toBeUndefined();
    expect(attributeValues(media, 'x')).toEqual(['1', '2', '']);
    expect([hasAttribute(media, 'y'), hasAttribute(media, 'z')]).toEqual([true, false]);
  });

  it('typed, malformed ones left out', () => {
    const [, section] = make([], ['a=fingerprint:nonsense', 'a=fingerprint:sha-1 AA']);
    expect(readAttribute(section, fingerprint)).toBeUndefined();
    expect(readAttributes(section, fingerprint)).toEqual([{ algorithm: 'sha-1', value: 'AA' }]);
  });
});

it('codecs come in the order of the m= line, with static payload types', () => {
  const rtp = ['a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack pli', 'a=rtcp-fb:* goog-remb', 'a=fmtp:96 max-fs=1'];
  expect(readRtpCodecs(make([], rtp, 'video 9 RTP/AVP 34 96 99 x 200')[1])).toEqual([
    { payloadType: 34, encodingName: 'H263', clockRate: 90000, feedback: [{ type: 'goog-remb' }] },
    {
      payloadType: 96,
      encodingName: 'VP8',
      clockRate: 90000,
      parameters: 'max-fs=1',
      feedback: [{ type: 'nack', parameter: 'pli' }, { type: 'goog-remb' }],
    },
  ]);
});
