import { expect, it } from 'vitest';
import {
  type Direction,
  isDataSection,
  isRejected,
  msid,
  parseSdp,
  readAttribute,
  readAttributes,
  readDirection,
  readGroups,
  readIceCredentials,
  readIceOptions,
  readMaxMessageSize,
  readMid,
  readRtpCodecs,
  readSctpPort,
  readSetup,
  readTlsId,
  rtcp,
  serializeSdp,
} from '../src/index.ts';
import { lines } from './helpers/samples.ts';

const FINGERPRINT =
  'a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2';
const TLS_ID = '91bbf309c0990a6bec11e38ba2933cee';

/** After offer-A1 of RFC 8829 §7.1. */
const OFFER_A1 = lines(
  'v=0',
  'o=- 4962303333179871722 1 IN IP4 0.0.0.0',
  's=-',
  't=0 0',
  'a=ice-options:trickle ice2',
  'a=group:BUNDLE a1 v1',
  'a=group:LS a1 v1',
  'm=audio 10100 UDP/TLS/RTP/SAVPF 96 0 8 97 98',
  'c=IN IP4 203.0.113.100',
  'a=mid:a1',
  'a=sendrecv',
  'a=rtpmap:96 opus/48000/2',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:97 telephone-event/8000',
  'a=rtpmap:98 telephone-event/48000',
  'a=fmtp:97 0-15',
  'a=fmtp:98 0-15',
  'a=maxptime:120',
  'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
  'a=extmap:2 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'a=msid:47017fee-b6c1-4162-929c-a25110252400',
  'a=ice-ufrag:ETEn',
  'a=ice-pwd:OtSK0WpNtpUjkY4+86js7ZQl',
  FINGERPRINT,
  'a=setup:actpass',
  `a=tls-id:${TLS_ID}`,
  'a=rtcp:10101 IN IP4 203.0.113.100',
  'a=rtcp-mux',
  'a=rtcp-rsize',
  'm=video 10102 UDP/TLS/RTP/SAVPF 100 101 102 103',
  'c=IN IP4 203.0.113.100',
  'a=mid:v1',
  'a=sendrecv',
  'a=rtpmap:100 VP8/90000',
  'a=rtpmap:101 H264/90000',
  'a=rtpmap:102 rtx/90000',
  'a=rtpmap:103 rtx/90000',
  'a=fmtp:101 packetization-mode=1;profile-level-id=42e01f',
  'a=fmtp:102 apt=100',
  'a=fmtp:103 apt=101',
  'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
  'a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'a=rtcp-fb:100 ccm fir',
  'a=rtcp-fb:100 nack',
  'a=rtcp-fb:100 nack pli',
  'a=msid:47017fee-b6c1-4162-929c-a25110252400',
  'a=ice-ufrag:BGKk',
  'a=ice-pwd:mqyWsAjvtKwTGnvhPztQ9mIf',
  FINGERPRINT,
  'a=setup:actpass',
  `a=tls-id:${TLS_ID}`,
  'a=rtcp:10103 IN IP4 203.0.113.100',
  'a=rtcp-mux',
  'a=rtcp-rsize',
);

it('RFC 8829 §7.1: an offer of audio and video', () => {
  const session = parseSdp(OFFER_A1);
  expect(serializeSdp(session)).toBe(OFFER_A1);
  const [audio, video] = [session.media[0]!, session.media[1]!];
  expect(readGroups(session).map(({ semantics }) => semantics)).toEqual(['BUNDLE', 'LS']);
  expect([readMid(audio), readMid(video)]).toEqual(['a1', 'v1']);
  expect(readIceOptions(session, audio)).toEqual(['trickle', 'ice2']);
  expect(readIceCredentials(session, video)).toEqual({
    usernameFragment: 'BGKk',
    password: 'mqyWsAjvtKwTGnvhPztQ9mIf',
  });
  expect([readSetup(session, audio), readTlsId(session, audio)]).toEqual(['actpass', TLS_ID]);
  expect(readAttributes(audio, msid)).toEqual([{ stream: '47017fee-b6c1-4162-929c-a25110252400' }]);
  expect(readAttribute(video, rtcp)?.port).toBe(10103);
  expect(readRtpCodecs(video)[0]!.feedback).toEqual([
    { type: 'ccm', parameter: 'fir' },
    { type: 'nack' },
    { type: 'nack', parameter: 'pli' },
  ]);
  expect(readRtpCodecs(video).map(({ parameters }) => parameters)).toEqual([
    undefined,
    'packetization-mode=1;profile-level-id=42e01f',
    'apt=100',
    'apt=101',
  ]);
});

it('RFC 8829 §5.2, RFC 9143 §6: a bundle-only section, one that is rejected, and a data section', () => {
  const session = parseSdp(
    lines(
      'v=0',
      'o=- 4962303333179871723 1 IN IP4 0.0.0.0',
      's=-',
      't=0 0',
      'a=ice-options:trickle ice2',
      'a=group:BUNDLE d1 v1',
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      'c=IN IP4 0.0.0.0',
      'a=mid:d1',
      'a=ice-ufrag:RpqA',
      'a=ice-pwd:O7oVbqEb9nVdKlLHfqvEfe0P',
      'a=sctp-port:5000',
      'a=max-message-size:65536',
      'm=video 0 UDP/TLS/RTP/SAVPF 100',
      'c=IN IP4 0.0.0.0',
      'a=bundle-only',
      'a=mid:v1',
      'a=recvonly',
      'm=video 0 UDP/TLS/RTP/SAVPF 100',
      'c=IN IP4 0.0.0.0',
      'a=mid:v2',
      'a=inactive',
    ),
  );
  const data = session.media[0]!;
  expect(session.media.map(isDataSection)).toEqual([true, false, false]);
  expect(session.media.map(isRejected)).toEqual([false, false, true]);
  expect(session.media.map((media): Direction => readDirection(session, media))).toEqual([
    'sendrecv',
    'recvonly',
    'inactive',
  ]);
  expect([readSctpPort(data), readMaxMessageSize(data)]).toEqual([5000, 65536]);
});
