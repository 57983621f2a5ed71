import { describe, expect, it } from 'vitest';
import { answerParameters } from '../../src/codecs/answer-parameters.ts';
import {
  canonicalMimeType,
  capabilities,
  codecCapabilities,
  extensionCapabilities,
  type RTCRtpCodec,
} from '../../src/codecs/capabilities.ts';
import { levelOf, profileOf, withLevelOf } from '../../src/codecs/h264.ts';
import { equalCodec, isMediaCodec, sameCodec } from '../../src/codecs/match.ts';
import { checkCodecPreferences, offeredCodecs, wantedCodecs } from '../../src/codecs/wanted.ts';

const video = (name: string, sdpFmtpLine?: string): RTCRtpCodec => ({
  mimeType: `video/${name}`,
  clockRate: 90000,
  ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
});
const h264 = (id: string, mode = 1): RTCRtpCodec =>
  video('H264', `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${id}`);

describe('capabilities', () => {
  it('have the codecs of the standard, VP8 and Opus first', () => {
    const names = (kind: 'audio' | 'video') => [...new Set(codecCapabilities(kind).map(({ mimeType }) => mimeType))];
    expect(names('audio')).toEqual([
      'audio/opus',
      'audio/red',
      'audio/G722',
      'audio/PCMU',
      'audio/PCMA',
      'audio/CN',
      'audio/telephone-event',
    ]);
    expect(names('video')).toEqual([
      'video/VP8',
      'video/rtx',
      'video/VP9',
      'video/H264',
      'video/AV1',
      'video/H265',
      'video/red',
      'video/ulpfec',
      'video/flexfec-03',
    ]);
    for (const kind of ['audio', 'video'] as const) {
      const all = codecCapabilities(kind);
      for (const [i, codec] of all.entries())
        expect(
          all.findIndex((each) => equalCodec(each, codec)),
          codec.mimeType,
        ).toBe(i);
    }
  });

  it('are fresh objects, so that a caller cannot change ours', () => {
    const mine = capabilities('video');
    mine.codecs.length = 1;
    (mine.codecs[0] as RTCRtpCodec).mimeType = 'x';
    expect(capabilities('video').codecs[0]?.mimeType).toBe('video/VP8');
    expect(capabilities('audio').headerExtensions.map(({ uri }) => uri)).toEqual(
      extensionCapabilities('audio').map(({ uri }) => uri),
    );
  });

  it('spell media types as the standards do', () => {
    expect(canonicalMimeType('VIDEO/vp8')).toBe('video/VP8');
    expect(canonicalMimeType('audio/Opus')).toBe('audio/opus');
    expect(canonicalMimeType('audio/speex')).toBe('audio/speex');
  });
});

describe('H.264 profiles and levels', () => {
  // RFC 6184 table 5
  it.each([
    ['42e01f', 'constrained-baseline'],
    ['42c01e', 'constrained-baseline'],
    ['42401f', 'constrained-baseline'],
    ['4de01f', 'constrained-baseline'],
    ['58f01f', 'constrained-baseline'],
    ['42001f', 'baseline'],
    ['42a01f', 'baseline'],
    ['58a01f', 'baseline'],
    ['4d001f', 'main'],
    ['4d401f', 'main'],
    ['64001F', 'high'],
    ['640c1f', 'constrained-high'],
    ['f4001f', 'predictive-high-444'],
    ['6e001f', undefined],
    ['42e01', undefined],
    ['nonsense', undefined],
  ])('%s is %s', (id, profile) => expect(profileOf(id)).toBe(profile));

  it('take a missing id as browsers do', () => {
    expect(profileOf(undefined)).toBe('constrained-baseline');
    expect(levelOf(undefined)).toBe(31);
  });

  it('put level 1b between 1 and 1.1', () => {
    const order = ['42e00a', '42f00b', '42e00b', '42e00c'].map((id) => levelOf(id) as number);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(4);
    expect(levelOf('640009')).toBe(levelOf('42f00b'));
    expect(levelOf('64100b')).toBe(11);
  });

  it('write a profile with another level', () => {
    expect(withLevelOf('42c01e', '42e034')).toBe('42c034');
    expect(withLevelOf('42f00b', '42e01f')).toBe('42e01f');
    expect(withLevelOf('42e01f', '42f00b')).toBe('42f00b');
    expect(withLevelOf('64001f', '42f00b')).toBe('640009');
    expect(withLevelOf('x', '42e01f')).toBe('x');
  });
});

