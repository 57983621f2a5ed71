import { describe, expect, it } from 'vitest';
import {
  type MediaDescription,
  type MediaSectionInit,
  mediaSection,
  parseSdp,
  readBandwidth,
  SdpError,
  serializeSdp,
  sessionDescription,
} from '../src/index.ts';

const text = (media: MediaDescription): string[] =>
  serializeSdp(sessionDescription({ sessionId: '1', sessionVersion: 1, media: [media] }))
    .split('\r\n')
    .slice(4, -1);
const opus = {
  payloadType: 111,
  encodingName: 'opus',
  clockRate: 48000,
  encodingParameters: '2',
  parameters: 'minptime=10;useinbandfec=1',
  feedback: [{ type: 'transport-cc' }, { type: 'nack', parameter: 'pli' }],
};
const section = (init: Partial<MediaSectionInit> = {}): MediaDescription =>
  mediaSection({ kind: 'audio', mid: '0', direction: 'sendrecv', codecs: [opus], ...init });

describe('mediaSection', () => {
  it('writes what every section has', () => {
    expect(text(section())).toEqual([
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'c=IN IP4 0.0.0.0',
      'a=mid:0',
      'a=sendrecv',
      'a=rtpmap:111 opus/48000/2',
      'a=rtcp-fb:111 transport-cc',
      'a=rtcp-fb:111 nack pli',
      'a=fmtp:111 minptime=10;useinbandfec=1',
    ]);
  });

  it('writes what else is given, in its place', () => {
    const made = section({
      direction: 'sendonly',
      codecs: [{ payloadType: 0, encodingName: 'PCMU', clockRate: 8000, feedback: [] }],
      extensions: [{ id: 3, direction: 'recvonly', uri: 'urn:x' }],
      msids: [{ stream: 's', track: 't' }],
      transport: {
        usernameFragment: 'abcd',
        password: '0123456789abcdef012345',
        fingerprints: [],
        setup: 'active',
      },
      port: 5000,
      connection: { networkType: 'IN', addressType: 'IP4', address: '192.0.2.1' },
      protocol: 'RTP/SAVPF',
      bandwidths: [{ type: 'TIAS', value: 64000 }],
      properties: [{ name: 'rtcp-mux' }],
      attributes: [{ name: 'ssrc', value: '1 cname:c' }],
    });
    expect(text(made)).toEqual([
      'm=audio 5000 RTP/SAVPF 0',
      'c=IN IP4 192.0.2.1',
      'b=TIAS:64000',
      'a=rtcp:9 IN IP4 0.0.0.0',
      'a=ice-ufrag:abcd',
      'a=ice-pwd:0123456789abcdef012345',
      'a=ice-options:trickle',
      'a=setup:active',
      'a=mid:0',
      'a=extmap:3/recvonly urn:x',
      'a=sendonly',
      'a=msid:s t',
      'a=rtcp-mux',
      'a=rtpmap:0 PCMU/8000',
      'a=ssrc:1 cname:c',
    ]);
  });

  it('names a format even when there are no codecs', () => {
    expect(text(section({ codecs: [], port: 0 }))[0]).toBe('m=audio 0 UDP/TLS/RTP/SAVPF 0');
  });

  it('refuses what would not be read back', () => {
    expect(() => section({ codecs: [{ ...opus, parameters: 'a\r\nb' }] })).toThrow(SdpError);
    expect(() => section({ extensions: [{ id: 0, uri: 'urn:x' }] })).toThrow(SdpError);
  });
});

describe('readBandwidth', () => {
  const read = (...lines: string[]): number | undefined => {
    const head = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'm=audio 9 RTP/AVP 0', 'c=IN IP4 0.0.0.0'];
    return readBandwidth(parseSdp([...head, ...lines, ''].join('\r\n')).media[0] as MediaDescription);
  };

  it('takes b=TIAS as it is, before b=AS', () => {
    expect(read('b=TIAS:64000')).toBe(64000);
    expect(read('b=AS:100', 'b=TIAS:64000')).toBe(64000);
  });

  it('takes b=AS as RFC 8829 §5.9 does, and never below zero', () => {
    expect(read('b=AS:500')).toBe(500 * 1000 * 0.95 - 50 * 40 * 8);
    expect(read('b=AS:1')).toBe(0);
  });

  it('is undefined when nothing is said that counts', () => {
    expect(read()).toBeUndefined();
    expect(read('b=CT:64')).toBeUndefined();
  });
});
