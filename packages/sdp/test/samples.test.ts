import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  codecFor,
  isDataSection,
  isRejected,
  parseSdp,
  readCandidates,
  readFingerprints,
  readGroups,
  readIceCredentials,
  readIceOptions,
  readMaxMessageSize,
  readMid,
  readRtpCodecs,
  readSctpPort,
  readSetup,
  serializeSdp,
} from '../src/index.ts';
import { names, sample } from './helpers/samples.ts';

describe('what Chromium, Firefox and Safari write', () => {
  it('is here', () => expect(names.length).toBeGreaterThan(50));

  it.each(names)('%s comes back unchanged', (name) => {
    const text = sample(name);
    expect(serializeSdp(parseSdp(text))).toBe(text);
    expect(serializeSdp(parseSdp(text.replaceAll('\r\n', '\n').trimEnd()))).toBe(text);
  });

  it('has no attribute that is not known, and each comes back from its typed form', () => {
    const seen = new Set<string>();
    for (const name of names) {
      const session = parseSdp(sample(name));
      for (const section of [session, ...session.media]) {
        for (const { name: attribute, value } of section.attributes) {
          const codec = codecFor(attribute);
          if (codec === undefined) expect.fail(`a=${attribute} in ${name}`);
          const decoded = codec.decode(value ?? '');
          if (isMalformed(decoded)) expect.fail(`a=${attribute}:${value} in ${name}`);
          // Chromium's a=msid-semantic has a space that means nothing.
          expect(codec.encode(decoded)).toBe((value ?? '').replace(/^ WMS/, 'WMS'));
          seen.add(attribute);
        }
      }
    }
    expect(seen.size).toBeGreaterThan(30);
  });

  it.each(names)('%s has all that a transport needs', (name) => {
    const session = parseSdp(sample(name));
    expect(readGroups(session, 'BUNDLE')[0]!.mids).toEqual(session.media.map((media) => readMid(media)));
    for (const media of session.media) {
      expect(isRejected(media)).toBe(false);
      expect(readFingerprints(session, media)).toEqual([
        { algorithm: 'sha-256', value: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/) },
      ]);
      expect(readSetup(session, media)).toMatch(/^(actpass|active|passive)$/);
      expect(readIceCredentials(session, media)).toEqual({
        usernameFragment: expect.any(String),
        password: expect.any(String),
      });
      expect(readIceOptions(session, media)).toContain('trickle');
      for (const candidate of readCandidates(media)) expect(candidate).toMatch(/^candidate:\S+ [12] (udp|tcp) /i);
    }
  });

  it('says how data channels are carried', () => {
    const read = (name: string): unknown => {
      const media = parseSdp(sample(name)).media.find(isDataSection)!;
      return [media.protocol, media.formats, readSctpPort(media), readMaxMessageSize(media)];
    };
    expect(read('chromium-default-data.sdp')).toEqual(['UDP/DTLS/SCTP', ['webrtc-datachannel'], 5000, 262144]);
    expect(read('firefox-default-data.sdp')).toEqual(['UDP/DTLS/SCTP', ['webrtc-datachannel'], 5000, 1073741823]);
    expect(read('safari-data.sdp')).toEqual(['UDP/DTLS/SCTP', ['webrtc-datachannel'], 5000, 262144]);
  });

  it('says which codecs are offered', () => {
    const codecs = readRtpCodecs(parseSdp(sample('firefox-default-av-data.sdp')).media[0]!);
    expect(codecs.map(({ payloadType, encodingName }) => `${payloadType} ${encodingName}`)).toEqual([
      '109 opus',
      '9 G722',
      '0 PCMU',
      '8 PCMA',
      '101 telephone-event',
    ]);
    expect(codecs[0]).toEqual({
      payloadType: 109,
      encodingName: 'opus',
      clockRate: 48000,
      encodingParameters: '2',
      parameters: 'maxplaybackrate=48000;stereo=1;useinbandfec=1',
      feedback: [{ type: 'transport-cc' }],
    });
  });
});
