import { describe, expect, it } from 'vitest';
import { receiveAgreement, sendAgreement } from '../../src/jsep/media/agreement.ts';
import { type AnswerWishes, answerMedia } from '../../src/jsep/media/answer.ts';
import { makeMediaSection } from '../../src/jsep/media/make-section.ts';
import type { RemoteMedia } from '../../src/jsep/media/types.ts';
import { local, mediaOf, recorded, section, sessionOf } from './helpers.ts';

const payloadTypes = (codecs: readonly { payloadType: number }[] = []): number[] =>
  codecs.map(({ payloadType }) => payloadType);
const video = (...lines: string[]): RemoteMedia =>
  section('video 9 UDP/TLS/RTP/SAVPF 96 97', [
    'a=rtpmap:96 VP8/90000',
    'a=rtpmap:97 rtx/90000',
    'a=fmtp:97 apt=96',
    'a=rtcp-mux',
    ...lines,
  ]);

function answered(offer: RemoteMedia, wishes: Partial<AnswerWishes> = {}): RemoteMedia {
  const [read] = mediaOf(
    sessionOf(makeMediaSection({ ...local(), ...answerMedia(offer, { direction: 'sendrecv', ...wishes }) })),
  );
  if (read === undefined) throw new Error('the answer was not read');
  return read;
}

describe('offer and answer of one browser', () => {
  for (const name of [
    'chromium-pair-default',
    'chromium-pair-flexfec',
    'chromium-pair-rfc8888',
    'firefox-pair-default',
  ]) {
    it(`${name}: what one side sends the other receives`, () => {
      const offers = mediaOf(recorded(`${name}-offer.sdp`));
      const answers = mediaOf(recorded(`${name}-answer.sdp`));
      expect(offers.length).toBeGreaterThan(1);
      for (const [i, offer] of offers.entries()) {
        const answer = answers[i] as RemoteMedia;
        for (const [from, to] of [
          [offer, answer],
          [answer, offer],
        ] as const) {
          const sent = sendAgreement(from, to);
          const received = receiveAgreement(to, from);
          expect(sent === undefined).toBe(received === undefined);
          expect(sent?.codecs).toEqual(received?.codecs);
          expect(sent?.headerExtensions).toEqual(received?.headerExtensions);
          if (received !== undefined) expect(received.ssrcs).toEqual(from.ssrcs);
        }
        expect(payloadTypes(sendAgreement(offer, answer)?.codecs)).toEqual(
          answer.direction === 'sendrecv' || answer.direction === 'recvonly' ? payloadTypes(answer.codecs) : [],
        );
      }
    });
  }
});

