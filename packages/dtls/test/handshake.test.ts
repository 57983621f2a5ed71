import { portableCrypto, SIGNATURE_SCHEME } from '@kaon/dtls';
import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { EXTENSION_TYPE, type Extension } from '../src/extensions/extension.ts';
import { encodeSupportedVersions } from '../src/extensions/supported-versions.ts';
import { encodeUseSrtp } from '../src/extensions/use-srtp.ts';
import { ALERT } from '../src/messages/alert.ts';
import { encodeCertificate } from '../src/messages/certificate.ts';
import { decodeCertificateVerify, encodeCertificateVerify } from '../src/messages/certificate-verify.ts';
import { type ClientHello, decodeClientHello, encodeClientHello } from '../src/messages/client-hello.ts';
import { encodeClientKeyExchange } from '../src/messages/client-key-exchange.ts';
import { HANDSHAKE_TYPE, handshakeTypeName } from '../src/messages/handshake-type.ts';
import { decodeServerHello, encodeServerHello, type ServerHello } from '../src/messages/server-hello.ts';
import {
  decodeServerKeyExchange,
  encodeServerKeyExchange,
  type ServerKeyExchange,
} from '../src/messages/server-key-exchange.ts';
import { exchange, type Mutate, rewrite } from './helpers/handshake.ts';
import { certificateOf, identity } from './helpers/identity.ts';
import type { Side } from './helpers/pair.ts';

/** Decodes, changes and encodes again one kind of message. */
function editing<T>(
  from: Side,
  type: number,
  decode: (body: Uint8Array) => T | { malformed: true },
  encode: (value: T) => Uint8Array,
  change: (value: T) => T,
): Mutate {
  return (side, messages) => {
    if (side !== from) return messages;
    return rewrite(messages, type, (body) => {
      const value = decode(body);
      if (isMalformed(value)) throw new Error('malformed');
      return encode(change(value as T));
    });
  };
}

const clientHello = (change: (hello: ClientHello) => ClientHello): Mutate =>
  editing('client', HANDSHAKE_TYPE.clientHello, decodeClientHello, encodeClientHello, change);
const serverHello = (change: (hello: ServerHello) => ServerHello): Mutate =>
  editing('server', HANDSHAKE_TYPE.serverHello, decodeServerHello, encodeServerHello, change);
const serverKeyExchange = (change: (message: ServerKeyExchange) => ServerKeyExchange): Mutate =>
  editing('server', HANDSHAKE_TYPE.serverKeyExchange, decodeServerKeyExchange, encodeServerKeyExchange, change);

const without = (extensions: readonly Extension[], type: number): Extension[] =>
  extensions.filter((extension) => extension.type !== type);
const withData = (extensions: readonly Extension[], type: number, ...data: number[]): Extension[] => [
  ...without(extensions, type),
  { type, data: Uint8Array.from(data) },
];

describe('a handshake', () => {
  it('has the messages of RFC 6347 figure 1', () => {
    const outcome = exchange();
    expect(
      outcome.messages.map((message) => `${message.from} ${handshakeTypeName(message.type)} ${message.sequence}`),
    ).toEqual([
      'client clientHello 0',
      'server serverHello 0',
      'server certificate 1',
      'server serverKeyExchange 2',
      'server certificateRequest 3',
      'server serverHelloDone 4',
      'client certificate 1',
      'client clientKeyExchange 2',
      'client certificateVerify 3',
      'client finished 4',
      'server finished 5',
    ]);
    expect(outcome.client.complete && outcome.server.complete).toBe(true);
  });

  it('with cookies begins with a HelloVerifyRequest, and counts on', () => {
    const outcome = exchange({}, { cookieExchange: true });
    expect(
      outcome.messages
        .slice(0, 4)
        .map((message) => `${message.from} ${handshakeTypeName(message.type)} ${message.sequence}`),
    ).toEqual(['client clientHello 0', 'server helloVerifyRequest 0', 'client clientHello 1', 'server serverHello 1']);
    expect(outcome.client.complete && outcome.server.complete).toBe(true);
  });

  it('gives both sides the same secrets', () => {
    const { client, server } = exchange();
    expect(client.session.exportKeyingMaterial('a', 40)).toEqual(server.session.exportKeyingMaterial('a', 40));
  });
});

