import { describe, expect, it } from 'vitest';
import {
  candidateAttribute,
  type DataSectionInit,
  dataSection,
  type MediaDescription,
  parseSdp,
  SdpError,
  serializeSdp,
  sessionDescription,
  type TransportInit,
  transportAttributes,
  withAttributes,
  withMedia,
  withoutAttribute,
} from '../src/index.ts';
import { lines } from './helpers/samples.ts';

const transport: TransportInit = {
  usernameFragment: 'abcd',
  password: '0123456789abcdef012345',
  fingerprints: [{ algorithm: 'sha-256', value: 'AB:CD' }],
  setup: 'actpass',
};

const text = (media: MediaDescription): string[] =>
  serializeSdp(sessionDescription({ sessionId: '1', sessionVersion: 1, media: [media] }))
    .split('\r\n')
    .slice(4, -1);
const section = (init: Partial<DataSectionInit>): string[] => text(dataSection({ mid: '0', ...init }));

describe('sessionDescription and dataSection', () => {
  it('make the offer of a data-channel peer', () => {
    const session = sessionDescription({
      sessionId: '4962303333179871722',
      sessionVersion: 2n,
      bundle: ['0'],
      attributes: [{ name: 'extmap-allow-mixed' }],
      media: [dataSection({ mid: '0', transport, maxMessageSize: 262144 })],
    });
    const offer = serializeSdp(session);
    expect(offer).toBe(
      lines(
        'v=0',
        'o=- 4962303333179871722 2 IN IP4 127.0.0.1',
        's=-',
        't=0 0',
        'a=group:BUNDLE 0',
        'a=extmap-allow-mixed',
        'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
        'c=IN IP4 0.0.0.0',
        'a=ice-ufrag:abcd',
        'a=ice-pwd:0123456789abcdef012345',
        'a=ice-options:trickle',
        'a=fingerprint:sha-256 AB:CD',
        'a=setup:actpass',
        'a=mid:0',
        'a=sctp-port:5000',
        'a=max-message-size:262144',
      ),
    );
    expect(parseSdp(offer)).toEqual(session);
  });

  it('take a port, an address, a protocol, an SCTP port and more attributes', () => {
    expect(
      section({
        port: 0,
        connection: { networkType: 'IN', addressType: 'IP6', address: '::' },
        protocol: 'TCP/DTLS/SCTP',
        sctpPort: 5001,
        attributes: [{ name: 'x', value: 'y' }],
      }),
    ).toEqual([
      'm=application 0 TCP/DTLS/SCTP webrtc-datachannel',
      'c=IN IP6 ::',
      'a=mid:0',
      'a=sctp-port:5001',
      'a=x:y',
    ]);
  });

  it('take candidates and their end, and other ICE options', () => {
    const candidates = ['candidate:1 1 udp 1 192.0.2.1 9 typ host', 'a=candidate:2 1 udp 1 192.0.2.2 9 typ host'];
    const names = (init: Partial<TransportInit>): string[] =>
      transportAttributes({ ...transport, ...init }).map(({ name }) => name);
    expect(names({ candidates, endOfCandidates: true }).slice(0, 3)).toEqual([
      'candidate',
      'candidate',
      'end-of-candidates',
    ]);
    expect(names({ iceOptions: [] })).not.toContain('ice-options');
    expect(transportAttributes({ ...transport, iceOptions: ['trickle', 'ice2'] })).toContainEqual({
      name: 'ice-options',
      value: 'trickle ice2',
    });
  });

  it('refuse what nobody could read', () => {
    const code = expect.objectContaining({ code: 'SDP_INVALID_VALUE' });
    expect(() => dataSection({ mid: 'a b' })).toThrow(code);
    expect(() => dataSection({ mid: '0', transport: { ...transport, password: 'short' } })).toThrow(code);
    expect(() => sessionDescription({ sessionId: '1', sessionVersion: 1, bundle: [':'], media: [] })).toThrow(code);
    for (const bad of ['', 'x', 'candidate:', 'candidate:1\r\na=x']) {
      expect(() => candidateAttribute(bad)).toThrow(SdpError);
    }
  });
});

describe('changes make new objects', () => {
  const media = dataSection({ mid: '0' });
  const session = sessionDescription({ sessionId: '1', sessionVersion: 1, media: [media, media] });

  it('withMedia', () => {
    const changed = withMedia(session, 1, { ...media, port: 0 });
    expect(changed.media.map(({ port }) => port)).toEqual([9, 0]);
    expect(session.media.map(({ port }) => port)).toEqual([9, 9]);
  });

  it('withAttributes and withoutAttribute', () => {
    const more = withAttributes(media, { name: 'x' }, { name: 'y' });
    expect(more.attributes.map(({ name }) => name)).toEqual(['mid', 'sctp-port', 'x', 'y']);
    expect(withoutAttribute(more, 'mid').attributes.map(({ name }) => name)).toEqual(['sctp-port', 'x', 'y']);
    expect(media.attributes.length).toBe(2);
  });
});
