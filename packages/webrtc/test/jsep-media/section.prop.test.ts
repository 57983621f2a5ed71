import { decodeSdp, parseSdp, serializeSdp } from '@kaon/sdp';
import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { codecCapabilities } from '../../src/codecs/capabilities.ts';
import { wantedCodecs } from '../../src/codecs/wanted.ts';
import { receiveAgreement, sendAgreement } from '../../src/jsep/media/agreement.ts';
import { answerMedia } from '../../src/jsep/media/answer.ts';
import { makeMediaSection } from '../../src/jsep/media/make-section.ts';
import { assignPayloadTypes } from '../../src/jsep/media/payload-types.ts';
import type { LocalMedia, SimulcastLayers } from '../../src/jsep/media/types.ts';
import { local, mediaOf, recorded, recordings, sessionOf } from './helpers.ts';

const token = fc.stringMatching(/^[A-Za-z0-9]{1,12}$/);
const ssrc = fc.integer({ min: 1, max: 0xffff_ffff });
const direction = fc.constantFrom('sendrecv', 'sendonly', 'recvonly', 'inactive' as const);

const layers = (prefix: string): fc.Arbitrary<SimulcastLayers> =>
  fc
    .array(fc.tuple(fc.boolean(), fc.constantFrom({}, { pt: '96' }, { 'max-br': '500000', 'max-fps': '30' })), {
      maxLength: 4,
    })
    .map((all) => all.map(([paused, restrictions], i) => [{ rid: `${prefix}${i}`, paused, restrictions }]));

const section: fc.Arbitrary<LocalMedia> = fc.constantFrom('audio', 'video' as const).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    mid: token,
    direction,
    codecs: fc
      .uniqueArray(fc.nat(codecCapabilities(kind).length - 1), { minLength: 1 })
      .map((picked) => picked.map((i) => wantedCodecs(kind, { congestionFeedback: true })[i] as never))
      .map((wanted) => assignPayloadTypes(wanted, new Map()))
      .filter((codecs) => codecs.length > 0),
    headerExtensions: fc.uniqueArray(
      fc.record({
        id: fc.integer({ min: 1, max: 255 }),
        uri: token.map((name) => `urn:${name}`),
        encrypted: fc.boolean(),
      }),
      { selector: ({ id }) => id, maxLength: 5 },
    ),
    extmapAllowMixed: fc.boolean(),
    streamIds: fc.uniqueArray(token, { maxLength: 3 }),
    trackId: fc.oneof(fc.constant(''), token),
    encodings: fc.tuple(ssrc, ssrc, ssrc).map(([a, b, c]) => [{ ssrc: a, rtxSsrc: b, fecSsrc: c, active: true }]),
    cname: token,
    bundleOnly: fc.boolean(),
    reducedSize: fc.boolean(),
    cryptex: fc.boolean(),
    maxBitrate: fc.option(fc.nat(), { nil: undefined }),
    ptime: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
    sendLayers: layers('s'),
    receiveLayers: layers('r'),
  }),
);

it('what is written is what is read', () => {
  fc.assert(
    fc.property(section, (media) => {
      const [read] = mediaOf(parseSdp(serializeSdp(sessionOf(makeMediaSection(media)))));
      const { codecs, kind, mid, headerExtensions, sendLayers, receiveLayers, maxBitrate, ptime } = media;
      const sends = media.direction === 'sendrecv' || media.direction === 'sendonly';
      const receives = media.direction === 'sendrecv' || media.direction === 'recvonly';
      const streams = media.streamIds.length === 0 ? ['-'] : media.streamIds;
      expect(read).toMatchObject({
        ...{ kind, mid, headerExtensions, maxBitrate, ptime },
        sendLayers: sends ? sendLayers : [],
        receiveLayers: receives ? receiveLayers : [],
        direction: media.direction,
        extmapAllowMixed: media.extmapAllowMixed,
        reducedSize: media.reducedSize,
        cryptex: media.cryptex,
        bundleOnly: media.bundleOnly,
        rejected: false,
        msids: sends
          ? streams.map((stream) => (media.trackId === '' ? { stream } : { stream, track: media.trackId }))
          : [],
      });
      expect(read?.codecs).toEqual(codecs);
      const announced = new Set(read?.ssrcs.map((each) => each.ssrc));
      expect(announced.has(media.encodings[0]?.ssrc as number)).toBe(sends && sendLayers.length === 0);
    }),
  );
});

it('payload types are unique, in range and never what RTCP looks like', () => {
  fc.assert(
    fc.property(fc.array(section, { maxLength: 4 }), (sections) => {
      const taken = new Map();
      const seen = new Map<number, string>();
      for (const { kind } of sections) {
        const codecs = assignPayloadTypes(wantedCodecs(kind), taken);
        expect(new Set(codecs.map(({ payloadType }) => payloadType)).size).toBe(codecs.length);
        for (const { payloadType, mimeType, sdpFmtpLine } of codecs) {
          expect(payloadType < 64 || (payloadType > 95 && payloadType < 128)).toBe(true);
          expect(seen.get(payloadType) ?? `${mimeType} ${sdpFmtpLine}`).toBe(`${mimeType} ${sdpFmtpLine}`);
          seen.set(payloadType, `${mimeType} ${sdpFmtpLine}`);
        }
      }
    }),
    { numRuns: 20 },
  );
});

it('no change to a recorded offer makes reading or answering throw', () => {
  const texts = recordings.filter((name) => !name.includes('data')).map((name) => serializeSdp(recorded(name)));
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('delete', 'double', 'swap', 'digit')), {
        minLength: 1,
        maxLength: 8,
      }),
      (text, changes) => {
        const lines = text.split('\r\n');
        for (const [seed, change] of changes) {
          const i = seed % lines.length;
          if (change === 'delete') lines.splice(i, 1);
          else if (change === 'double') lines.splice(i, 0, lines[i] as string);
          else if (change === 'swap') lines[i] = (lines[i] as string).replace(/(\d+)( |$)/, '127$2');
          else lines[i] = (lines[i] as string).replace(/\d+$/, '96');
        }
        const session = decodeSdp(lines.join('\r\n'));
        if (isMalformed(session)) return;
        for (const offer of mediaOf(session)) {
          const answer = { ...local(), ...answerMedia(offer, { direction: 'sendrecv', rids: ['q'] }) };
          const [read] = mediaOf(sessionOf(makeMediaSection(answer)));
          if (read === undefined) throw new Error('the answer was not read');
          sendAgreement(read, offer);
          receiveAgreement(read, offer);
        }
      },
    ),
    { numRuns: 300 },
  );
});
