import { Connection, type ConnectionOptions } from '@kaon/dtls';
import { describe, expect, it } from 'vitest';
import { options } from './helpers/pair.ts';

describe('ConnectionOptions', () => {
  const HELLO = { recordSequence: 1, messageSequence: 1, random: new Uint8Array(32) };
  const wrong: [string, Record<string, unknown>][] = [
    ['an unknown role', { role: 'peer' }],
    ['a server without a certificate', { role: 'server', certificate: undefined }],
    ['an empty server name', { serverName: '' }],
    ['a server name that is not ASCII', { serverName: 'bücher.example' }],
    ['an empty chain', { certificate: { chain: [], signer: { schemes: [0x0403], sign: () => new Uint8Array(0) } } }],
    ['a signer without schemes', { certificate: { chain: [new Uint8Array(1)], signer: { schemes: [] } } }],
    ['a verified hello for a client', { verifiedHello: HELLO }],
    [
      'a verified hello and another exchange of cookies',
      { role: 'server', verifiedHello: HELLO, cookieExchange: true },
    ],
    ['no verifyPeer', { verifyPeer: undefined }],
    ['an unknown SRTP profile', { srtpProfiles: [3] }],
    ['an unknown suite', { cipherSuites: [0x1301] }],
    ['no suites', { cipherSuites: [] }],
    ['an unknown group', { groups: ['P-521'] }],
    ['no groups', { groups: [] }],
    ['an unknown signature scheme', { signatureSchemes: [0x0603] }],
    ['no signature schemes', { signatureSchemes: [] }],
    ['an mtu below 256', { mtu: 255 }],
    ['an mtu above 65507', { mtu: 65508 }],
    ['a timeout of zero', { retransmissionTimeout: 0 }],
    ['a timeout above a minute', { retransmissionTimeout: 60_001 }],
    ['a timeout that is no number', { retransmissionTimeout: Number.NaN }],
    ['no time for the handshake', { handshakeTimeout: 0 }],
    ['a replay window of nothing', { replayWindow: 0 }],
  ];

  it.each(wrong)('refuses %s', (_, extra) => {
    const given = { ...options('client'), ...extra } as unknown as ConnectionOptions;
    expect(() => new Connection(given)).toThrow(
      expect.objectContaining({ name: 'DtlsError', code: 'DTLS_BAD_OPTION' }),
    );
  });

  it('takes what is needed and fills in the rest', () => {
    expect(new Connection(options('server')).state).toBe('new');
    expect(new Connection(options('server')).role).toBe('server');
    expect(new Connection({ role: 'client', verifyPeer: () => undefined }).state).toBe('new');
  });
});