describe('sameCodec', () => {
  const cases: readonly (readonly [RTCRtpCodec, RTCRtpCodec, boolean])[] = [
    [video('VP8'), video('vp8'), true],
    [video('VP8'), video('VP9'), false],
    [video('VP8'), { ...video('VP8'), clockRate: 1 }, false],
    [video('VP8', 'max-fs=12288;max-fr=60'), video('VP8'), true],
    [h264('42e01f'), h264('42c034'), true],
    [h264('42e01f'), h264('42001f'), false],
    [h264('42e01f', 1), h264('42e01f', 0), false],
    [video('H264', 'profile-level-id=42e01f'), h264('42e01f', 0), true],
    [video('H264'), h264('42e01f', 0), true],
    [h264('zzzzzz'), h264('zzzzzz'), false],
    [video('VP9'), video('VP9', 'profile-id=0'), true],
    [video('VP9', 'profile-id=2'), video('VP9', 'profile-id=0'), false],
    [video('AV1'), video('AV1', 'level-idx=5;profile=0;tier=0'), true],
    [video('AV1', 'profile=1'), video('AV1'), false],
    [video('H265', 'level-id=93;profile-id=1'), video('H265', 'profile-id=1;tier-flag=0;level-id=180'), true],
    [video('H265', 'profile-id=2'), video('H265'), false],
    [video('H265', 'tier-flag=1'), video('H265'), false],
    [video('H265', 'tx-mode=MRST'), video('H265'), false],
    [
      { mimeType: 'audio/opus', clockRate: 48000, channels: 2 },
      { mimeType: 'audio/OPUS', clockRate: 48000, channels: 2 },
      true,
    ],
    [{ mimeType: 'audio/opus', clockRate: 48000, channels: 2 }, { mimeType: 'audio/opus', clockRate: 48000 }, false],
    [{ mimeType: 'audio/PCMU', clockRate: 8000, channels: 1 }, { mimeType: 'audio/PCMU', clockRate: 8000 }, true],
  ];
  it.each(cases)('%j and %j: %s', (a, b, expected) => {
    expect(sameCodec(a, b)).toBe(expected);
    expect(sameCodec(b, a)).toBe(expected);
  });
});

describe('equalCodec', () => {
  it('wants all parameters, in any order', () => {
    expect(equalCodec(video('AV1', 'profile=0;tier=0'), video('av1', 'tier=0; profile=0'))).toBe(true);
    expect(equalCodec(video('AV1', 'profile=0'), video('AV1'))).toBe(false);
    expect(equalCodec(h264('42e01f'), h264('42e034'))).toBe(false);
  });

  it('may leave levels aside', () => {
    expect(equalCodec(h264('42e01f'), h264('42e034'), true)).toBe(true);
    expect(equalCodec(h264('42e01f'), h264('64001f'), true)).toBe(false);
    expect(equalCodec(video('H265', 'level-id=1'), video('H265', 'level-id=2'), true)).toBe(true);
    expect(equalCodec(video('AV1', 'level-idx=1'), video('AV1', 'level-idx=2;tier=1'), true)).toBe(true);
    expect(equalCodec(video('VP9', 'profile-id=0'), video('VP9', 'profile-id=2'), true)).toBe(false);
  });
});

describe('parameters of an answer', () => {
  const parameters = (own: RTCRtpCodec, offered: RTCRtpCodec) => answerParameters(own, offered);

  it('repeat the offered profile with our level, when levels may differ', () => {
    expect(parameters(h264('42e01f'), h264('42c034'))).toBe(
      'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42c01f',
    );
  });

  it('take the lower level when they may not (RFC 6184 §8.2.2)', () => {
    const offer = video('H264', 'packetization-mode=1;profile-level-id=42e00d');
    expect(parameters(h264('42e01f'), offer)).toBe('packetization-mode=1;profile-level-id=42e00d');
    const higher = video('H264', 'packetization-mode=1;profile-level-id=42e034');
    expect(parameters(h264('42e01f'), higher)).toBe('packetization-mode=1;profile-level-id=42e01f');
    expect(parameters(h264('42e01f'), video('H264', 'packetization-mode=1'))).toBe(
      'packetization-mode=1;profile-level-id=42e01f',
    );
  });

  it('lower the level of H.265, never raise it', () => {
    const own = video('H265', 'level-id=180;profile-id=1');
    expect(parameters(own, video('H265', 'level-id=120;profile-id=1'))).toBe('level-id=120;profile-id=1');
    expect(parameters(own, video('H265', 'level-id=183'))).toBe('level-id=180;profile-id=1');
    expect(parameters(own, video('H265'))).toBe('level-id=93;profile-id=1');
    expect(parameters(own, video('H265', 'level-id=x'))).toBe('level-id=180;profile-id=1');
  });

  it('are ours for all others', () => {
    expect(parameters(video('VP8'), video('VP8', 'max-fs=1'))).toBeUndefined();
    expect(parameters(video('AV1', 'profile=0'), video('AV1'))).toBe('profile=0');
  });
});

