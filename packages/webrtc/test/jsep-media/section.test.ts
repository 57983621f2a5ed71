import { parseSdp, serializeSdp } from '@kaon/sdp';
import { describe, expect, it } from 'vitest';
import { extensionCapabilities } from '../../src/codecs/capabilities.ts';
import { offeredCodecs } from '../../src/codecs/wanted.ts';
import { assignExtensionIds } from '../../src/jsep/media/extension-ids.ts';
import { makeMediaSection } from '../../src/jsep/media/make-section.ts';
import { assignPayloadTypes } from '../../src/jsep/media/payload-types.ts';
import { readMediaSection, streamIdsOf } from '../../src/jsep/media/read-section.ts';
import type { LocalMedia } from '../../src/jsep/media/types.ts';
import { local, mediaOf, recorded, section, sessionOf } from './helpers.ts';

const lines = (media: LocalMedia): string[] =>
  serializeSdp(sessionOf(makeMediaSection(media)))
    .split('\r\n')
    .slice(4, -1);
const values = (media: LocalMedia, name: string): string[] =>
  lines(media).filter((line) => line.startsWith(`a=${name}`));

describe('makeMediaSection', () => {
  it('writes the lines of a section in the order of Chromium', () => {
    const media = local({
      codecs: [
        {
          payloadType: 96,
          mimeType: 'video/VP8',
          clockRate: 90000,
          rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
        },
        { payloadType: 97, mimeType: 'video/rtx', clockRate: 90000, sdpFmtpLine: 'apt=96', rtcpFeedback: [] },
      ],
      headerExtensions: [
        { id: 4, uri: 'urn:x', encrypted: false },
        { id: 5, uri: 'urn:y', encrypted: true, direction: 'recvonly' },
      ],
      transport: {
        usernameFragment: 'abcd',
        password: '0123456789abcdef012345',
        fingerprints: [{ algorithm: 'sha-256', value: 'AB:CD' }],
        setup: 'actpass',
      },
    });
    expect(lines(media)).toEqual([
      'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
      'c=IN IP4 0.0.0.0',
      'a=rtcp:9 IN IP4 0.0.0.0',
      'a=ice-ufrag:abcd',
      'a=ice-pwd:0123456789abcdef012345',
      'a=ice-options:trickle',
      'a=fingerprint:sha-256 AB:CD',
      'a=setup:actpass',
      'a=mid:0',
      'a=extmap:4 urn:x',
      'a=extmap:5/recvonly urn:ietf:params:rtp-hdrext:encrypt urn:y',
      'a=sendrecv',
      'a=msid:s t',
      'a=rtcp-mux',
      'a=rtcp-rsize',
      'a=rtcp-xr:rcvr-rtt=all',
      'a=rtpmap:96 VP8/90000',
      'a=rtcp-fb:96 nack',
      'a=rtcp-fb:96 nack pli',
      'a=rtpmap:97 rtx/90000',
      'a=fmtp:97 apt=96',
      'a=ssrc-group:FID 1 2',
      'a=ssrc:1 cname:c',
      'a=ssrc:1 msid:s t',
      'a=ssrc:2 cname:c',
      'a=ssrc:2 msid:s t',
    ]);
  });

  it('names the streams of the track: one line each, - for none, no track id when there is none', () => {
    expect(values(local({ streamIds: ['a', 'b'] }), 'msid')).toEqual(['a=msid:a t', 'a=msid:b t']);
    expect(values(local({ streamIds: [] }), 'msid')).toEqual(['a=msid:- t']);
    expect(values(local({ trackId: '' }), 'msid')).toEqual(['a=msid:s']);
    expect(values(local({ trackId: '' }), 'ssrc')).toContain('a=ssrc:1 msid:s');
  });

  it('names no stream, no SSRC and no layer in a direction that does not send', () => {
    for (const direction of ['recvonly', 'inactive'] as const) {
      expect(values(local({ direction }), 'msid')).toEqual([]);
      expect(values(local({ direction }), 'ssrc')).toEqual([]);
      expect(lines(local({ direction }))).toContain(`a=${direction}`);
      const layer = [[{ rid: 'q', paused: false, restrictions: {} }]];
      expect(values(local({ direction, sendLayers: layer }), 'rid')).toEqual([]);
      expect(values(local({ direction, receiveLayers: layer }), 'rid')).toHaveLength(direction === 'recvonly' ? 1 : 0);
    }
  });

  it('groups the repair stream of FlexFEC', () => {
    const flexfec = { payloadType: 49, mimeType: 'video/flexfec-03', clockRate: 90000, rtcpFeedback: [] };
    const media = local({ codecs: [...local().codecs, flexfec] });
    expect(values(media, 'ssrc-group')).toEqual(['a=ssrc-group:FEC-FR 1 3']);
    expect(values(media, 'ssrc:3')).toEqual(['a=ssrc:3 cname:c', 'a=ssrc:3 msid:s t']);
    expect(values(media, 'ssrc:2')).toEqual([]);
  });

  it('writes layers by rid, not by SSRC', () => {
    const layer = (rid: string, paused = false) => [{ rid, paused, restrictions: {} }];
    const media = local({ sendLayers: [layer('q'), layer('h'), layer('f', true)] });
    expect(values(media, 'rid')).toEqual(['a=rid:q send', 'a=rid:h send', 'a=rid:f send']);
    expect(values(media, 'simulcast')).toEqual(['a=simulcast:send q;h;~f']);
    expect(values(media, 'ssrc')).toEqual([]);
    const both = local({
      sendLayers: [[{ rid: '1', paused: false, restrictions: { pt: '96,97', 'max-width': '1280' } }]],
      receiveLayers: [[...layer('a'), ...layer('b', true)]],
    });
    expect(values(both, 'rid')).toEqual(['a=rid:1 send pt=96,97;max-width=1280', 'a=rid:a recv', 'a=rid:b recv']);
    expect(values(both, 'simulcast')).toEqual(['a=simulcast:send 1 recv a,~b']);
  });

  it('refuses with port 0', () => {
    expect(lines(local({ rejected: true, protocol: 'RTP/SAVPF' }))).toEqual([
      'm=video 0 RTP/SAVPF 96',
      'c=IN IP4 0.0.0.0',
      'a=mid:0',
      'a=inactive',
    ]);
    expect(lines(local({ rejected: true, codecs: [] }))[0]).toBe('m=video 0 UDP/TLS/RTP/SAVPF 0');
  });

  it('writes what is asked for', () => {
    const [first, ...rest] = lines(
      local({
        bundleOnly: true,
        extmapAllowMixed: true,
        cryptex: true,
        rtcpMuxOnly: true,
        maxBitrate: 500_000,
        ptime: 20,
        maxptime: 60,
      }),
    );
    expect(first).toBe('m=video 0 UDP/TLS/RTP/SAVPF 96');
    for (const line of [
      'b=TIAS:500000',
      'a=bundle-only',
      'a=extmap-allow-mixed',
      'a=cryptex',
      'a=rtcp-mux-only',
      'a=ptime:20',
      'a=maxptime:60',
    ])
      expect(rest).toContain(line);
    const bare = lines(local({ rtcpMux: false, reducedSize: false }));
    for (const name of ['rtcp-mux', 'rtcp-rsize', 'bundle-only', 'cryptex', 'extmap-allow-mixed', 'rtcp-mux-only'])
      expect(bare).not.toContain(`a=${name}`);
  });

  it('refuses a name that would break the line', () => {
    expect(() => makeMediaSection(local({ streamIds: ['a b c'] }))).toThrow(/a=msid/);
    expect(() => makeMediaSection(local({ cname: 'a\r\nb' }))).toThrow(/a=ssrc/);
  });

  it('makes of the defaults an offer that Chromium would make, and asks for reference times', () => {
    const offer = (kind: 'audio' | 'video') =>
      local({ kind, codecs: assignPayloadTypes(offeredCodecs(kind), new Map()), encodings: [] });
    const [audio, video] = mediaOf(recorded('chromium-default-recvonly.sdp'));
    for (const [theirs, kind] of [[audio, 'audio'] as const, [video, 'video'] as const]) {
      const ours = readMediaSection(sessionOf(), makeMediaSection(offer(kind)));
      for (const codec of ours?.codecs ?? []) {
        const same = theirs?.codecs.find(({ payloadType }) => payloadType === codec.payloadType);
        // Numbers below 50 go around among Chromium's versions.
        const rtcpFeedback = codec.rtcpFeedback.filter(({ type }) => type !== 'rrtr');
        if (same !== undefined && codec.payloadType > 50) expect({ ...codec, rtcpFeedback }).toEqual(same);
      }
      expect(ours?.codecs.map(({ payloadType }) => payloadType)).toEqual(
        expect.arrayContaining(kind === 'audio' ? [111, 63, 9, 0, 8, 13, 110, 126] : [96, 97, 98, 102, 118, 120]),
      );
    }
  });

  it('gives extensions the ids of Chromium', () => {
    const taken = new Map<number, string>();
    const ours = (['audio', 'video'] as const).map((kind) => assignExtensionIds(extensionCapabilities(kind), taken));
    const theirs = mediaOf(recorded('chromium-default-av.sdp')).map(({ headerExtensions }) => headerExtensions);
    for (const [i, extensions] of theirs.entries())
      for (const { id, uri } of extensions) expect(ours[i]?.find((each) => each.uri === uri)?.id, uri).toBe(id);
  });
});