describe('what may be sent', () => {
  it('is nothing in a direction that either side does not have', () => {
    const offer = video('a=sendrecv');
    expect(sendAgreement(offer, answered(offer, { direction: 'sendonly' }))).toBeUndefined();
    expect(receiveAgreement(offer, answered(offer, { direction: 'sendonly' }))).toBeDefined();
    expect(sendAgreement(video('a=recvonly'), video('a=recvonly'))).toBeUndefined();
    expect(receiveAgreement(offer, answered(offer, { direction: 'recvonly' }))).toBeUndefined();
    expect(sendAgreement(offer, section('video 0 RTP/SAVPF 96', ['a=rtpmap:96 VP8/90000']))).toBeUndefined();
    expect(sendAgreement(offer, section('video 9 RTP/SAVPF 96', ['a=rtpmap:96 theora/90000']))).toBeUndefined();
  });

  it('goes by the numbers, the parameters and the order of the peer, who may have others than ours', () => {
    const other = section('video 9 RTP/SAVPF 100 101 102', [
      'a=rtpmap:100 H264/90000',
      'a=fmtp:100 packetization-mode=1;profile-level-id=42e034',
      'a=rtpmap:101 VP8/90000',
      'a=rtpmap:102 rtx/90000',
      'a=fmtp:102 apt=101',
    ]);
    const ours = section('video 9 RTP/SAVPF 96 97 98', [
      'a=rtpmap:96 VP8/90000',
      'a=rtpmap:97 rtx/90000',
      'a=fmtp:97 apt=96',
      'a=rtpmap:98 H264/90000',
      'a=fmtp:98 packetization-mode=1;profile-level-id=42e01f',
    ]);
    const sent = sendAgreement(ours, other);
    expect(payloadTypes(sent?.codecs)).toEqual([100, 101, 102]);
    expect(sent?.codecs[0]?.sdpFmtpLine).toBe('packetization-mode=1;profile-level-id=42e034');
    expect(payloadTypes(receiveAgreement(ours, other)?.codecs)).toEqual([96, 97, 98]);
  });

  it('has rtx only where both sides have it for the codec', () => {
    const without = section('video 9 RTP/SAVPF 96', ['a=rtpmap:96 VP8/90000']);
    expect(payloadTypes(sendAgreement(video(), without)?.codecs)).toEqual([96]);
    expect(payloadTypes(receiveAgreement(video(), without)?.codecs)).toEqual([96]);
    const looped = section('video 9 RTP/SAVPF 96 97 98', [
      'a=rtpmap:96 VP8/90000',
      'a=rtpmap:97 rtx/90000',
      'a=fmtp:97 apt=98',
      'a=rtpmap:98 rtx/90000',
      'a=fmtp:98 apt=97',
    ]);
    expect(payloadTypes(sendAgreement(video(), looped)?.codecs)).toEqual([96]);
  });

  it('has red of audio only with what it carries', () => {
    const red = section('audio 9 RTP/SAVPF 111 63', [
      'a=rtpmap:111 opus/48000/2',
      'a=rtpmap:63 red/48000/2',
      'a=fmtp:63 111/97',
    ]);
    expect(payloadTypes(sendAgreement(red, red)?.codecs)).toEqual([111]);
  });

  it('has the feedback of both', () => {
    const sent = sendAgreement(
      video('a=rtcp-fb:96 nack', 'a=rtcp-fb:96 ccm fir'),
      video('a=rtcp-fb:96 nack', 'a=rtcp-fb:96 nack pli'),
    );
    expect(sent?.codecs[0]?.rtcpFeedback).toEqual([{ type: 'nack' }]);
  });

  it('keeps within the limits of the peer', () => {
    const sent = sendAgreement(video(), video('b=TIAS:300000', 'a=ptime:20', 'a=maxptime:60'));
    expect(sent).toMatchObject({ maxBitrate: 300000, ptime: 20, maxptime: 60 });
  });

  it('has extensions in their directions, with the id of the side that receives', () => {
    const ids = (list: readonly { id: number }[] = []) => list.map(({ id }) => id);
    const offer = video(
      'a=extmap:1 urn:a',
      'a=extmap:2/recvonly urn:b',
      'a=extmap:3/sendonly urn:c',
      'a=extmap:4 urn:d',
    );
    const answer = video(
      'a=extmap:1 urn:a',
      'a=extmap:2/sendonly urn:b',
      'a=extmap:3/recvonly urn:c',
      'a=extmap:9 urn:e',
    );
    expect(ids(sendAgreement(offer, answer)?.headerExtensions)).toEqual([1, 3]);
    expect(ids(receiveAgreement(offer, answer)?.headerExtensions)).toEqual([1, 2]);
    expect(ids(sendAgreement(video('a=extmap:5 urn:a'), answer)?.headerExtensions)).toEqual([1]);
  });

  it('mixes headers and shortens RTCP when both sides say so', () => {
    const yes = video('a=extmap-allow-mixed', 'a=rtcp-rsize');
    expect(sendAgreement(yes, yes)).toMatchObject({ extmapAllowMixed: true, reducedSize: true });
    expect(sendAgreement(yes, video())).toMatchObject({ extmapAllowMixed: false, reducedSize: false });
    expect(receiveAgreement(video(), yes)).toMatchObject({ extmapAllowMixed: false, reducedSize: false });
  });
});

describe('layers', () => {
  const three = ['a=rid:q send', 'a=rid:h send', 'a=rid:f send', 'a=simulcast:send q;h;~f'];

  it('that are sent are those that the peer took, in our order, paused when either says so', () => {
    const peer = video('a=rid:f recv', 'a=rid:h recv max-width=640', 'a=rid:x recv', 'a=simulcast:recv f;~h;x');
    expect(sendAgreement(video(...three), peer)?.layers).toEqual([
      { rid: 'h', paused: true, restrictions: { 'max-width': '640' } },
      { rid: 'f', paused: true, restrictions: {} },
    ]);
    expect(sendAgreement(video(...three), video())?.layers).toEqual([]);
  });

  it('that come are those that we took', () => {
    const ours = video('a=rid:q recv', 'a=rid:h recv', 'a=simulcast:recv q;h');
    const { layers } = receiveAgreement(ours, video(...three)) as {
      layers: readonly { rid: string; paused: boolean }[];
    };
    expect(layers.map(({ rid, paused }) => [rid, paused])).toEqual([
      ['q', false],
      ['h', false],
    ]);
  });

  it('of Chromium and Firefox are agreed on', () => {
    for (const name of ['chromium-default-simulcast.sdp', 'firefox-default-simulcast.sdp']) {
      const [offer] = mediaOf(recorded(name)) as [RemoteMedia];
      const answer = answered(offer);
      expect(receiveAgreement(answer, offer)?.layers.map(({ rid }) => rid)).toEqual(['q', 'h', 'f']);
      expect(sendAgreement(offer, answer)?.layers.map(({ rid }) => rid)).toEqual(['q', 'h', 'f']);
      const uris = receiveAgreement(answer, offer)?.headerExtensions.map(({ uri }) => uri);
      expect(uris).toContain('urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id');
      expect(uris).toContain('urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id');
    }
  });
});