describe('the codecs wanted', () => {
  it('have the feedback of video', () => {
    const feedback = wantedCodecs('video').find(({ mimeType }) => mimeType === 'video/VP8')?.rtcpFeedback;
    expect(feedback?.map(({ type, parameter }) => (parameter === undefined ? type : `${type} ${parameter}`))).toEqual([
      'goog-remb',
      'transport-cc',
      'ccm fir',
      'nack',
      'nack pli',
      'rrtr',
    ]);
    expect(wantedCodecs('video').find(({ mimeType }) => mimeType === 'video/rtx')?.rtcpFeedback).toEqual([]);
  });

  it('have that of audio, with nack when asked for', () => {
    const opus = (options?: Parameters<typeof wantedCodecs>[1]) => wantedCodecs('audio', options)[0]?.rtcpFeedback;
    expect(opus()).toEqual([{ type: 'transport-cc' }, { type: 'rrtr' }]);
    expect(opus({ audioNack: true })).toEqual([{ type: 'transport-cc' }, { type: 'nack' }, { type: 'rrtr' }]);
  });

  it('have the feedback of RFC 8888 on all payload types when asked for', () => {
    for (const kind of ['audio', 'video'] as const) {
      for (const codec of wantedCodecs(kind, { congestionFeedback: true }))
        expect(codec.rtcpFeedback).toContainEqual({ type: 'ack', parameter: 'ccfb' });
      expect(JSON.stringify(wantedCodecs(kind))).not.toContain('ccfb');
    }
  });

  it('are offered without FlexFEC unless it is preferred', () => {
    const names = (preferences?: RTCRtpCodec[]) =>
      offeredCodecs('video', { preferences }).map(({ mimeType }) => mimeType);
    expect(names()).not.toContain('video/flexfec-03');
    expect(names()).toContain('video/ulpfec');
    const [vp8] = codecCapabilities('video') as [RTCRtpCodec];
    expect(names([vp8, video('flexfec-03', 'repair-window=10000000')])).toEqual(['video/VP8', 'video/flexfec-03']);
  });
});

describe('codec preferences', () => {
  it('keep the order, drop what is there twice', () => {
    const wanted = [video('rtx'), h264('42e01f'), video('VP8'), video('vp8')];
    expect(checkCodecPreferences('video', wanted)).toEqual(wanted.slice(0, 3));
    expect(checkCodecPreferences('video', [])).toEqual([]);
  });

  it('are copies, spelled as the standards do, without what is none of theirs', () => {
    const given = { mimeType: 'VIDEO/vp8', clockRate: 90000, sdpFmtpLine: '', preferredPayloadType: 96 };
    const [kept] = checkCodecPreferences('video', [given]);
    expect(kept).toEqual({ mimeType: 'video/VP8', clockRate: 90000 });
  });

  it('may have another level than ours, and keep it', () => {
    expect(checkCodecPreferences('video', [h264('42e034')])).toEqual([h264('42e034')]);
  });

  it('refuse what is not a capability, and lists without media', () => {
    const refused = (kind: 'audio' | 'video', codecs: RTCRtpCodec[]) => {
      try {
        checkCodecPreferences(kind, codecs);
      } catch (error) {
        return (error as DOMException).name;
      }
      return undefined;
    };
    expect(refused('video', [video('VP10')])).toBe('InvalidModificationError');
    expect(refused('video', [{ mimeType: 'audio/opus', clockRate: 48000, channels: 2 }])).toBe(
      'InvalidModificationError',
    );
    expect(refused('video', [video('rtx'), video('red'), video('ulpfec')])).toBe('InvalidModificationError');
    expect(refused('audio', [{ mimeType: 'audio/CN', clockRate: 8000, channels: 1 }])).toBe('InvalidModificationError');
  });

  it('fits the types of lib.dom', () => {
    const codecs: globalThis.RTCRtpCodec[] = capabilities('audio').codecs;
    const all: globalThis.RTCRtpCapabilities = capabilities('video');
    expect(checkCodecPreferences('audio', codecs)).toHaveLength(codecs.length);
    expect(all.codecs.filter(isMediaCodec).length).toBeGreaterThan(5);
  });
});
