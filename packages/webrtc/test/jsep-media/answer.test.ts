import { parseSdp, serializeSdp } from '@kaon/sdp';
import { describe, expect, it } from 'vitest';
import { codecCapabilities, type RTCRtpCodec } from '../../src/codecs/capabilities.ts';
import { type AnswerWishes, answerCodecs, answerDirection, answerMedia } from '../../src/jsep/media/answer.ts';
import { answerExtensions } from '../../src/jsep/media/extension-ids.ts';
import { answerLayers, layersOfEncodings } from '../../src/jsep/media/layers.ts';
import { makeMediaSection } from '../../src/jsep/media/make-section.ts';
import type { RemoteMedia } from '../../src/jsep/media/types.ts';
import { local, mediaOf, recorded, recordings, section, sessionOf } from './helpers.ts';

const pick = (...patterns: RegExp[]): RTCRtpCodec[] =>
  patterns.flatMap((pattern) =>
    codecCapabilities('video').filter(({ mimeType, sdpFmtpLine }) => pattern.test(`${mimeType} ${sdpFmtpLine ?? ''}`)),
  );
const payloadTypes = (codecs: readonly { payloadType: number }[]): number[] =>
  codecs.map(({ payloadType }) => payloadType);

/** The answer as it would be read on the other side. */
function answered(offer: RemoteMedia, wishes: Partial<AnswerWishes> = {}): RemoteMedia {
  const media = { ...local(), ...answerMedia(offer, { direction: 'sendrecv', ...wishes }) };
  const [read] = mediaOf(parseSdp(serializeSdp(sessionOf(makeMediaSection(media)))));
  if (read === undefined) throw new Error('the answer was not read');
  return read;
}

describe('offers of browsers', () => {
  for (const name of recordings.filter((each) => !each.includes('answer'))) {
    for (const offer of mediaOf(recorded(name))) {
      it(`${name}, ${offer.kind}: is answered in its own numbers`, () => {
        const answer = answered(offer);
        expect(answer.rejected).toBe(false);
        expect(answer.mid).toBe(offer.mid);
        expect(answer.direction).toBe(answerDirection(offer.direction, 'sendrecv'));
        const offered = new Map(offer.codecs.map((codec) => [codec.payloadType, codec]));
        for (const { payloadType, mimeType, clockRate, rtcpFeedback } of answer.codecs) {
          expect(offered.get(payloadType)).toMatchObject({ mimeType, clockRate });
          for (const each of rtcpFeedback) expect(offered.get(payloadType)?.rtcpFeedback).toContainEqual(each);
        }
        expect(payloadTypes(answer.codecs)).toEqual(
          payloadTypes(offer.codecs).filter((each) => payloadTypes(answer.codecs).includes(each)),
        );
        for (const { id, uri } of answer.headerExtensions)
          expect(offer.headerExtensions).toContainEqual(expect.objectContaining({ id, uri }));
        expect(answer.receiveLayers.flat().map(({ rid }) => rid)).toEqual(
          offer.sendLayers.flat().map(({ rid }) => rid),
        );
        expect(answer.extmapAllowMixed).toBe(offer.extmapAllowMixed);
      });
    }
  }

  it('Chromium is answered with the codecs and extensions of its own answer', () => {
    const theirs = mediaOf(recorded('stock-chromium-answers-default.sdp'));
    for (const [i, offer] of mediaOf(recorded('chromium-pair-default-offer.sdp')).entries()) {
      const answer = answered(offer, { direction: 'recvonly' });
      const { codecs, headerExtensions, direction, reducedSize, rtcpMux } = theirs[i] as RemoteMedia;
      expect(answer.codecs).toEqual(codecs);
      expect(answer).toMatchObject({ headerExtensions, direction, reducedSize, rtcpMux });
    }
  });

  it('Firefox is answered with all but what it takes for itself', () => {
    const [audio, video] = mediaOf(recorded('firefox-default-av.sdp')).map((offer) => answered(offer));
    expect(payloadTypes(audio?.codecs ?? [])).toEqual([109, 9, 0, 8, 101]);
    expect(payloadTypes(video?.codecs ?? [])).toEqual(
      [120, 124, 121, 125, 99, 100, 123, 122, 119].filter((each) => payloadTypes(video?.codecs ?? []).includes(each)),
    );
    expect(audio?.headerExtensions.map(({ id }) => id)).toEqual([1, 3, 7]);
    expect(video?.headerExtensions).toContainEqual({
      id: 6,
      uri: 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
      encrypted: false,
      direction: 'sendonly',
    });
  });
});