describe('readMediaSection', () => {
  it('reads Chromium', () => {
    const [audio, video] = mediaOf(recorded('chromium-pair-flexfec-offer.sdp'));
    expect(audio).toMatchObject({
      kind: 'audio',
      mid: '0',
      direction: 'sendrecv',
      extmapAllowMixed: true,
      msids: [{ stream: 'f5c894ea-e8d4-4f19-b855-d75e33f0bc1d', track: 'd7cd8c87-93d2-4b1c-b93b-131feb19ceb9' }],
      ssrcs: [{ ssrc: 1603527754, cname: 'dB9hwS/vT9huJuUh' }],
      ssrcGroups: [],
      rtcpMux: true,
      reducedSize: true,
      cryptex: false,
      rtcpXr: ['rcvr-rtt=all'],
      rejected: false,
      bundleOnly: false,
      protocol: 'UDP/TLS/RTP/SAVPF',
      sendLayers: [],
      receiveLayers: [],
    });
    expect(audio?.codecs.slice(0, 3)).toEqual([
      {
        payloadType: 111,
        mimeType: 'audio/opus',
        clockRate: 48000,
        channels: 2,
        sdpFmtpLine: 'minptime=10;useinbandfec=1',
        rtcpFeedback: [{ type: 'transport-cc' }],
      },
      {
        payloadType: 63,
        mimeType: 'audio/red',
        clockRate: 48000,
        channels: 2,
        sdpFmtpLine: '111/111',
        rtcpFeedback: [],
      },
      { payloadType: 9, mimeType: 'audio/G722', clockRate: 8000, channels: 1, rtcpFeedback: [] },
    ]);
    expect(video?.ssrcGroups).toEqual([
      { semantics: 'FID', ssrcs: [3982550345, 978381608] },
      { semantics: 'FEC-FR', ssrcs: [3982550345, 2920735104] },
    ]);
    expect(video?.ssrcs.map(({ ssrc }) => ssrc)).toEqual([3982550345, 978381608, 2920735104]);
    expect(video?.headerExtensions).toContainEqual({ id: 13, uri: 'urn:3gpp:video-orientation', encrypted: false });
  });

  it('reads Firefox: directions of extensions, simulcast with SSRCs, a bundle-only section', () => {
    const [simulcast] = mediaOf(recorded('firefox-default-simulcast.sdp'));
    expect(simulcast?.sendLayers.flat().map(({ rid }) => rid)).toEqual(['q', 'h', 'f']);
    expect(simulcast?.ssrcs).toHaveLength(6);
    expect(simulcast?.headerExtensions).toContainEqual({
      id: 9,
      uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
      encrypted: false,
      direction: 'sendonly',
    });
    const [, video] = mediaOf(recorded('firefox-default-maxbundle.sdp'));
    expect(video).toMatchObject({ bundleOnly: true, rejected: false, direction: 'sendrecv' });
  });

  it('reads encrypted extensions', () => {
    const [, video] = mediaOf(recorded('chromium-default-allext.sdp'));
    expect(video?.headerExtensions.filter(({ encrypted }) => encrypted)).toEqual([
      { id: 9, uri: 'http://www.webrtc.org/experiments/rtp-hdrext/corruption-detection', encrypted: true },
    ]);
  });

  it('leaves other kinds of media alone', () => {
    const session = recorded('chromium-default-data.sdp');
    expect(session.media.map((media) => readMediaSection(session, media))).toEqual([undefined]);
  });

  it('knows static payload types without a=rtpmap', () => {
    const { codecs } = section('audio 9 RTP/AVP 0 8 9 77', []);
    expect(
      codecs.map(({ payloadType, mimeType, clockRate, channels }) => [payloadType, mimeType, clockRate, channels]),
    ).toEqual([
      [0, 'audio/PCMU', 8000, 1],
      [8, 'audio/PCMA', 8000, 1],
      [9, 'audio/G722', 8000, 1],
    ]);
  });

  it('takes streams from a=ssrc when there is no a=msid, as peers of old write', () => {
    const media = section('video 9 UDP/TLS/RTP/SAVPF 96', [
      'a=rtpmap:96 VP8/90000',
      'a=ssrc:1 cname:c',
      'a=ssrc:1 msid:s t',
    ]);
    expect(media.msids).toEqual([{ stream: 's', track: 't' }]);
    expect(section('video 9 UDP/TLS/RTP/SAVPF 96', ['a=ssrc:1 cname:c', 'a=ssrc:1 msid:']).msids).toEqual([]);
  });

  it('takes streams, SSRCs or neither: Pion and werift leave them out', () => {
    const media = section('audio 9 UDP/TLS/RTP/SAVPF 111', ['a=rtpmap:111 opus/48000/2', 'a=sendrecv']);
    expect([media.msids, media.ssrcs, media.ssrcGroups]).toEqual([[], [], []]);
    expect(streamIdsOf(media)).toEqual([]);
    expect(streamIdsOf({ msids: [{ stream: '-' }, { stream: 'a', track: 't' }, { stream: 'a' }] })).toEqual(['a']);
  });

  it('tolerates the many SSRCs of Plan B', () => {
    const media = section('video 9 UDP/TLS/RTP/SAVPF 96', [
      'a=ssrc-group:SIM 1 2 3',
      'a=ssrc-group:FID 1 4',
      'a=ssrc-group:FID 9',
      ...[1, 2, 3, 4].flatMap((ssrc) => [`a=ssrc:${ssrc} cname:c`, `a=ssrc:${ssrc} msid:s t`]),
      'a=ssrc:7 label:x',
    ]);
    expect(media.ssrcs).toEqual([...[1, 2, 3, 4].map((ssrc) => ({ ssrc, cname: 'c' })), { ssrc: 7 }]);
    expect(media.ssrcGroups).toEqual([
      { semantics: 'SIM', ssrcs: [1, 2, 3] },
      { semantics: 'FID', ssrcs: [1, 4] },
    ]);
  });

  it('names a section without a=mid by its index', () => {
    expect(section('audio 9 RTP/AVP 0', []).mid).toBe('0');
  });

  it('reads what the session says for all sections', () => {
    const session = ['a=recvonly', 'a=extmap:3 urn:x', 'a=extmap-allow-mixed', 'a=cryptex', 'a=rtcp-xr:rcvr-rtt=all'];
    expect(section('audio 9 RTP/AVP 0', ['a=extmap:3 urn:y'], session)).toMatchObject({
      direction: 'recvonly',
      headerExtensions: [{ id: 3, uri: 'urn:y', encrypted: false }],
      extmapAllowMixed: true,
      cryptex: true,
      rtcpXr: ['rcvr-rtt=all'],
    });
  });

  it('reads limits: b=TIAS before b=AS, ptime, maxptime', () => {
    const media = (...more: string[]) => section('audio 9 RTP/AVP 0', more);
    expect(media('b=AS:128', 'b=TIAS:64000').maxBitrate).toBe(64000);
    expect(media('b=AS:128').maxBitrate).toBe(128 * 950 - 16000);
    expect(media().maxBitrate).toBeUndefined();
    expect(media('a=ptime:20', 'a=maxptime:60')).toMatchObject({ ptime: 20, maxptime: 60 });
  });

  it('says inactive of a section that is refused', () => {
    expect(section('audio 0 RTP/AVP 0', ['a=sendrecv'])).toMatchObject({ rejected: true, direction: 'inactive' });
  });

  it('leaves out proposals of extensions and the second use of an id', () => {
    const media = section('audio 9 RTP/AVP 0', [
      'a=extmap:4096 urn:x',
      'a=extmap:1 urn:a',
      'a=extmap:1 urn:b',
      'a=extmap:255 urn:c',
    ]);
    expect(media.headerExtensions.map(({ id, uri }) => [id, uri])).toEqual([
      [1, 'urn:a'],
      [255, 'urn:c'],
    ]);
  });

  it('leaves out layers without a=rid (RFC 8853), those named twice, and the rids of another direction', () => {
    const media = section('video 9 RTP/SAVPF 96', [
      'a=rid:1 send pt=96;max-width=1280;max-fps=30',
      'a=rid:2 send',
      'a=rid:3 recv',
      'a=simulcast:send 1,~4;2,1;3;5 recv 3;1',
    ]);
    expect(media.sendLayers).toEqual([
      [{ rid: '1', paused: false, restrictions: { pt: '96', 'max-width': '1280', 'max-fps': '30' } }],
      [{ rid: '2', paused: false, restrictions: {} }],
    ]);
    expect(media.receiveLayers).toEqual([[{ rid: '3', paused: false, restrictions: {} }]]);
  });

  it('has no layers without a=simulcast, and ignores one that is malformed', () => {
    const empty = { sendLayers: [], receiveLayers: [] };
    expect(section('video 9 RTP/SAVPF 96', ['a=rid:1 send'])).toMatchObject(empty);
    expect(section('video 9 RTP/SAVPF 96', ['a=rid:1 send', 'a=simulcast:send 1 send 1'])).toMatchObject(empty);
  });

  it('keeps a section of ours as it is over text', () => {
    const media = local({ ptime: 20, receiveLayers: [[{ rid: 'a', paused: true, restrictions: { depend: '' } }]] });
    const made = sessionOf(makeMediaSection(media));
    expect(mediaOf(parseSdp(serializeSdp(made)))).toEqual(mediaOf(made));
  });
});
