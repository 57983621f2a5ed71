import { describe, expect, it } from 'vitest';
import { codecCapabilities, extensionCapabilities } from '../../src/codecs/capabilities.ts';
import { offeredCodecs, type WantedCodec, wantedCodecs } from '../../src/codecs/wanted.ts';
import { assignExtensionIds, learnExtensionIds, mayExceedOneByte } from '../../src/jsep/media/extension-ids.ts';
import { assignPayloadTypes, learnPayloadTypes, type PayloadTypes } from '../../src/jsep/media/payload-types.ts';
import { mediaOf, recorded } from './helpers.ts';

const table = (codecs: ReturnType<typeof assignPayloadTypes>): Record<string, number> =>
  Object.fromEntries(
    codecs.map(({ mimeType, sdpFmtpLine, payloadType }) => [`${mimeType} ${sdpFmtpLine ?? ''}`, payloadType]),
  );
const video = (name: string, sdpFmtpLine?: string): WantedCodec => ({
  mimeType: `video/${name}`,
  clockRate: 90000,
  ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
  rtcpFeedback: [],
});

describe('payload types', () => {
  it('are those of Chromium, each rtx behind its codec', () => {
    const codecs = assignPayloadTypes(offeredCodecs('video'), new Map());
    expect(codecs.slice(0, 4).map(({ payloadType, sdpFmtpLine }) => [payloadType, sdpFmtpLine])).toEqual([
      [96, undefined],
      [97, 'apt=96'],
      [98, 'profile-id=0'],
      [99, 'apt=98'],
    ]);
    for (const [i, { mimeType, sdpFmtpLine }] of codecs.entries())
      if (mimeType === 'video/rtx') expect(sdpFmtpLine).toBe(`apt=${codecs[i - 1]?.payloadType}`);
    expect(codecs.slice(-3).map(({ mimeType }) => mimeType)).toEqual(['video/red', 'video/rtx', 'video/ulpfec']);
  });

  it('name Opus in red, wherever the two stand', () => {
    const [opus, red] = wantedCodecs('audio') as [WantedCodec, WantedCodec];
    for (const wanted of [
      [opus, red],
      [red, opus],
    ]) {
      const codecs = assignPayloadTypes(wanted, new Map());
      expect(codecs.map(({ mimeType }) => mimeType)).toEqual(wanted.map(({ mimeType }) => mimeType));
      expect(codecs.find(({ mimeType }) => mimeType === 'audio/red')?.sdpFmtpLine).toBe('111/111');
    }
    expect(assignPayloadTypes([red], new Map())).toEqual([]);
  });

  it('are the same in all sections of a kind, and different for different codecs', () => {
    const taken: PayloadTypes = new Map();
    const first = assignPayloadTypes(offeredCodecs('video'), taken);
    expect(assignPayloadTypes(offeredCodecs('video'), taken)).toEqual(first);
    const audio = assignPayloadTypes(offeredCodecs('audio'), taken);
    const numbers = [...first, ...audio].map(({ payloadType }) => payloadType);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('are those of the peer where it named them first', () => {
    const taken: PayloadTypes = new Map();
    const [audio, firefox] = mediaOf(recorded('firefox-default-av.sdp'));
    for (const section of [audio, firefox]) learnPayloadTypes(section?.codecs ?? [], taken);
    const names = table(assignPayloadTypes(offeredCodecs('video'), taken, firefox?.codecs));
    expect(names).toMatchObject({
      'video/VP8 ': 120,
      'video/rtx apt=120': 124,
      'video/VP9 profile-id=0': 121,
      'video/AV1 level-idx=5;profile=0;tier=0': 99,
      'video/red ': 122,
      'video/rtx apt=122': 119,
      'video/ulpfec ': 123,
    });
    expect(
      table(assignPayloadTypes(offeredCodecs('audio'), taken, audio?.codecs))['audio/opus minptime=10;useinbandfec=1'],
    ).toBe(109);
  });

  it('stay over renegotiation and preferences, and a number that meant one codec never means another', () => {
    const taken: PayloadTypes = new Map();
    const first = table(assignPayloadTypes(offeredCodecs('video'), taken));
    const preferences = codecCapabilities('video').filter(({ mimeType }) => /AV1|rtx/.test(mimeType));
    const second = assignPayloadTypes(offeredCodecs('video', { preferences }), taken);
    expect(table(second)).toEqual({ 'video/AV1 level-idx=5;profile=0;tier=0': 45, 'video/rtx apt=45': 46 });
    learnPayloadTypes([{ ...video('VP8'), payloadType: 45 }], taken);
    const third = table(assignPayloadTypes(offeredCodecs('video'), taken));
    expect(third['video/AV1 level-idx=5;profile=0;tier=0']).not.toBe(45);
    expect(third['video/VP9 profile-id=0']).toBe(first['video/VP9 profile-id=0']);
  });

  it("prefer the section's own over the same codec elsewhere", () => {
    const taken: PayloadTypes = new Map();
    learnPayloadTypes(
      [
        { ...video('VP8'), payloadType: 100 },
        { ...video('VP8'), payloadType: 101 },
      ],
      taken,
    );
    const own = [{ ...video('VP8'), payloadType: 101 }];
    expect(assignPayloadTypes([video('VP8')], taken, own)[0]?.payloadType).toBe(101);
    expect(assignPayloadTypes([video('VP8')], taken)[0]?.payloadType).toBe(100);
  });

  it('leave a codec out when all are taken', () => {
    const taken: PayloadTypes = new Map();
    for (let payloadType = 0; payloadType < 128; payloadType++) taken.set(payloadType, { ...video('X'), payloadType });
    expect(assignPayloadTypes([video('VP8'), video('rtx')], taken)).toEqual([]);
    taken.delete(50);
    expect(assignPayloadTypes([video('VP8'), video('rtx')], taken).map(({ payloadType }) => payloadType)).toEqual([50]);
  });

  it('are dynamic for a static codec whose number the peer uses otherwise', () => {
    const taken: PayloadTypes = new Map([[0, { ...video('X'), payloadType: 0 }]]);
    const pcmu = wantedCodecs('audio').filter(({ mimeType }) => mimeType === 'audio/PCMU');
    expect(assignPayloadTypes(pcmu, taken)[0]?.payloadType).toBe(127);
  });
});

describe('ids of header extensions', () => {
  const offer = (taken: Map<number, string>, allowMixed?: boolean) =>
    assignExtensionIds(extensionCapabilities('video'), taken, allowMixed);

  it('fit one-byte headers, and are the same in all sections', () => {
    const taken = new Map<number, string>();
    const audio = assignExtensionIds(extensionCapabilities('audio'), taken);
    const first = offer(taken);
    expect(offer(taken)).toEqual(first);
    expect(Math.max(...[...audio, ...first].map(({ id }) => id))).toBe(14);
    const mid = 'urn:ietf:params:rtp-hdrext:sdes:mid';
    expect(first.find(({ uri }) => uri === mid)?.id).toBe(audio.find(({ uri }) => uri === mid)?.id);
  });

  it('leave out what is stopped, and say a direction that is not both', () => {
    const made = assignExtensionIds(
      [{ uri: 'urn:a', direction: 'stopped' }, { uri: 'urn:b', direction: 'recvonly' }, { uri: 'urn:c' }],
      new Map(),
    );
    expect(made).toEqual([
      { id: 1, uri: 'urn:b', encrypted: false, direction: 'recvonly' },
      { id: 2, uri: 'urn:c', encrypted: false },
    ]);
  });

  it('are those of the peer where it named them first', () => {
    const taken = new Map<number, string>();
    for (const { headerExtensions } of mediaOf(recorded('firefox-default-simulcast.sdp')))
      learnExtensionIds(headerExtensions, taken);
    const ids = new Map(offer(taken).map(({ uri, id }) => [uri, id]));
    expect(ids.get('urn:ietf:params:rtp-hdrext:sdes:mid')).toBe(3);
    expect(ids.get('urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id')).toBe(9);
    expect(new Set(ids.values()).size).toBe(ids.size);
  });

  it('do not take the id of an encrypted one for the plain one', () => {
    const taken = new Map<number, string>();
    learnExtensionIds([{ id: 1, uri: 'urn:a', encrypted: true }], taken);
    expect(assignExtensionIds([{ uri: 'urn:a' }], taken)[0]?.id).toBe(2);
  });

  it('are free again when the peer takes another one for the same extension, as Firefox does', () => {
    const taken = new Map<number, string>();
    assignExtensionIds(extensionCapabilities('audio'), taken);
    offer(taken);
    // It was offered for the colour space and not taken.
    learnExtensionIds([{ id: 8, uri: 'urn:ietf:params:rtp-hdrext:csrc-audio-level', encrypted: false }], taken);
    const ids = offer(taken).map(({ id }) => id);
    expect(Math.max(...ids)).toBe(14);
    expect(ids.length).toBe(12);
  });

  it('beyond 14 are for those who ask for more than the usual, or whose peer has them', () => {
    const usual = extensionCapabilities('video');
    expect(mayExceedOneByte('video', usual, new Map())).toBe(false);
    expect(mayExceedOneByte('video', usual, new Map([[17, 'urn:a']]))).toBe(true);
    const all = usual.map(({ uri }) => ({ uri }));
    expect(mayExceedOneByte('video', all, new Map())).toBe(true);
  });

  it('go beyond 14 only where headers may be mixed, and never to 15', () => {
    const full = () => new Map(Array.from({ length: 14 }, (_, i) => [i + 1, `urn:${i}`]));
    expect(assignExtensionIds([{ uri: 'urn:new' }], full())[0]?.id).toBe(16);
    expect(assignExtensionIds([{ uri: 'urn:new' }], full(), false)).toEqual([]);
  });
});