describe('what a server refuses in a ClientHello', () => {
  const cases: [string, Mutate, string, number][] = [
    ['DTLS 1.0', clientHello((h) => ({ ...h, version: 0xfeff })), 'DTLS_PROTOCOL_VERSION', ALERT.protocolVersion],
    ['TLS 1.2', clientHello((h) => ({ ...h, version: 0x0303 })), 'DTLS_PROTOCOL_VERSION', ALERT.protocolVersion],
    [
      'only DTLS 1.3',
      clientHello((h) => ({ ...h, extensions: [...h.extensions, encodeSupportedVersions([0xfefc])] })),
      'DTLS_PROTOCOL_VERSION',
      ALERT.protocolVersion,
    ],
    [
      'no extended master secret',
      clientHello((h) => ({ ...h, extensions: without(h.extensions, EXTENSION_TYPE.extendedMasterSecret) })),
      'DTLS_NO_EXTENDED_MASTER_SECRET',
      ALERT.handshakeFailure,
    ],
    [
      'a renegotiation',
      clientHello((h) => ({ ...h, extensions: withData(h.extensions, EXTENSION_TYPE.renegotiationInfo, 1, 7) })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.handshakeFailure,
    ],
    [
      'no null compression',
      clientHello((h) => ({ ...h, compressionMethods: Uint8Array.of(1) })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.illegalParameter,
    ],
    [
      'no uncompressed points',
      clientHello((h) => ({ ...h, extensions: withData(h.extensions, EXTENSION_TYPE.ecPointFormats, 1, 1) })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.illegalParameter,
    ],
    [
      'only unknown suites',
      clientHello((h) => ({ ...h, cipherSuites: [0x1301, 0xc009] })),
      'DTLS_NOTHING_IN_COMMON',
      ALERT.handshakeFailure,
    ],
    [
      'only suites for RSA',
      clientHello((h) => ({ ...h, cipherSuites: [0xc02f] })),
      'DTLS_NOTHING_IN_COMMON',
      ALERT.handshakeFailure,
    ],
    [
      'only unknown groups',
      clientHello((h) => ({
        ...h,
        extensions: withData(h.extensions, EXTENSION_TYPE.supportedGroups, 0, 2, 0x11, 0xec),
      })),
      'DTLS_NOTHING_IN_COMMON',
      ALERT.handshakeFailure,
    ],
    [
      'no signature_algorithms, which means SHA-1',
      clientHello((h) => ({ ...h, extensions: without(h.extensions, EXTENSION_TYPE.signatureAlgorithms) })),
      'DTLS_NOTHING_IN_COMMON',
      ALERT.handshakeFailure,
    ],
    [
      'a signature_algorithms that does not decode',
      clientHello((h) => ({
        ...h,
        extensions: withData(h.extensions, EXTENSION_TYPE.signatureAlgorithms, 0, 3, 4, 3, 4),
      })),
      'DTLS_BAD_MESSAGE',
      ALERT.decodeError,
    ],
    [
      'garbage',
      (from, messages) => (from === 'client' ? rewrite(messages, 1, () => new Uint8Array(7)) : messages),
      'DTLS_BAD_MESSAGE',
      ALERT.decodeError,
    ],
  ];

  it.each(cases)('%s', (_, mutate, code, alert) => {
    const { server } = exchange({}, {}, mutate);
    expect(server.failure?.error.code).toBe(code);
    expect(server.failure?.alert).toBe(alert);
  });
});

describe('what a server answers', () => {
  const answerTo = (change: (hello: ClientHello) => ClientHello): ServerHello => {
    const { messages } = exchange({}, {}, clientHello(change));
    const message = messages.find((each) => each.type === HANDSHAKE_TYPE.serverHello);
    const hello = decodeServerHello(message?.body ?? new Uint8Array(0));
    if (isMalformed(hello)) throw new Error('no ServerHello');
    return hello;
  };
  const types = (hello: ServerHello): number[] => hello.extensions.map((extension) => extension.type);

  it('is DTLS 1.2 to a client that offers 1.3 first', () => {
    const hello = answerTo((h) => ({
      ...h,
      cipherSuites: [0x1301, ...h.cipherSuites],
      extensions: [...h.extensions, encodeSupportedVersions([0xfefc, 0xfefd])],
    }));
    expect(hello.version).toBe(0xfefd);
    expect(hello.cipherSuite).toBe(0xc02b);
    expect(types(hello)).not.toContain(EXTENSION_TYPE.supportedVersions);
  });

  it('has only extensions that were asked for', () => {
    const hello = answerTo((h) => ({ ...h, extensions: h.extensions.filter((e) => [10, 13, 23].includes(e.type)) }));
    expect(types(hello)).toEqual([EXTENSION_TYPE.extendedMasterSecret]);
  });

  it('has renegotiation_info for the signalling cipher suite too', () => {
    const hello = answerTo((h) => ({
      ...h,
      cipherSuites: [...h.cipherSuites, 0x00ff],
      extensions: without(h.extensions, EXTENSION_TYPE.renegotiationInfo),
    }));
    expect(types(hello)).toContain(EXTENSION_TYPE.renegotiationInfo);
  });

  it('uses P-256 for a client that does not say which groups it has', () => {
    const { messages } = exchange(
      {},
      {},
      clientHello((h) => ({ ...h, extensions: without(h.extensions, EXTENSION_TYPE.supportedGroups) })),
    );
    const message = messages.find((each) => each.type === HANDSHAKE_TYPE.serverKeyExchange);
    expect(decodeServerKeyExchange(message?.body ?? new Uint8Array(0))).toMatchObject({ group: 0x0017 });
  });

  it('does not resume sessions, nor mark a downgrade', () => {
    const hello = answerTo((h) => ({ ...h, sessionId: new Uint8Array(32).fill(9) }));
    expect(hello.sessionId.length).toBe(0);
    expect(Buffer.from(hello.random.subarray(24)).toString('latin1')).not.toMatch(/DOWNGRD/);
  });
});

describe('what a client refuses', () => {
  const cases: [string, Mutate, string, number][] = [
    ['DTLS 1.0', serverHello((h) => ({ ...h, version: 0xfeff })), 'DTLS_PROTOCOL_VERSION', ALERT.protocolVersion],
    [
      'a suite that was not offered',
      serverHello((h) => ({ ...h, cipherSuite: 0xc009 })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.illegalParameter,
    ],
    [
      'compression',
      serverHello((h) => ({ ...h, compressionMethod: 1 })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.illegalParameter,
    ],
    [
      'no extended master secret',
      serverHello((h) => ({ ...h, extensions: without(h.extensions, EXTENSION_TYPE.extendedMasterSecret) })),
      'DTLS_NO_EXTENDED_MASTER_SECRET',
      ALERT.handshakeFailure,
    ],
    [
      'a renegotiation',
      serverHello((h) => ({ ...h, extensions: withData(h.extensions, EXTENSION_TYPE.renegotiationInfo, 1, 7) })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.handshakeFailure,
    ],
    [
      'an extension that was not offered',
      serverHello((h) => ({ ...h, extensions: withData(h.extensions, 16, 0) })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.unsupportedExtension,
    ],
    [
      'a group that was not offered',
      serverKeyExchange((m) => ({ ...m, group: 0x0019 })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.illegalParameter,
    ],
    [
      'a signature of another kind than the suite',
      serverKeyExchange((m) => ({ ...m, scheme: 0x0804 })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.illegalParameter,
    ],
    [
      'a signature scheme that was not offered',
      serverKeyExchange((m) => ({ ...m, scheme: 0x0203 })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.illegalParameter,
    ],
    [
      'a signature over something else',
      serverKeyExchange((m) => ({ ...m, publicKey: m.publicKey.map((b) => b ^ 1) })),
      'DTLS_BAD_SIGNATURE',
      ALERT.decryptError,
    ],
    [
      'an empty certificate list',
      (from, messages) => (from === 'server' ? rewrite(messages, 11, () => new Uint8Array(3)) : messages),
      'DTLS_NO_CERTIFICATE',
      ALERT.handshakeFailure,
    ],
    [
      'a certificate that is none',
      (from, messages) =>
        from === 'server'
          ? rewrite(messages, 11, () => encodeCertificate({ type: 'certificate', chain: [Uint8Array.of(1)] }))
          : messages,
      'DTLS_BAD_CERTIFICATE',
      ALERT.badCertificate,
    ],
    [
      'a wrong Finished',
      (from, messages) => (from === 'server' ? rewrite(messages, 20, (body) => body.fill(0)) : messages),
      'DTLS_BAD_FINISHED',
      ALERT.decryptError,
    ],
    [
      'a Finished of another length',
      (from, messages) => (from === 'server' ? rewrite(messages, 20, (body) => body.subarray(1)) : messages),
      'DTLS_BAD_MESSAGE',
      ALERT.decodeError,
    ],
  ];

  it.each(cases)('%s', (_, mutate, code, alert) => {
    const { client } = exchange({}, {}, mutate);
    expect(client.complete).toBe(false);
    expect(client.failure?.error.code).toBe(code);
    expect(client.failure?.alert).toBe(alert);
  });

  it('a point that is not on the curve', () => {
    // The server really signs this point, so that only the point is wrong.
    const bad = new Uint8Array(65).fill(4);
    const { client } = exchange({ groups: ['P-256'] }, { groups: ['P-256'], crypto: withPublicKey(bad) });
    expect(client.failure?.error.code).toBe('DTLS_ILLEGAL_PARAMETER');
  });

  it('requests for schemes it does not have', () => {
    const { client } = exchange(
      { certificate: identity('ed25519') },
      { signatureSchemes: [SIGNATURE_SCHEME.rsa_pss_rsae_sha256] },
    );
    expect(client.failure?.error.code).toBe('DTLS_NOTHING_IN_COMMON');
  });

  it('more than three HelloVerifyRequests', () => {
    const { client } = exchange({}, { cookieExchange: true }, (from, messages) =>
      from === 'client'
        ? rewrite(messages, 1, (body) => {
            const hello = decodeClientHello(body);
            return isMalformed(hello) ? body : encodeClientHello({ ...hello, cookie: new Uint8Array(0) });
          })
        : messages,
    );
    expect(client.failure?.error.code).toBe('DTLS_UNEXPECTED_MESSAGE');
  });
});

describe('what a server refuses of a client', () => {
  const cases: [string, Mutate, string, number][] = [
    [
      'no certificate',
      (from, messages) => (from === 'client' ? rewrite(messages, 11, () => new Uint8Array(3)) : messages),
      'DTLS_NO_CERTIFICATE',
      ALERT.handshakeFailure,
    ],
    [
      'a public key that is none',
      (from, messages) =>
        from === 'client'
          ? rewrite(messages, 16, () =>
              encodeClientKeyExchange({ type: 'client-key-exchange', publicKey: new Uint8Array(32) }),
            )
          : messages,
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.illegalParameter,
    ],
    [
      'a signature that is wrong',
      editing('client', 15, decodeCertificateVerify, encodeCertificateVerify, (m) => ({
        ...m,
        signature: m.signature.slice(0, -1),
      })),
      'DTLS_BAD_SIGNATURE',
      ALERT.decryptError,
    ],
    [
      'a scheme that was not asked for',
      editing('client', 15, decodeCertificateVerify, encodeCertificateVerify, (m) => ({ ...m, scheme: 0x0203 })),
      'DTLS_ILLEGAL_PARAMETER',
      ALERT.illegalParameter,
    ],
    [
      'a wrong Finished',
      (from, messages) => (from === 'client' ? rewrite(messages, 20, (body) => body.fill(0)) : messages),
      'DTLS_BAD_FINISHED',
      ALERT.decryptError,
    ],
    [
      "somebody else's certificate",
      (from, messages) =>
        from === 'client'
          ? rewrite(messages, 11, () => encodeCertificate({ type: 'certificate', chain: [certificateOf('other')] }))
          : messages,
      'DTLS_BAD_SIGNATURE',
      ALERT.decryptError,
    ],
  ];

  it.each(cases)('%s', (_, mutate, code, alert) => {
    const { server } = exchange({}, {}, mutate);
    expect(server.complete).toBe(false);
    expect(server.failure?.error.code).toBe(code);
    expect(server.failure?.alert).toBe(alert);
  });
});

describe('messages at a wrong time', () => {
  // Every kind of message in place of each message of a good handshake: a refusal, never a throw, never a success.
  const types = [...Object.values(HANDSHAKE_TYPE), 99];
  const flow = exchange().messages.map((message) => ({
    from: message.from,
    type: message.type,
    sequence: message.sequence,
  }));

  it.each(flow.map((each) => [`${handshakeTypeName(each.type)} of the ${each.from}`, each] as const))(
    'instead of %s',
    (_, due) => {
      for (const type of types) {
        // A HelloVerifyRequest instead of ServerHello is right, no CertificateRequest too.
        if (type === due.type) continue;
        if (due.type === HANDSHAKE_TYPE.serverHello && type === HANDSHAKE_TYPE.helloVerifyRequest) continue;
        if (due.type === HANDSHAKE_TYPE.certificateRequest && type === HANDSHAKE_TYPE.serverHelloDone) continue;
        const { client, server } = exchange({}, {}, (from, messages) =>
          messages.map((message) =>
            from === due.from && message.sequence === due.sequence ? { ...message, type } : message,
          ),
        );
        const receiver = due.from === 'client' ? server : client;
        expect(receiver.failure?.error.code).toBe('DTLS_UNEXPECTED_MESSAGE');
        expect(receiver.complete).toBe(false);
      }
    },
    60_000,
  );
});

describe('SRTP profiles', () => {
  it('are chosen by the server, in its order', () => {
    const { client, server } = exchange({ srtpProfiles: [1, 7, 8] }, { srtpProfiles: [8, 7] });
    expect([client.session.srtpProfile, server.session.srtpProfile]).toEqual([8, 8]);
  });

  it.each([1, 2, 5, 6, 7, 8])('include profile %i', (profile) => {
    const { client, server } = exchange({ srtpProfiles: [profile] }, { srtpProfiles: [profile] });
    expect([client.session.srtpProfile, server.session.srtpProfile]).toEqual([profile, profile]);
  });

  it('may have nothing in common, which is no failure', () => {
    for (const [ours, theirs] of [
      [[1], [7]],
      [[], [7]],
      [[7], []],
    ]) {
      const { client, server } = exchange({ srtpProfiles: ours! }, { srtpProfiles: theirs! });
      expect(client.complete && server.complete).toBe(true);
      expect(client.session.srtpProfile).toBeUndefined();
    }
  });

  it('that were not offered, more than one, and an MKI are refused by the client', () => {
    for (const answer of [encodeUseSrtp([2]), encodeUseSrtp([7, 1]), encodeUseSrtp([7], Uint8Array.of(1))]) {
      const mutate = serverHello((h) => ({ ...h, extensions: [...without(h.extensions, 14), answer] }));
      const { client } = exchange({ srtpProfiles: [7, 1] }, { srtpProfiles: [7] }, mutate);
      expect(client.failure?.error.code).toBe('DTLS_ILLEGAL_PARAMETER');
    }
  });

  it('come with an MKI that the server leaves out (RFC 5764 §4.1.3)', () => {
    const mutate = clientHello((h) => ({
      ...h,
      extensions: [...without(h.extensions, 14), encodeUseSrtp([7], Uint8Array.of(9))],
    }));
    const { messages } = exchange({ srtpProfiles: [7] }, { srtpProfiles: [7] }, mutate);
    const hello = decodeServerHello(
      messages.find((m) => m.type === HANDSHAKE_TYPE.serverHello)?.body ?? new Uint8Array(0),
    );
    if (isMalformed(hello)) throw new Error('no ServerHello');
    expect(hello.extensions.find((e) => e.type === 14)?.data).toEqual(encodeUseSrtp([7]).data);
  });
});

function withPublicKey(publicKey: Uint8Array): typeof portableCrypto {
  return { ...portableCrypto, keyAgreement: () => ({ publicKey, agree: () => undefined }) };
}
