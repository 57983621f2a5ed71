import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUri, parseUri, StunError, type StunUri } from '../src/index.ts';

describe('parseUri', () => {
  it.each<[string, StunUri]>([
    // RFC 7064 Appendix B
    ['stun:example.org', { scheme: 'stun', host: 'example.org', port: 3478, transport: 'udp' }],
    ['stuns:example.org', { scheme: 'stuns', host: 'example.org', port: 5349, transport: 'tcp' }],
    ['stun:example.org:8000', { scheme: 'stun', host: 'example.org', port: 8000, transport: 'udp' }],
    // RFC 7065 Appendix B
    ['turn:example.org', { scheme: 'turn', host: 'example.org', port: 3478, transport: 'udp' }],
    ['turns:example.org', { scheme: 'turns', host: 'example.org', port: 5349, transport: 'tcp' }],
    ['turn:example.org:8000', { scheme: 'turn', host: 'example.org', port: 8000, transport: 'udp' }],
    ['turn:example.org?transport=udp', { scheme: 'turn', host: 'example.org', port: 3478, transport: 'udp' }],
    ['turn:example.org?transport=tcp', { scheme: 'turn', host: 'example.org', port: 3478, transport: 'tcp' }],
    ['turns:example.org?transport=tcp', { scheme: 'turns', host: 'example.org', port: 5349, transport: 'tcp' }],
    ['turns:example.org?transport=udp', { scheme: 'turns', host: 'example.org', port: 5349, transport: 'udp' }],
    ['stun:192.0.2.1:1', { scheme: 'stun', host: '192.0.2.1', port: 1, transport: 'udp' }],
    ['stun:[2001:db8::1]', { scheme: 'stun', host: '2001:db8::1', port: 3478, transport: 'udp' }],
    ['turn:[::1]:65535?transport=tcp', { scheme: 'turn', host: '::1', port: 65535, transport: 'tcp' }],
    ['TURN:Example.ORG?TRANSPORT=TCP', { scheme: 'turn', host: 'Example.ORG', port: 3478, transport: 'tcp' }],
  ])('%s', (text, uri) => expect(parseUri(text)).toEqual(uri));

  it.each([
    ['', 'no scheme'],
    ['example.org', 'no scheme'],
    [':example.org', 'its scheme is empty'],
    ['http:example.org', 'its scheme is http'],
    ['stun://example.org', 'no //'],
    ['stun:', 'no host'],
    ['stun::3478', 'no host'],
    ['turn:?transport=udp', 'no host'],
    ['stun:example.org:', 'nothing is not a port'],
    ['stun:example.org:0', '0 is not a port'],
    ['stun:example.org:65536', '65536 is not a port'],
    ['stun:example.org:+1', '+1 is not a port'],
    ['stun:example.org:3478/path', '3478/path is not a port'],
    ['stun:exa mple.org', 'is not a host name'],
    ['stun:ex\u00e4mple.org', 'is not a host name'],
    ['stun:example.org%', 'is not a host name'],
    ['stun:example.org?transport=udp', 'a stun: URI has no query'],
    ['stuns:example.org?', 'a stuns: URI has no query'],
    ['turn:example.org?', 'its query is empty'],
    ['turn:example.org?proto=udp', 'its query is proto=udp'],
    ['turn:example.org?transport=', 'nothing is not udp or tcp'],
    ['turn:example.org?transport=sctp', 'sctp is not udp or tcp'],
    ['turn:example.org?transport=udp&x=1', 'its query is'],
    ['turn:user:pass@example.org', 'do not belong into the URI'],
    ['stun:2001:db8::1', 'goes in brackets'],
    ['stun:[2001:db8::1', 'is not closed'],
    ['stun:[]', 'nothing in brackets'],
    ['stun:[192.0.2.1]', 'is not an IPv6 address'],
    ['stun:[fe80::1%eth0]', 'no zone'],
    ['stun:[::1]3478', '3478 stands behind'],
  ])('%s: %s', (text, reason) => {
    expect(() => parseUri(text)).toThrow(StunError);
    expect(() => parseUri(text)).toThrow(expect.objectContaining({ code: 'STUN_URI_SYNTAX' }));
    expect(() => parseUri(text)).toThrow(reason);
  });

  it('throws nothing but StunError, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.constantFrom('', 'stun:', 'turns:', 'turn:['), (text, start) => {
        try {
          parseUri(start + text);
        } catch (error) {
          expect(error).toBeInstanceOf(StunError);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('formatUri', () => {
  it('leaves out what is default', () => {
    expect(formatUri({ scheme: 'stun', host: 'example.org', port: 3478, transport: 'udp' })).toBe('stun:example.org');
    expect(formatUri({ scheme: 'turns', host: '::1', port: 443, transport: 'udp' })).toBe(
      'turns:[::1]:443?transport=udp',
    );
  });

  it('comes back', () => {
    const any = fc.record({
      scheme: fc.constantFrom('turn' as const, 'turns' as const),
      host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
      port: fc.integer({ min: 1, max: 65535 }),
      transport: fc.constantFrom('udp' as const, 'tcp' as const),
    });
    fc.assert(
      fc.property(any, (uri) => {
        expect(parseUri(formatUri(uri))).toEqual(uri);
      }),
      { numRuns: 200 },
    );
  });
});