const offer = (formats: string, ...lines: string[]): RemoteMedia =>
  section(`video 9 UDP/TLS/RTP/SAVPF ${formats}`, ['a=rtcp-mux', ...lines]);
const both = offer(
  '100 101 98 99',
  'a=rtpmap:100 H264/90000',
  'a=fmtp:100 packetization-mode=1;profile-level-id=42e00d',
  'a=rtcp-fb:100 nack',
  'a=rtcp-fb:100 nack rpsi',
  'a=rtpmap:101 rtx/90000',
  'a=fmtp:101 apt=100',
  'a=rtpmap:98 VP8/90000',
  'a=rtcp-fb:* ccm fir',
  'a=rtpmap:99 rtx/90000',
  'a=fmtp:99 apt=98',
);

describe('codecs of an answer', () => {
  it('take all H.264 of Safari, and of Firefox with OpenH264, each with the profile as it was offered', () => {
    const safari = mediaOf(recorded('safari-av-data.sdp')).find(({ kind }) => kind === 'video') as RemoteMedia;
    const h264 = (codecs: RemoteMedia['codecs']) => codecs.filter(({ mimeType }) => mimeType === 'video/H264');
    expect(h264(safari.codecs).length).toBeGreaterThan(0);
    expect(payloadTypes(h264(answerCodecs(safari)))).toEqual(payloadTypes(h264(safari.codecs)));
    const firefox = offer(
      '126 97',
      'a=rtpmap:126 H264/90000',
      'a=fmtp:126 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1',
      'a=rtpmap:97 H264/90000',
      'a=fmtp:97 profile-level-id=42e01f;level-asymmetry-allowed=1',
    );
    expect(answerCodecs(firefox).map(({ payloadType, sdpFmtpLine }) => [payloadType, sdpFmtpLine])).toEqual([
      [126, 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'],
      [97, 'level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f'],
    ]);
  });

  it('stand in the order of the offer, with the feedback of both sides', () => {
    const codecs = answerCodecs(both);
    expect(payloadTypes(codecs)).toEqual([100, 101, 98, 99]);
    expect(codecs[0]).toEqual({
      payloadType: 100,
      mimeType: 'video/H264',
      clockRate: 90000,
      sdpFmtpLine: 'packetization-mode=1;profile-level-id=42e00d',
      rtcpFeedback: [{ type: 'ccm', parameter: 'fir' }, { type: 'nack' }],
    });
  });

  it('stand in the order of preferences, when there are any', () => {
    expect(payloadTypes(answerCodecs(both, { preferences: pick(/VP8/, /rtx/, /H264/) }))).toEqual([98, 99, 100, 101]);
    expect(payloadTypes(answerCodecs(both, { preferences: pick(/VP8/) }))).toEqual([98]);
    expect(payloadTypes(answerCodecs(both, { preferences: pick(/rtx/, /H264/) }))).toEqual([100, 101]);
  });

  it('are none when no media is left: repair, noise and tones alone do not count', () => {
    expect(answerCodecs(both, { preferences: pick(/AV1/, /rtx/) })).toEqual([]);
    const alone = offer('118 120', 'a=rtpmap:118 red/90000', 'a=rtpmap:120 ulpfec/90000');
    expect(answerCodecs(alone)).toEqual([]);
    expect(answerMedia(alone, { direction: 'sendrecv' })).toMatchObject({ rejected: true, direction: 'inactive' });
    const foreign = section('audio 9 RTP/SAVPF 97 13 101', [
      'a=rtpmap:97 speex/16000',
      'a=rtpmap:13 CN/8000',
      'a=rtpmap:101 telephone-event/8000',
    ]);
    expect(answerMedia(foreign, { direction: 'sendrecv' }).rejected).toBe(true);
  });

  it('keep rtx only for what is kept, and not one of another', () => {
    const odd = offer(
      '96 97 98 99',
      'a=rtpmap:96 VP8/90000',
      'a=rtpmap:97 rtx/90000',
      'a=fmtp:97 apt=98',
      'a=rtpmap:98 theora/90000',
      'a=rtpmap:99 rtx/90000',
      'a=fmtp:99 apt=97',
    );
    expect(payloadTypes(answerCodecs(odd))).toEqual([96]);
  });

  it('keep red of audio only with all that it carries', () => {
    const audio = (fmtp: string) =>
      answerCodecs(
        section('audio 9 RTP/SAVPF 111 63 97', [
          'a=rtpmap:111 opus/48000/2',
          'a=rtpmap:63 red/48000/2',
          fmtp,
          'a=rtpmap:97 speex/16000',
        ]),
      );
    expect(payloadTypes(audio('a=fmtp:63 111/111'))).toEqual([111, 63]);
    expect(payloadTypes(audio('a=fmtp:63 111/97'))).toEqual([111]);
    expect(audio('a=fmtp:63 111/111')[1]?.sdpFmtpLine).toBe('111/111');
  });

  it('take FlexFEC and static payload types when offered', () => {
    const [, video] = mediaOf(recorded('chromium-pair-flexfec-offer.sdp'));
    expect(payloadTypes(answerCodecs(video as RemoteMedia))).toContain(49);
    expect(payloadTypes(answerCodecs(section('audio 9 RTP/SAVPF 8 0 9', [])))).toEqual([8, 0, 9]);
  });

  it('use feedback of RFC 8888 and nack of audio only when both want it', () => {
    const audio = section('audio 9 RTP/SAVPF 111', [
      'a=rtpmap:111 opus/48000/2',
      'a=rtcp-fb:* ack ccfb',
      'a=rtcp-fb:111 nack',
    ]);
    expect(answerCodecs(audio)[0]?.rtcpFeedback).toEqual([]);
    expect(answerCodecs(audio, { congestionFeedback: true, audioNack: true })[0]?.rtcpFeedback).toEqual([
      { type: 'ack', parameter: 'ccfb' },
      { type: 'nack' },
    ]);
  });
});

describe('directions', () => {
  it.each([
    ['sendrecv', 'sendrecv', 'sendrecv'],
    ['sendrecv', 'sendonly', 'sendonly'],
    ['sendrecv', 'inactive', 'inactive'],
    ['sendonly', 'sendrecv', 'recvonly'],
    ['sendonly', 'sendonly', 'inactive'],
    ['recvonly', 'sendrecv', 'sendonly'],
    ['recvonly', 'recvonly', 'inactive'],
    ['inactive', 'sendrecv', 'inactive'],
  ] as const)('%s offered, %s wanted: %s', (offered, wanted, expected) =>
    expect(answerDirection(offered, wanted)).toBe(expected),
  );

  it('a section that was refused stays refused', () => {
    expect(answerMedia(section('audio 0 RTP/SAVPF 0', []), { direction: 'sendrecv' }).rejected).toBe(true);
    expect(answered(offer('96', 'a=rtpmap:96 VP8/90000', 'a=recvonly')).msids).toEqual([{ stream: 's', track: 't' }]);
    expect(answered(offer('96', 'a=rtpmap:96 VP8/90000', 'a=sendonly')).msids).toEqual([]);
  });

  it('what the offer lacks the answer lacks: multiplexed RTCP, reduced size, mixed headers', () => {
    const bare = section('video 9 RTP/SAVPF 96', ['a=rtpmap:96 VP8/90000']);
    expect(answered(bare, { rtcpMuxPolicy: 'negotiate' })).toMatchObject({
      rejected: false,
      rtcpMux: false,
      reducedSize: false,
      extmapAllowMixed: false,
    });
    const full = offer('96', 'a=rtpmap:96 VP8/90000', 'a=rtcp-rsize', 'a=extmap-allow-mixed');
    expect(answered(full)).toMatchObject({ rtcpMux: true, reducedSize: true, extmapAllowMixed: true });
  });

  it('a section without multiplexed RTCP is refused, unless that may be negotiated', () => {
    const bare = section('video 9 RTP/SAVPF 96', ['a=rtpmap:96 VP8/90000']);
    expect(answered(bare).rejected).toBe(true);
    expect(answered(bare, { rtcpMuxPolicy: 'require' }).rejected).toBe(true);
  });
});

describe('header extensions of an answer', () => {
  const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid';
  const answer = (lines: string[], ...rest: [Parameters<typeof answerExtensions>[1]?]) =>
    answerExtensions(section('audio 9 RTP/SAVPF 0', lines), ...rest);

  it('are those we know, in the other direction', () => {
    expect(answer([`a=extmap:3 ${MID}`, 'a=extmap:4 urn:unknown'])).toEqual([{ id: 3, uri: MID, encrypted: false }]);
    expect(answer([`a=extmap:3/sendonly ${MID}`])).toEqual([
      { id: 3, uri: MID, encrypted: false, direction: 'recvonly' },
    ]);
    expect(answer([`a=extmap:3/inactive ${MID}`])).toEqual([]);
    expect(answer(['a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level'])).toEqual([]);
  });

  it('go by what is wanted, when that is said', () => {
    expect(answer([`a=extmap:3 ${MID}`], [])).toEqual([]);
    expect(answer([`a=extmap:3 ${MID}`], [{ uri: MID, direction: 'stopped' }])).toEqual([]);
    expect(answer([`a=extmap:3 ${MID}`], [{ uri: MID, direction: 'sendonly' }])).toHaveLength(1);
  });

  it('leave out encrypted ones, a second id, and ids that need mixed headers without them', () => {
    expect(
      answer([`a=extmap:3 urn:ietf:params:rtp-hdrext:encrypt ${MID}`, `a=extmap:4 ${MID}`, `a=extmap:5 ${MID}`]).map(
        ({ id }) => id,
      ),
    ).toEqual([4]);
    expect(answer([`a=extmap:15 ${MID}`])).toEqual([]);
    expect(answer([`a=extmap:15 ${MID}`, 'a=extmap-allow-mixed'])).toHaveLength(1);
  });
});

describe('layers of an answer', () => {
  const RID = 'a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';
  const simulcast = (...lines: string[]) =>
    offer('96 97', 'a=rtpmap:96 VP8/90000', 'a=rtpmap:97 theora/90000', RID, ...lines);
  const rids = (layers: RemoteMedia['sendLayers']) =>
    layers.map((stream) => stream.map(({ rid, paused }) => (paused ? `~${rid}` : rid)).join());

  it('take all that is offered, the first alternative of each, paused as offered', () => {
    const answer = answered(simulcast('a=rid:1 send', 'a=rid:2 send', 'a=rid:3 send', 'a=simulcast:send 1,2;~3'));
    expect(rids(answer.receiveLayers)).toEqual(['1', '~3']);
    expect(answer.sendLayers).toEqual([]);
  });

  it('leave out rids with unknown restrictions or only payload types that are gone (RFC 8851 §6)', () => {
    const answer = answered(
      simulcast(
        'a=rid:1 send max-color=7',
        'a=rid:2 send pt=97',
        'a=rid:3 send pt=97,96;max-width=320',
        'a=simulcast:send 1,3;2',
      ),
    );
    expect(answer.receiveLayers).toEqual([
      [{ rid: '3', paused: false, restrictions: { pt: '96', 'max-width': '320' } }],
    ]);
  });

  it('send the layers that the peer takes, when the sender has them', () => {
    const wanted = simulcast('a=rid:a recv', 'a=rid:b recv', 'a=rid:c recv', 'a=simulcast:recv a;b,c');
    expect(rids(answered(wanted, { rids: ['a', 'c', 'x'] }).sendLayers)).toEqual(['a', 'c']);
    expect(answered(wanted).sendLayers).toEqual([]);
    expect(answered(wanted, { rids: ['a'], direction: 'recvonly' }).sendLayers).toEqual([]);
  });

  it('are none when nothing is received, or when packets would not say their rid', () => {
    const lines = ['a=rid:1 send', 'a=rid:2 send', 'a=simulcast:send 1;2'];
    expect(answered(simulcast(...lines), { direction: 'sendonly' }).receiveLayers).toEqual([]);
    expect(answered(offer('96', 'a=rtpmap:96 VP8/90000', ...lines)).receiveLayers).toEqual([]);
    expect(answered(simulcast(...lines)).receiveLayers).toHaveLength(2);
  });

  it('are bounded', () => {
    const many = Array.from({ length: 40 }, (_, i) => `r${i}`);
    const media = simulcast(...many.map((rid) => `a=rid:${rid} send`), `a=simulcast:send ${many.join(';')}`);
    expect(answered(media).receiveLayers).toHaveLength(16);
    expect(answerLayers(media, media.codecs, [], 2).receiveLayers).toHaveLength(2);
  });

  it('of an offer are the encodings with names; one alone is no simulcast', () => {
    const encoding = (rid: string | undefined, active = true) => ({ rid, active, ssrc: 1, rtxSsrc: 2, fecSsrc: 3 });
    expect(rids(layersOfEncodings([encoding('q'), encoding('f', false)]))).toEqual(['q', '~f']);
    expect(layersOfEncodings([encoding('q')])).toEqual([]);
    expect(layersOfEncodings([encoding(undefined)])).toEqual([]);
  });
});
